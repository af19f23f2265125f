"""What a route remembers with a request: AVPs, XAVPs and script variables, for as long as the request lives."""

from __future__ import annotations

Value = bytes | None
"""What a variable holds; None is ``$null``."""


class Values:
    """AVPs, XAVPs and script variables of one request.

    Attributes:
        avps: by name; the newest value first. No key without a value.
        xavps: by name of the root; the newest one first, each with its values by name.
        variables: `$var`, `$vn`, `$vz`, by that and their name.
    """

    __slots__ = ("avps", "variables", "xavps")

    def __init__(self) -> None:
        self.avps: dict[str, list[bytes]] = {}
        self.xavps: dict[str, list[dict[str, bytes]]] = {}
        self.variables: dict[tuple[str, str], bytes] = {}

    def avp(self, name: str, index: int = 0) -> Value:
        """A value of an AVP: 0 is the newest one, -1 the oldest."""
        return at(self.avps.get(name, ()), index)

    def push(self, name: str, value: Value) -> None:
        """Put a value on top of an AVP; None takes the top one off."""
        if value is not None:
            self.avps.setdefault(name, []).insert(0, value)
        elif name in self.avps:
            self.replace(name, self.avps[name][1:])

    def replace(self, name: str, values: list[bytes]) -> None:
        """Make these all the values of an AVP."""
        if values:
            self.avps[name] = values
        else:
            self.avps.pop(name, None)


def at(values: list[bytes] | tuple[()], index: int) -> Value:
    """One of several; None where there are not so many."""
    return values[index] if -len(values) <= index < len(values) else None
