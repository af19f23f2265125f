"""Tests of dispatch.transport.names.order."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.transport.names.order import by_hash, ordered
from dispatch.transport.names.target import Place


def place(port: int, weight: int, priority: int = 0) -> Place:
    return Place(b"UDP", port, ("192.0.2.1",), priority, weight)


class OrderTests(SynchronousTestCase):
    def firsts(self, *places: Place) -> Counter[int]:
        """How often each port comes first in a thousand draws."""
        random = Random(1)
        return Counter(ordered(places, lambda most: random.randint(0, most))[0].port for _ in range(1000))

    def test_priorities(self) -> None:
        """A lower priority always comes before a higher one, whatever the weights are."""
        places = (place(1, 0, 10), place(2, 65535, 20), place(3, 65535, 30))
        self.assertEqual(self.firsts(*places), {1: 1000})
        self.assertEqual([one.port for one in ordered(places, by_hash(b"call"))], [1, 2, 3])

    def test_weights(self) -> None:
        """Among equals, three times the weight comes first three times as often (RFC 2782)."""
        firsts = self.firsts(place(1, 75), place(2, 25))
        self.assertTrue(700 < firsts[1] < 800, firsts)

    def test_weight_0(self) -> None:
        """Weight 0 beside others has a very small chance, and not none; alone it is no reason to be left out."""
        self.assertTrue(0 < self.firsts(place(1, 0), place(2, 99))[1] < 40)
        self.assertEqual(sorted(one.port for one in ordered((place(1, 0), place(2, 0)), by_hash(b""))), [1, 2])

    def test_the_same_key(self) -> None:
        """The same Call-ID draws the same order; many of them draw them by weight."""
        places = (place(1, 75), place(2, 25))
        keys = [b"call-%d@example.com" % number for number in range(1000)]
        for key in keys[:10]:
            self.assertEqual(ordered(places, by_hash(key)), ordered(places, by_hash(key)))
        firsts = Counter(ordered(places, by_hash(key))[0].port for key in keys)
        self.assertTrue(690 < firsts[1] < 810, firsts)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 65535))), st.binary())
    def test_nobody_is_lost(self, rows: list[tuple[int, int]], key: bytes) -> None:
        """Each place comes once, priorities never go down."""
        places = [place(port, weight, priority) for port, (priority, weight) in enumerate(sorted(rows))]
        found = ordered(places, by_hash(key))
        self.assertEqual(sorted(found), sorted(places))
        self.assertEqual([one.priority for one in found], sorted(one.priority for one in places))
