"""All that can be asked of a message, to compare one way of reading it with another."""

from __future__ import annotations

from typing import Final

from dispatch.errors import ParseError
from dispatch.sip.message import Message

ACCESSORS: Final = (
    "call_id",
    "cseq",
    "via",
    "vias",
    "from_tag",
    "to_tag",
    "max_forwards",
    "content_length",
    "routes",
    "record_routes",
    "require",
    "proxy_require",
)


def answer(message: Message, accessor: str) -> object:
    """What the accessor gives, or the ParseError that it raises."""
    try:
        return getattr(message, accessor)
    except ParseError as error:
        return error
