"""Tests of dispatch.balance.dispatcher."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.algorithms import TABLE, Algorithm
from dispatch.balance.destination import Row
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.roster import RosterBuilder
from dispatch.balance.selection import find_algorithm
from dispatch.errors import UnknownDestination
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, roster

ROUND_ROBIN = find_algorithm(4)
PRIORITY = find_algorithm(8)


class SelectTests(SynchronousTestCase):
    def test_no_such_set(self) -> None:
        """A set that is not there, an empty list and a negative set give nothing."""
        builder = RosterBuilder("db", ())
        builder.add(Row(-1, b"sip:gw", 0, 0, b"", 1))
        one = dispatcher(b"")
        self.assertIsNone(one.select(FakeRequest(), 1, PRIORITY))
        one.replace(builder.finish())
        self.assertIn(-1, one.groups)
        self.assertIsNone(one.select(FakeRequest(), -1, PRIORITY))

    def test_nothing_usable(self) -> None:
        """A set with nobody to take gives nothing, default or not."""
        for use_default in (0, 1):
            self.assertIsNone(dispatcher(lines(1, 4), use_default=use_default).select(FakeRequest(), 1, PRIORITY))

    def test_force_dst(self) -> None:
        """With `force_dst` 0 a request that has a destination is left alone, but not by domain."""
        for force_dst, domain, selected in ((0, False, False), (0, True, True), (1, False, True), (1, True, True)):
            one = dispatcher(lines(0), force_dst=force_dst)
            selection = one.select(FakeRequest(), 1, PRIORITY, domain=domain, has_destination=True)
            self.assertEqual(selection is not None, selected)

    def test_domain(self) -> None:
        """By domain the Request-URI is rewritten; one that can't be is no selection, and moves the cursor by one."""
        one = dispatcher(lines(0, 1, 0))
        selection = one.select(FakeRequest(), 1, ROUND_ROBIN, domain=True)
        assert selection is not None
        self.assertEqual(selection.rewritten, b"sip:alice@gw0")
        self.assertIsNone(one.select(FakeRequest(uri=b"http://a"), 1, ROUND_ROBIN, domain=True))
        self.assertEqual(one.groups[1].turn.cursor, 2)

    def test_counted(self) -> None:
        """Each destination counts the requests it was picked for, failover included, and those that failed there."""
        one = dispatcher(lines(0, 0))
        selection = one.select(FakeRequest(), 1, PRIORITY)
        assert selection is not None
        one.report_failure(selection.destination, "timeout")
        selection.next()
        counts = [
            (each.condition.selected, each.condition.failures, each.condition.last_failure)
            for each in one.destinations()
        ]
        self.assertEqual(counts, [(1, 1, "timeout"), (1, 0, "")])

    @given(
        st.lists(st.sampled_from((0, 0, 1, 4)), min_size=1, max_size=6),
        st.booleans(),
        st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=12),
        st.sampled_from(TABLE),
    )
    def test_foretold(self, flags: list[int], use_default: bool, call_ids: list[bytes], algorithm: Algorithm) -> None:
        """What is foretold on a clone is what happens next, and foretelling moves nothing."""
        one = dispatcher(lines(*flags), use_default=use_default)
        turn = one.groups[1].turn.clone()
        foretold = [one.foretell(FakeRequest(call_id), 1, algorithm, turn=turn) for call_id in call_ids]
        self.assertEqual([each.condition.selected for each in one.destinations()], [0] * len(flags))
        happened = [one.select(FakeRequest(call_id), 1, algorithm) for call_id in call_ids]
        self.assertEqual(
            [each and [record.uri for record in each.records] for each in foretold],
            [each and [record.uri for record in each.records] for each in happened],
        )


class StateTests(SynchronousTestCase):
    def test_set_state(self) -> None:
        """A state that a person sets holds from the next request on, and leaves higher bits alone."""
        one = dispatcher(lines(0, 64))
        one.set_state(1, b"SIP:GW0", health.DISABLED)
        one.set_state(1, b"sip:gw1", health.TRYING)
        self.assertEqual([each.flags for each in one.destinations()], [4, 66])
        selection = one.select(FakeRequest(), 1, PRIORITY)
        assert selection is not None
        self.assertEqual(selection.destination.uri, b"sip:gw1")

    def test_unknown(self) -> None:
        """A destination that is not there is an error that says so."""
        one = dispatcher(lines(0))
        for group, address in ((2, b"sip:gw0"), (1, b"sip:gw9")):
            with self.assertRaises(UnknownDestination):
                one.set_state(group, address, 0)


class ReplaceTests(SynchronousTestCase):
    def test_as_the_original(self) -> None:
        """Without `keep_state` cursors, states and counters start anew."""
        one = self._used()
        one.replace(roster(lines(0, 0, 0)), keep_state=False)
        self.assertEqual([(each.flags, each.condition.selected) for each in one.destinations()], [(0, 0)] * 3)
        self.assertEqual(one.groups[1].turn.cursor, 0)

    def test_kept(self) -> None:
        """With it they stay with the destination, wherever it stands now."""
        one = self._used()
        one.replace(roster(b"1 sip:gw0\n1 sip:gw9\n1 sip:gw1\n"))
        self.assertEqual(
            [(each.uri, each.flags, each.condition.selected) for each in one.destinations()],
            [(b"sip:gw1", 1, 0), (b"sip:gw9", 0, 0), (b"sip:gw0", 0, 2)],
        )
        self.assertEqual(one.groups[1].turn.cursor, 2)
        selection = one.select(FakeRequest(), 1, PRIORITY)
        assert selection is not None
        self.assertEqual(selection.destination.uri, b"sip:gw9")

    def _used(self) -> Dispatcher:
        """Three members, the second down, the cursor back at the first after one round and one more request."""
        one = dispatcher(lines(0, 0, 0))
        one.set_state(1, b"sip:gw1", health.INACTIVE)
        for _ in range(4):
            one.select(FakeRequest(), 1, ROUND_ROBIN)
        self.assertEqual(one.groups[1].turn.cursor, 0)
        return one
