"""Who of a set can be taken, as it was at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.balance import health
from dispatch.balance.destination import Destination


class Lineup:
    """The members of a set in order and who of them can be taken, as it was at one moment; it never changes.

    Attributes:
        members: highest priority first.
        flags: of each member, at that moment.
        size: how many are picked directly: all, or all but the default one.
        default: index of the member that is only taken when no other can be; -1 without `use_default`.
        landing: by index below `size`, the member taken when that one is picked: itself, or the next usable one round
            the circle, or the default; -1 when nothing is usable.
        is_level: whether all have the same priority, and one above 0.
        has_duids: whether every member has a `duid`, so that calls can be counted on it.
    """

    __slots__ = ("default", "flags", "has_duids", "is_level", "landing", "members", "size")

    def __init__(self, members: Sequence[Destination], *, use_default: bool) -> None:
        self.members = tuple(members)
        self.flags = tuple([member.condition.flags for member in members])
        last = len(self.members) - 1
        self.default = last if use_default and last > 0 else -1
        self.size = last if self.default >= 0 else last + 1
        self.landing = _landing([not flags & health.SKIPPED for flags in self.flags], self.size, self.default)
        self.is_level = self.members[0].priority == self.members[last].priority > 0
        self.has_duids = all(member.duid for member in members)


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
