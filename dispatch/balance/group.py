"""A set: its members, and its own moving parts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.turn import Turn


class Lineup:
    """The members of a set in order and who of them can be taken, as it was at one moment; it never changes.

    Attributes:
        members: highest priority first.
        flags: of each member, at that moment.
        size: how many are picked directly: all, or all but the default one.
        default: index of the member that is only taken when no other can be; -1 without `use_default`.
        landing: by index below `size`, the member taken when that one is picked: itself, or the next usable one round
            the circle, or the default; -1 when nothing is usable.
    """

    __slots__ = ("default", "flags", "landing", "members", "size")

    def __init__(self, members: Sequence[Destination], *, use_default: bool) -> None:
        self.members = tuple(members)
        self.flags = tuple([member.condition.flags for member in members])
        last = len(self.members) - 1
        self.default = last if use_default and last > 0 else -1
        self.size = last if self.default >= 0 else last + 1
        self.landing = _landing([not flags & health.SKIPPED for flags in self.flags], self.size, self.default)


def _landing(usable: list[bool], size: int, default: int) -> tuple[int, ...]:
    if all(usable):
        return tuple(range(size))
    if True not in usable[:size]:
        return (default if default >= 0 and usable[default] else -1,) * size
    landing = [0] * size
    following = usable.index(True)
    for index in range(size - 1, -1, -1):
        if usable[index]:
            following = index
        landing[index] = following
    return tuple(landing)


class Group:
    """A set of destinations, picked from by one cursor.

    Attributes:
        number: its id in the list.
        members: in order; another load makes another group.
        turn: cursor and source of chance.
        lineup: who can be taken now; None after a state changed, until somebody asks (`line_up`).
    """

    __slots__ = ("_by_uri", "_use_default", "lineup", "members", "number", "turn")

    def __init__(self, number: int, members: Sequence[Destination], *, use_default: bool, random: Random) -> None:
        self.number = number
        self.members = tuple(members)
        self._use_default = use_default
        self._by_uri: dict[bytes, Destination] | None = None
        self.lineup: Lineup | None = None
        self.turn = Turn(len(self.members), self.line_up().size, random)

    def line_up(self) -> Lineup:
        """The lineup as of now, made anew when a state has changed since."""
        if self.lineup is None:
            self.lineup = Lineup(self.members, use_default=self._use_default)
        return self.lineup

    def find(self, uri: bytes) -> Destination | None:
        """The first member with that URI, letters compared without case."""
        if self._by_uri is None:
            self._by_uri = {member.uri.lower(): member for member in reversed(self.members)}
        return self._by_uri.get(uri.lower())

    def set_flags(self, destination: Destination, flags: int) -> None:
        """Give a member another state."""
        before = destination.condition.flags
        destination.condition.flags = flags
        if (before ^ flags) & health.SKIPPED:
            self.lineup = None
