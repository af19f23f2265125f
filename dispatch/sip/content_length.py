"""Content-Length: the size of the body in bytes (RFC 3261 §20.14)."""

from __future__ import annotations

from typing import Final

from dispatch.sip import basic_rules

_HIGHEST: Final = 2**31 - 1  # more than anyone sends; what is too long for us is decided elsewhere


# Content-Length = ( "Content-Length" / "l" ) HCOLON 1*DIGIT
def read(raw: bytes, start: int, stop: int) -> int:
    """The number in a Content-Length value.

    Raises:
        ParseError: it is none.
    """
    return basic_rules.read_number(raw, start, stop, _HIGHEST)
