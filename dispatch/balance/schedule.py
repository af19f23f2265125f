"""When each destination is due for its next probe: once an interval, never many at a time.

A destination that is new gets its first turn at once, but not all of them at the same moment: one each 20 ms, or in a
list that is too long for that one each n-th of the interval. Every further turn comes a whole number of intervals after
the first one, and up to a tenth of an interval later than that, by chance; so turns stay as far apart as they began,
and machines that were started together do not stay in step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from math import floor
from random import Random
from typing import Final

from dispatch.balance.destination import Destination
from dispatch.balance.group import Group

_GAP: Final = 0.02  # seconds between two first turns
_JITTER: Final = 0.1  # of the interval
_SLICE: Final = 500  # destinations looked at in one go

Name = tuple[int, bytes, int]


class Turns:
    """The turns of one member of a set.

    Attributes:
        member: as the list has it now; None when it is gone.
        is_open: its last turn is not over yet; for the use of whoever takes turns.
    """

    __slots__ = ("edition", "first", "is_open", "member")

    def __init__(self, member: Destination, first: float, edition: int) -> None:
        self.member: Destination | None = member
        self.is_open = False
        self.first = first
        self.edition = edition


class Schedule:
    """Whose turn it is.

    Args:
        interval: seconds between two turns of a destination.
        random: where chance comes from.
    """

    def __init__(self, interval: float, random: Random) -> None:
        self._interval = interval
        self._random = random
        self._all: dict[Name, Turns] = {}
        self._waiting: list[tuple[float, int, Turns]] = []
        self._serial = count()
        self._edition = 0
        self._free = 0.0  # from when on the next first turn may be

    def __len__(self) -> int:
        return len(self._all)

    def enrol(self, groups: Mapping[int, Group], now: float) -> Iterator[None]:
        """Take another list, a little of it at each step: who stays keeps its turns, who is new gets some.

        A list that comes before this one is through ends it.
        """
        self._edition += 1
        edition = self._edition
        gap = min(_GAP, self._interval / max(1, sum(len(group.members) for group in groups.values())))
        self._free = max(self._free, now)
        for number, (name, member) in enumerate(_named(groups)):
            turns = self._all.get(name)
            if turns is None:
                turns = self._all[name] = Turns(member, self._free, edition)
                heappush(self._waiting, (self._free, next(self._serial), turns))
                self._free += gap
            turns.member, turns.edition = member, edition
            if number % _SLICE == _SLICE - 1:
                yield
        gone = [name for name, turns in self._all.items() if turns.edition != edition]
        for name in gone:
            self._all.pop(name).member = None

    def due(self, now: float, most: int) -> Iterator[Turns]:
        """Those whose turn has come, `most` of them; who was kept waiting too long does not get two turns for that."""
        waiting = self._waiting
        for _ in range(most):
            if not waiting or waiting[0][0] > now:
                return
            _, _, turns = heappop(waiting)
            if turns.member is None:
                continue
            passed = max(0, floor((now - turns.first) / self._interval))
            following = turns.first + (passed + 1) * self._interval
            late = self._random.uniform(0, _JITTER * self._interval)
            heappush(waiting, (following + late, next(self._serial), turns))
            yield turns


def _named(groups: Mapping[int, Group]) -> Iterator[tuple[Name, Destination]]:
    """All members, each by a name of its own: of equal URIs in a set each has its turns."""
    for group in groups.values():
        seen: dict[bytes, int] = {}
        for member in group.members:
            uri = member.uri.lower()
            seen[uri] = seen.get(uri, -1) + 1
            yield (group.number, uri, seen[uri]), member
