"""Tests of dispatch.balance.smooth."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.lineup import Lineup
from dispatch.balance.smooth import Smooth, highest
from dispatch.test.balance.make import roster


def lineup(*weights: int | None, flags: dict[int, int] | None = None, use_default: bool = False) -> Lineup:
    """Members in this order, with these weights; None for none."""
    rows = [
        b"1 sip:%d %d 0 %s\n" % (index, (flags or {}).get(index, 0), b"" if weight is None else b"weight=%d" % weight)
        for index, weight in enumerate(weights)
    ]
    return Lineup(roster(b"".join(reversed(rows))).sets[1], use_default=use_default)


class SmoothTests(SynchronousTestCase):
    @given(st.lists(st.integers(1, 300), min_size=1, max_size=30), st.integers(0, 50))
    def test_exact(self, weights: list[int], before: int) -> None:
        """As many picks as all weights together hold each member exactly as often as its weight says."""
        one = Smooth(lineup(*weights))
        for _ in range(before):
            one.take()
        found = Counter(one.take() for _ in range(sum(weights)))
        self.assertEqual([found[index] for index in range(len(weights))], weights)

    @given(st.lists(st.integers(1, 50), min_size=2, max_size=8))
    def test_even(self, weights: list[int]) -> None:
        """At no moment is a member more than one pick away from its share, for each half of those there are."""
        one = Smooth(lineup(*weights))
        total, found = sum(weights), Counter[int]()
        for number in range(1, total + 1):
            found[one.take()] += 1
            for index, weight in enumerate(weights):
                self.assertLess(abs(found[index] - number * weight / total), 1 + len(weights) / 2)

    def test_many(self) -> None:
        """A thousand members share in proportion, as a hundred slots could not."""
        one = Smooth(lineup(*[1] * 999, 2))
        found = Counter(one.take() for _ in range(1001))
        self.assertEqual((found[999], set(found.values())), (2, {1, 2}))

    def test_without_weight(self) -> None:
        """A member without weight counts as 1, one with 0 gets nothing, and so does one that is down or the default."""
        one = Smooth(lineup(None, 0, 3, 5, 5, flags={3: 1}, use_default=True))
        self.assertEqual(Counter(one.take() for _ in range(8)), {0: 2, 2: 6})

    def test_no_weights_at_all(self) -> None:
        """Where nobody has a weight the first that can be taken is."""
        self.assertEqual(Smooth(lineup(0, 0, flags={0: 1})).take(), 1)
        self.assertEqual(Smooth(lineup(0, flags={0: 1})).take(), 0)

    def test_down_and_up(self) -> None:
        """Who comes back takes part from then on, without the picks that it missed; the others go on."""
        one = Smooth(lineup(1, 1, 2))
        one.follow(lineup(1, 1, 2, flags={2: 1}))
        self.assertEqual(Counter(one.take() for _ in range(100)), {0: 50, 1: 50})
        one.follow(lineup(1, 1, 2))
        self.assertEqual(Counter(one.take() for _ in range(400)), {0: 100, 1: 100, 2: 200})

    def test_highest(self) -> None:
        """Only those of the highest priority that can be taken take part, where that is wanted."""
        text = b"1 sip:low 0 1 weight=9\n1 sip:b 0 5 weight=1\n1 sip:a 0 5 weight=2\n1 sip:down 1 9\n"
        members = roster(text).sets[1]
        one = Smooth(Lineup(members, use_default=False), highest)
        self.assertEqual(Counter(one.take() for _ in range(6)), {1: 4, 2: 2})

    def test_clone(self) -> None:
        """A clone goes on in the same way and alone."""
        one = Smooth(lineup(5, 3, 2))
        one.take()
        twin = one.clone()
        expected = [twin.take() for _ in range(10)]
        twin.follow(lineup(5, 3, 2, flags={0: 1}))
        self.assertEqual([one.take() for _ in range(10)], expected)
