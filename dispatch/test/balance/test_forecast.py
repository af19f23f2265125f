"""Tests of dispatch.balance.forecast."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms import TABLE, Algorithm
from dispatch.balance.algorithms.hash_callid import HASH_CALLID
from dispatch.balance.algorithms.priority import PRIORITY
from dispatch.balance.forecast import forecasts, foretell
from dispatch.errors import UnknownDestination
from dispatch.script.calls import calls
from dispatch.test.balance.make import dispatcher, lines


class ForetellTests(SynchronousTestCase):
    @given(
        st.lists(st.sampled_from([0, 0, 1, 2, 4]), min_size=1, max_size=6),
        st.booleans(),
        st.integers(0, 5),
        st.sampled_from(TABLE),
    )
    def test_what_happens_next(self, flags: list[int], use_default: bool, before: int, algorithm: Algorithm) -> None:
        """What is foretold for calls is what becomes of the very next calls, whatever came before."""
        one = dispatcher(lines(*flags), use_default=use_default)
        for call in calls(Random(2), before):
            one.select(call, 1, algorithm)
        made = list(calls(Random(1), 20))
        foretold = foretell(one, 1, algorithm, made)
        happened = [one.select(call, 1, algorithm) for call in made]
        self.assertEqual(foretold, [None if each is None else each.destination.uri for each in happened])


class ForecastTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """With a hash, only the calls of an inactive member move; when it is removed, others do too."""
        made = list(calls(Random(1), 300))
        now, inactive, removed = forecasts(dispatcher(lines(0, 0, 0, 0)), 1, HASH_CALLID, made, b"sip:GW1")
        self.assertEqual(inactive.needed, now.goals.count(b"sip:gw1"))
        self.assertEqual((now.needless, inactive.needless), (0, 0))
        self.assertEqual(removed.needed, inactive.needed)
        self.assertGreater(removed.needless, 100)
        self.assertNotIn(b"sip:gw1", {*inactive.goals, *removed.goals})
        self.assertAlmostEqual(sum(removed.shares.values()), 1.0)

    def test_the_only_one(self) -> None:
        """When the only member fails nobody takes the calls."""
        made = list(calls(Random(1), 3))
        now, inactive = forecasts(dispatcher(lines(0)), 1, PRIORITY, made, b"sip:gw0")
        self.assertEqual((now.shares, inactive.shares, inactive.needed), ({b"sip:gw0": 1.0}, {None: 1.0}, 3))

    def test_unknown(self) -> None:
        """Who is not in the set can't fail."""
        with self.assertRaises(UnknownDestination):
            forecasts(dispatcher(lines(0)), 1, PRIORITY, list(calls(Random(1), 1)), b"sip:gw7")


class CallTests(SynchronousTestCase):
    def test_calls(self) -> None:
        """Every call has a Call-ID of its own; callers call again; the same seed makes the same calls."""
        made = list(calls(Random(1), 3000))
        self.assertEqual(len({call.call_id for call in made}), 3000)
        self.assertLess(len({call.header(b"from") for call in made}), 3001)
        users = {call.uri for call in made}
        self.assertTrue(500 < len(users) <= 1000)
        self.assertEqual([call.message.raw for call in calls(Random(1), 5)], [call.message.raw for call in made[:5]])
