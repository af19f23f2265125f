"""Weighted round robin without a table: exact for any weights and any number of members, and as even as can be.

Time goes round in periods. A member of weight w has w moments in each, evenly spread, and whoever's moment comes first
is next. So as many picks as all weights together hold each member exactly as often as its weight says. A heap has the
next moment of each, as one number; a pick takes about a microsecond, and no longer for 10,000 members than for ten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace
from math import gcd
from typing import Final

from dispatch.balance import attributes, health
from dispatch.balance.destination import Destination
from dispatch.balance.lineup import Lineup

_PERIOD: Final = 64  # bits of the time within a period


def usable(lineup: Lineup) -> list[int]:
    """Indices of those that can be taken and are not the default."""
    return [index for index in range(lineup.size) if not lineup.flags[index] & health.SKIPPED]


def highest(lineup: Lineup) -> list[int]:
    """Indices of those of them that have the highest priority."""
    indices = usable(lineup)
    members = lineup.members
    return [index for index in indices if members[index].priority == members[indices[0]].priority]


class Smooth:
    """The order in which the members are picked.

    Args:
        lineup: the members, and who of them can be taken.
        among: those that take part.

    Attributes:
        lineup: as given, or to be followed since.
    """

    __slots__ = ("_among", "_heap", "_moments", "_weights", "lineup")

    def __init__(self, lineup: Lineup, among: Callable[[Lineup], Sequence[int]] = usable) -> None:
        self.lineup = lineup
        self._among = among
        weights = [weight_of(member) for member in lineup.members]
        divisor = gcd(*weights) or 1
        self._weights = [weight // divisor for weight in weights]
        self._moments = [0] * len(weights)
        self._heap: list[int] = []
        self._fill(0)

    def follow(self, lineup: Lineup) -> None:
        """Go on with the same members in other states: who comes back has missed its moments, the others go on."""
        now = self._heap[0] // len(self._moments) if self._heap else 0
        self.lineup = lineup
        self._fill(now)

    def _fill(self, now: int) -> None:
        self._heap = []
        for index in self._among(self.lineup):
            weight = self._weights[index]
            if weight:
                self._moments[index] = max(self._moments[index], now * weight >> _PERIOD)
                self._heap.append(self._entry(index))
        heapify(self._heap)

    def _entry(self, index: int) -> int:
        """The next moment of a member, its index beside it: the middle of its share of the period."""
        moment = (2 * self._moments[index] + 1 << _PERIOD - 1) // self._weights[index]
        return moment * len(self._moments) + index

    def take(self) -> int:
        """Index of the member whose turn it is; its turn is over.

        Where nobody that takes part has a weight it is the first of them, and 0 where nobody does.
        """
        if not self._heap:
            return next(iter(self._among(self.lineup)), 0)
        index = self._heap[0] % len(self._moments)
        self._moments[index] += 1
        heapreplace(self._heap, self._entry(index))
        return index

    def clone(self) -> Smooth:
        """One that goes on in the same way."""
        twin = Smooth.__new__(Smooth)
        twin.lineup = self.lineup
        twin._among = self._among
        twin._weights = self._weights
        twin._moments = self._moments[:]
        twin._heap = self._heap[:]
        return twin


def weight_of(member: Destination) -> int:
    """Its `weight`, here without upper limit; 1 where the list names none, 0 for one below."""
    text = member.attributes.get(b"weight")
    return max(0, attributes.integer(text)) if text is not None else 1
