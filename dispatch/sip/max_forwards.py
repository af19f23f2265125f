"""Max-Forwards: how many hops are left (RFC 3261 §20.22)."""

from __future__ import annotations

from typing import Final, NamedTuple

from dispatch.sip import basic_rules

_HIGHEST: Final = 255


class Number(NamedTuple):
    """A number, and the offsets of its digits."""

    value: int
    start: int
    stop: int


# Max-Forwards = "Max-Forwards" HCOLON 1*DIGIT
def read(raw: bytes, start: int, stop: int) -> Number:
    """The number in a Max-Forwards value.

    Raises:
        ParseError: it is none, or over 255.
    """
    return Number(basic_rules.read_number(raw, start, stop, _HIGHEST), start, stop)
