"""The tables of 100 slots that algorithms 9 and 11 walk round, filled as the original fills them.

Shares that are no whole hundredth, and members that come after the hundredth slot, get what the filling leaves them:
`docs/differences.md` names our algorithm without such a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

_SLOTS: Final = 100


class Slots:
    """A table and the slot whose turn it is.

    Attributes:
        table: indices of members, in the order in which they are picked.
        cursor: slot that is next.
    """

    __slots__ = ("cursor", "table")

    def __init__(self, table: Sequence[int] = (0,) * _SLOTS, cursor: int = 0) -> None:
        self.table = tuple(table)
        self.cursor = cursor

    def take(self) -> int:
        """The index in the slot; its turn is over."""
        cursor = self.cursor
        following = cursor + 1
        self.cursor = following if following < _SLOTS else 0
        return self.table[cursor]

    def clone(self) -> Slots:
        """One that goes on in the same way."""
        return Slots(self.table, self.cursor)


def by_weight(weights: Sequence[int], random: Random) -> Slots:
    """As many slots as its weight for each member in order, whatever its state; the last member gets what is left over.

    When the first member has no weight there is no table, and each slot means the first.
    """
    if not weights[0]:
        return Slots()
    table: list[int] = []
    for index, weight in enumerate(weights):
        table += [index] * weight
        if len(table) >= _SLOTS:
            break
    return _shuffled(table, len(weights) - 1, random)


def by_share(shares: Iterable[tuple[int, int]], count: int, random: Random) -> tuple[int, ...] | None:
    """Slots in proportion to relative weights, rounded down; the last that got one gets what is left over.

    Args:
        shares: index and relative weight of the members that can be taken, in order.
        count: number of members.
        random: where chance comes from.

    Returns:
        None where the table is to stay as it was: there is one member only, or nobody with a weight.
    """
    shares = tuple(shares)
    total = sum([share for _, share in shares])
    if count < 2 or not total:
        return None
    table: list[int] = []
    for index, share in shares:
        table += [index] * (_SLOTS * share // total)
    return _shuffled(table, table[-1] if table else count - 1, random).table


def _shuffled(table: list[int], filler: int, random: Random) -> Slots:
    table = table[:_SLOTS] + [filler] * (_SLOTS - len(table))
    random.shuffle(table)
    return Slots(table)
