"""Tests of the algorithms that have a name of ours and no number."""

from __future__ import annotations

from collections import Counter
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.selection import find_algorithm
from dispatch.test.balance.make import FakeRequest, dispatcher, roster


def lists(one: Dispatcher, name: str, count: int) -> list[str]:
    """The failover lists of so many requests, a letter for each destination."""
    found = [one.select(FakeRequest(), 1, find_algorithm(name)) for _ in range(count)]
    return [b"".join(record.uri[4:] for record in each.records).decode() if each else "" for each in found]


class WeightedTests(SynchronousTestCase):
    def test_shares(self) -> None:
        """Each gets its share, also when one is down, and after a reload that leaves the weights as they are."""
        text = b"1 sip:a 0 0 weight=1\n1 sip:b 0 0 weight=200\n1 sip:c 0 0 weight=3\n"
        one = dispatcher(text)
        self.assertEqual(Counter(each[0] for each in lists(one, "weighted", 204)), {"a": 1, "b": 200, "c": 3})
        one.set_state(1, b"sip:b", health.INACTIVE)
        self.assertEqual(Counter(each[0] for each in lists(one, "weighted", 3)), {"a": 1, "c": 2})
        one.replace(roster(text))
        self.assertEqual(Counter(each[0] for each in lists(one, "weighted", 1)), {"c": 1})


class PriorityWeightTests(SynchronousTestCase):
    def test_tiers(self) -> None:
        """The highest priority shares by weight; failover goes there first, then down; it rises again by itself."""
        text = b"1 sip:a 0 5 weight=1\n1 sip:b 0 5 weight=2\n1 sip:c 0 1\n1 sip:d 0 1\n"
        one = dispatcher(text)
        self.assertEqual(Counter(lists(one, "priority-weight", 6)), {"badc": 4, "abdc": 2})
        one.set_state(1, b"sip:b", health.INACTIVE)
        self.assertEqual(set(lists(one, "priority-weight", 6)), {"adc"})
        one.set_state(1, b"sip:a", health.INACTIVE)
        self.assertEqual(Counter(lists(one, "priority-weight", 6)), {"dc": 3, "cd": 3})
        one.set_states(1, 0)
        self.assertEqual(Counter(lists(one, "priority-weight", 6)), {"badc": 4, "abdc": 2})

    def test_default(self) -> None:
        """The default comes last, whatever its priority, and alone when no other can be used."""
        one = dispatcher(b"1 sip:a 0 5\n1 sip:b 0 5\n", use_default=1)
        self.assertEqual(lists(one, "priority-weight", 2), ["ba", "ba"])
        one.set_state(1, b"sip:b", health.INACTIVE)
        self.assertEqual(lists(one, "priority-weight", 1), ["a"])


class PriorityOrRoundRobinTests(SynchronousTestCase):
    def test_level(self) -> None:
        """Where all priorities are the same and above 0 they take turns, as round robin does."""
        one = dispatcher(b"1 sip:a 0 5\n1 sip:b 1 5\n1 sip:c 0 5\n")
        self.assertEqual(lists(one, "priority-or-round-robin", 3), ["ca", "ac", "ca"])

    def test_not_level(self) -> None:
        """Where they differ, or are 0, the first gets all, and no cursor moves."""
        for priorities in ((5, 6), (0, 0)):
            one = dispatcher(b"1 sip:a 0 %d\n1 sip:b 0 %d\n" % priorities)
            self.assertEqual(lists(one, "priority-or-round-robin", 2), ["ba", "ba"])
            self.assertEqual(one.groups[1].turn.cursor, 0)


class OverloadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 7.0
        self.one = Dispatcher(Random(1), flags=2, clock=lambda: self.now)
        self.one.replace(roster(b"1 sip:a\n1 sip:b\n1 sip:c 1\n"))

    def shares(self, count: int = 200) -> dict[str, int]:
        return dict(Counter(each[:1] for each in lists(self.one, "overload-control", count)))

    def test_nobody_asks(self) -> None:
        """Without a wish they take turns."""
        self.assertEqual(lists(self.one, "overload-control", 3), ["ba", "ab", "ba"])

    def test_spared(self) -> None:
        """One that asks is passed over that often, as long as it asked for."""
        self.assertTrue(self.one.set_overload(1, b"sip:a", 50, 2000, 1))
        shares = self.shares(300)
        self.assertEqual(shares, {"b": 200, "a": 100})
        self.now += 2.0
        self.assertEqual(self.shares(), {"b": 100, "a": 100})

    def test_all_of_it(self) -> None:
        """At 100 nothing goes there; when all say so nobody is left."""
        self.one.set_overload(1, b"sip:a", 1000, 0, 1)
        self.assertEqual(self.shares(), {"b": 200})
        self.one.set_overload(1, b"sip:b", 100, 0, 1)
        self.assertEqual(self.shares(2), {"": 2})
        self.now += 0.5
        self.assertEqual(self.shares(), {"b": 100, "a": 100})

    def test_old_wishes(self) -> None:
        """A wish that is not newer than the one before, or for nobody, changes nothing."""
        self.assertTrue(self.one.set_overload(1, b"sip:a", 100, 1000, 5))
        self.assertFalse(self.one.set_overload(1, b"sip:a", 0, 1000, 5))
        self.assertFalse(self.one.set_overload(1, b"sip:x", 0, 1000, 6) or self.one.set_overload(9, b"sip:a", 0, 1, 6))
        self.assertEqual(self.shares(), {"b": 200})
        self.assertTrue(self.one.set_overload(1, b"sip:a", 0, 1000, 6))
        self.assertEqual(self.shares(), {"b": 100, "a": 100})

    def test_default(self) -> None:
        """The default takes over when the others are down, not when they are only spared."""
        one = Dispatcher(Random(1), flags=2, use_default=1, clock=lambda: self.now)
        one.replace(roster(b"1 sip:a\n1 sip:b\n"))
        one.set_overload(1, b"sip:b", 100, 1000, 1)
        self.assertEqual(lists(one, "overload-control", 1), [""])
        one.set_state(1, b"sip:b", health.INACTIVE)
        self.assertEqual(lists(one, "overload-control", 1), ["a"])
