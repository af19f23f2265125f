"""Tests of dispatch.balance.algorithms.round_robin."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.round_robin import ROUND_ROBIN
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, turn


def picks(count: int, *flags: int, use_default: int = 0) -> list[int]:
    """The indices that so many requests in a row get; -1 for none."""
    one = dispatcher(lines(*flags), use_default=use_default)
    found = [one.select(FakeRequest(), 1, ROUND_ROBIN) for _ in range(count)]
    return [-1 if each is None else one.groups[1].members.index(each.destination) for each in found]


class RoundRobinTests(SynchronousTestCase):
    def test_raw_number(self) -> None:
        """The raw number is the cursor, which goes round over all members."""
        one = turn(0, 0, 0, use_default=True)
        self.assertEqual([ROUND_ROBIN.pick(one, FakeRequest()) for _ in range(5)], [0, 1, 2, 0, 1])

    def test_all_usable(self) -> None:
        """All members take turns."""
        self.assertEqual(picks(7, 0, 0, 0, 0, 0), [0, 1, 2, 3, 4, 0, 1])

    def test_one_is_down(self) -> None:
        """The neighbour of a member that is down gets no double share."""
        self.assertEqual(picks(6, 0, 1, 0), [0, 2, 0, 2, 0, 2])

    def test_default(self) -> None:
        """With `use_default` the others take turns."""
        self.assertEqual(picks(5, 0, 0, 0, use_default=1), [0, 1, 0, 1, 0])
        self.assertEqual(picks(7, 0, 0, 0, 0, use_default=1), [0, 1, 2, 0, 1, 2, 0])

    def test_only_the_default(self) -> None:
        """When only the default is left it takes all."""
        self.assertEqual(picks(3, 1, 1, 0, use_default=1), [2, 2, 2])

    def test_all_down(self) -> None:
        """Calls that find nobody move the cursor all the same."""
        one = dispatcher(lines(1, 1, 1))
        for _ in range(4):
            self.assertIsNone(one.select(FakeRequest(), 1, ROUND_ROBIN))
        self.assertEqual(one.groups[1].turn.cursor, 1)

    def test_sets_have_their_own(self) -> None:
        """Sets don't share a cursor."""
        one = dispatcher(lines(0, 0) + lines(0, 0, group=2))
        one.select(FakeRequest(), 1, ROUND_ROBIN)
        self.assertEqual([one.groups[group].turn.cursor for group in (1, 2)], [1, 0])
