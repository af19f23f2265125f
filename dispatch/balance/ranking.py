"""The order of members by rank, in which those of equal rank take turns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from dispatch.balance import attributes, health
from dispatch.balance.destination import Destination
from dispatch.balance.lineup import Lineup


def adjusted_priority(member: Destination) -> int:
    """The priority, less one for each time that the latency is as high as it; 1 at least.

    With the attribute ``cc=1`` it is the congestion that counts, not the latency.
    """
    priority = member.priority
    latency = member.condition.latency
    slow = int(latency.congestion if has_congestion_control(member) else latency.estimate)
    if priority <= 0 or slow <= priority:
        return priority
    return max(1, priority - slow // priority)


def has_congestion_control(member: Destination) -> bool:
    """Whether the list says ``cc=1``."""
    return attributes.integer(member.attributes.get(b"cc", b"")) == 1


class Ranking:
    """Members by rank, those of equal rank taking turns; it never changes.

    Args:
        lineup: the members, and who of them can be taken.
        ranks: of each, the highest first.
    """

    __slots__ = ("_ranks", "_top", "lineup")

    def __init__(self, lineup: Lineup, ranks: Sequence[int]) -> None:
        self.lineup = lineup
        self._ranks = ranks
        usable = self._usable()
        highest = max([ranks[index] for index in usable], default=0)
        self._top = [index for index in usable if ranks[index] == highest]

    def _usable(self) -> list[int]:
        """Those that can be taken, without the default as long as there are others."""
        lineup = self.lineup
        usable = [index for index in range(lineup.size) if not lineup.flags[index] & health.SKIPPED]
        return usable or [index for index in (lineup.default,) if index >= 0 and lineup.landing[0] == index]

    def first(self, cursor: int) -> int:
        """The index from the cursor on, round the circle, that has the highest rank; -1 when nobody can be taken."""
        top = self._top
        if not top:
            return -1
        at = bisect_left(top, cursor)
        return top[at if at < len(top) else 0]

    def order(self, cursor: int) -> list[int]:
        """All by rank, and of equal rank from the cursor on round the circle."""
        count, ranks = len(self._ranks), self._ranks
        return sorted(self._usable(), key=lambda index: (-ranks[index], (index - cursor) % count))


class Order:
    """A failover list by rank, found only when asked for.

    Args:
        ranking: the ranks.
        cursor: index that those of equal rank are taken from on.
    """

    __slots__ = ("_cursor", "_first", "_following", "_ranking")

    def __init__(self, ranking: Ranking, cursor: int) -> None:
        self._ranking = ranking
        self._cursor = cursor
        self._first = -1
        self._following: dict[int, int] | None = None

    def led_by(self, index: int) -> Order:
        """The same with this index in front."""
        order = Order(self._ranking, self._cursor)
        order._first = index
        return order

    def behind(self, index: int) -> int:
        """The index that follows this one; the default comes last, whatever its state, and -1 behind it."""
        if self._following is None:
            order = self._ranking.order(self._cursor)
            default = self._ranking.lineup.default
            if default >= 0 and default not in order:
                order.append(default)
            if self._first in order:
                order.remove(self._first)
                order.insert(0, self._first)
            self._following = dict(pairwise(order))
        return self._following.get(index, -1)
