"""Connection reuse (RFC 5923): a caller who asks to be sent requests by his own connection."""

from __future__ import annotations

import re
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip.message import Message

# via-alias = "alias" (§6)
_ALIAS: Final = re.compile(rb";[ \t]*alias[ \t]*(?=;|\Z)", re.IGNORECASE)


def asked_port(data: bytes, default: int) -> int | None:
    """The port whose requests a caller wants on his connection; None when he does not ask.

    Args:
        data: a message of his.
        default: the port that a Via without one means.
    """
    try:
        message = Message(data)
        via = message.via
    except ParseError:
        return None
    if not message.is_request or _ALIAS.search(data, via.start, via.stop) is None:
        return None
    return via.port or default
