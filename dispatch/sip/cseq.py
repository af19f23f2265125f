"""CSeq: the number and method that order the requests of a dialog (RFC 3261 §20.16)."""

from __future__ import annotations

from typing import Final

from dispatch.errors import ParseError
from dispatch.sip import basic_rules

_DIGITS: Final = frozenset(b"0123456789")
_HIGHEST: Final = 2**31 - 1  # §8.1.1.5


# CSeq = "CSeq" HCOLON 1*DIGIT LWS Method
def read(raw: bytes, start: int, stop: int) -> tuple[int, bytes]:
    """Number and method of a CSeq value.

    Raises:
        ParseError: it is none, or the number does not fit into 31 bits.
    """
    end = basic_rules.skip_bytes(raw, start, stop, _DIGITS)
    number = basic_rules.read_number(raw, start, end, _HIGHEST)
    method = basic_rules.skip_lws(raw, end, stop)
    if method == end:
        raise ParseError("CSeq has no method", offset=end)
    end = basic_rules.skip_token(raw, method, stop)
    basic_rules.expect_end(raw, end, stop)
    return number, raw[method:end]
