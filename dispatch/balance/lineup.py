"""Who of a set can be taken, as it was at one moment."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.balance import health
from dispatch.balance.destination import Destination


class Lineup:
    """The members of a set in order and who of them can be taken, as it was at one moment; it never changes.

    Attributes:
        members: highest priority first.
        flags: of each member, at that moment; `health.EJECTED` beside them where live traffic keeps it out. Without
            what is overlooked for now: all but what a person disabled in a panic, ejections when they would leave none.
        is_panic: so few were healthy that all are used.
        eased: indices of those that are passed over now and then; None without any.
        size: how many are picked directly: all, or all but the default one.
        default: index of the member that is only taken when no other can be; -1 without `use_default`.
        landing: by index below `size`, the member taken when that one is picked: itself, or the next usable one round
            the circle, or the default; -1 when nothing is usable.
        is_level: whether all have the same priority, and one above 0.
        has_duids: whether every member has a `duid`, so that calls can be counted on it.
    """

    __slots__ = ("default", "eased", "flags", "has_duids", "is_level", "is_panic", "landing", "members", "size")

    def __init__(self, members: Sequence[Destination], *, use_default: bool, panic_threshold: int = 0) -> None:
        self.members = tuple(members)
        flags = [member.condition.standing for member in members]
        self.is_panic = _is_panic(flags, panic_threshold)
        self.flags = tuple(_overlooked(flags, is_panic=self.is_panic))
        self.eased = _eased(self.members)
        last = len(self.members) - 1
        self.default = last if use_default and last > 0 else -1
        self.size = last if self.default >= 0 else last + 1
        self.landing = _landing([not flags & health.SKIPPED for flags in self.flags], self.size, self.default)
        self.is_level = self.members[0].priority == self.members[last].priority > 0
        self.has_duids = all(member.duid for member in members)


def _is_panic(flags: list[int], threshold: int) -> bool:
    """Whether fewer than `threshold` percent of those that nobody disabled are healthy."""
    if not threshold:
        return False
    judged = [one for one in flags if not one & (health.DISABLED | health.DRAINED)]
    healthy = sum(not one & health.SKIPPED for one in judged)
    return healthy * 100 < threshold * len(judged)


def _overlooked(flags: list[int], *, is_panic: bool) -> list[int]:
    if is_panic:
        return [one & ~(health.INACTIVE | health.EJECTED) for one in flags]
    if all(one & health.SKIPPED for one in flags):
        return [one & ~health.EJECTED for one in flags]
    return flags


def _eased(members: Sequence[Destination]) -> frozenset[int] | None:
    found = [
        index
        for index, member in enumerate(members)
        if (conduct := member.condition.conduct) is not None and conduct.is_eased
    ]
    return frozenset(found) if found else None


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
