"""Tests of dispatch.balance.slots; the examples were recorded from the original."""

from __future__ import annotations

from collections import Counter
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import slots
from dispatch.balance.slots import Slots


def counts(table: tuple[int, ...] | None, members: int) -> list[int]:
    assert table is not None and len(table) == 100
    found = Counter(table)
    return [found[index] for index in range(members)]


class TakeTests(SynchronousTestCase):
    def test_round(self) -> None:
        """The slots are walked in a circle."""
        one = Slots(range(100))
        self.assertEqual([one.take() for _ in range(201)], [*range(100), *range(100), 0])

    def test_clone(self) -> None:
        """A clone goes on in the same way and alone."""
        one = Slots(range(100), cursor=98)
        twin = one.clone()
        self.assertEqual([twin.take() for _ in range(3)], [98, 99, 0])
        self.assertEqual(one.take(), 98)


class WeightTests(SynchronousTestCase):
    def test_filling(self) -> None:
        """Filled in order, cut off at the hundredth; the last member gets what is left over, and weight 0 nothing."""
        for weights, expected in (
            ([20, 30, 50], [20, 30, 50]),
            ([10, 10], [10, 90]),
            ([60, 30, 20], [60, 30, 10]),
            ([100, 50], [100, 0]),
            ([50, 0], [50, 50]),
            ([0, 50, 50], [100, 0, 0]),
        ):
            self.assertEqual(counts(slots.by_weight(weights, Random(1)).table, len(weights)), expected)

    def test_shuffled(self) -> None:
        """The order is left to chance."""
        tables = {slots.by_weight([50, 50], Random(seed)).table for seed in range(5)}
        self.assertEqual(len(tables), 5)
        self.assertNotIn((0,) * 50 + (1,) * 50, tables)


class ShareTests(SynchronousTestCase):
    def test_filling(self) -> None:
        """Rounded down; the last one that got a slot gets what is left over."""
        for shares, members, expected in (
            ([(0, 60), (1, 30), (2, 20)], 3, [54, 27, 19]),
            ([(0, 33), (1, 33), (2, 33)], 3, [33, 33, 34]),
            ([(0, 30), (2, 10)], 3, [75, 0, 25]),
            ([(1, 5)], 3, [0, 100, 0]),
            ([(0, 99), (1, 1)], 2, [99, 1]),
            ([(0, 100), (1, 1)], 2, [100, 0]),
        ):
            self.assertEqual(counts(slots.by_share(shares, members, Random(1)), members), expected)

    def test_too_many(self) -> None:
        """Where nobody gets a whole slot the last member has all."""
        self.assertEqual(slots.by_share([(index, 1) for index in range(101)], 101, Random(1)), (100,) * 100)

    def test_left_alone(self) -> None:
        """One member alone, or nobody with a weight, leaves the table as it is."""
        self.assertIsNone(slots.by_share([(0, 5)], 1, Random(1)))
        self.assertIsNone(slots.by_share([], 3, Random(1)))
