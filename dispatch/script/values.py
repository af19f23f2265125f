"""What a route remembers with a request: AVPs, XAVPs and script variables, for as long as the request lives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeVar

Value = bytes | int | None
"""What a variable holds; None is ``$null``."""

_T = TypeVar("_T")
NULL: Final = b"<null>"
"""What a variable without a value leaves in a text."""

_NUMBER: Final = re.compile(rb"[-+]?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_LONGEST_NUMBER: Final = 20  # letters; more than fit into 64 bits are no number


class Values:
    """AVPs, XAVPs and script variables of one request.

    Attributes:
        avps: by name; the newest value first. No key without a value.
        xavps: by name of the root; the newest one first, each with its values by name.
        variables: `$var`, `$vn`, `$vz`, by that and their name.
    """

    __slots__ = ("avps", "variables", "xavps")

    def __init__(self) -> None:
        self.avps: dict[str, list[bytes | int]] = {}
        self.xavps: dict[str, list[dict[str, bytes | int]]] = {}
        self.variables: dict[tuple[str, str], bytes | int] = {}

    def avp(self, name: str, index: int = 0) -> Value:
        """A value of an AVP: 0 is the newest one, -1 the oldest."""
        return at(self.avps.get(name, ()), index)

    def push(self, name: str, value: Value) -> None:
        """Put a value on top of an AVP; None takes the top one off."""
        if value is not None:
            self.avps.setdefault(name, []).insert(0, value)
        elif name in self.avps:
            self.replace(name, self.avps[name][1:])

    def replace(self, name: str, values: Sequence[bytes | int]) -> None:
        """Make these all the values of an AVP."""
        if values:
            self.avps[name] = list(values)
        else:
            self.avps.pop(name, None)


def at(values: Sequence[_T], index: int) -> _T | None:
    """One of several; None where there are not so many."""
    return values[index] if -len(values) <= index < len(values) else None


def text(value: Value) -> bytes:
    """The value where a string is wanted: null is the empty one."""
    if isinstance(value, bytes):
        return value
    return b"" if value is None else b"%d" % value


def shown(value: Value) -> bytes:
    """The value in a text with variables."""
    if isinstance(value, bytes):
        return value
    return NULL if value is None else b"%d" % value


def whole_number(value: bytes) -> int | None:
    """What a string says, all of which is a number, decimal or ``0x``; None where it is none."""
    if _NUMBER.fullmatch(value) is None or len(value) > _LONGEST_NUMBER:
        return None
    return int(value, 16) if b"x" in value.lower() else int(value)


def integer(value: Value) -> int:
    """The value where a number is wanted: null, and a string that is none, are 0."""
    if isinstance(value, int):
        return value
    return 0 if value is None else whole_number(value) or 0
