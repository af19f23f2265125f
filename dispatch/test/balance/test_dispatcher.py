"""Tests of dispatch.balance.dispatcher."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.algorithms import TABLE, Algorithm
from dispatch.balance.change import COMMAND, LIST, PROBE, TRAFFIC, Change
from dispatch.balance.destination import Row
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.balance.roster import RosterBuilder
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.balance.turn import Turn
from dispatch.errors import UnknownDestination
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, roster

ROWS = st.builds(
    b"%d %d duid=d%d;maxload=%d;weight=%d;rweight=%d;latency=%d\n".__mod__,
    st.tuples(
        st.sampled_from((0, 0, 1, 4)),
        st.integers(0, 3),
        st.integers(0, 99),
        st.integers(0, 2),
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(0, 9),
    ),
)
CALL_IDS = st.sampled_from([b"c%d" % number for number in range(8)])
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
        st.lists(ROWS, min_size=1, max_size=6),
        st.booleans(),
        st.lists(CALL_IDS, max_size=4),
        st.lists(CALL_IDS, min_size=6, max_size=12),
    )
    def test_foretold(self, rows: list[bytes], use_default: bool, before: list[bytes], after: list[bytes]) -> None:
        """What is foretold on a clone is what happens next, for every algorithm, and foretelling moves nothing."""
        one = Dispatcher(
            Random(1),
            flags=2,
            use_default=use_default,
            calls=Calls(lambda: 0.0),
            clock=lambda: 0.0,
            hash_key=lambda request: request.call_id,
        )
        one.replace(roster(b"".join(b"1 sip:%d %s" % (number, row) for number, row in enumerate(rows))))
        one.set_overload(1, b"sip:0", 60, 1000, 1)

        def ask(call_id: bytes, algorithm: Algorithm, turn: Turn | None = None) -> list[bytes] | None:
            request = FakeRequest(call_id, **{"from": b"<sip:%s@h>" % call_id})
            if turn is not None:
                found = one.foretell(request, 1, algorithm, turn=turn)
            else:
                found = one.select(request, 1, algorithm)
            return [record.uri for record in (*found.records, *found.parallel)] if found is not None else None

        for algorithm in (*TABLE, find_algorithm(99)):
            for call_id in before:
                ask(call_id, algorithm)
            state = [(each.condition.selected, each.condition.tally.calls) for each in one.destinations()]
            turn = one.groups[1].look_ahead()
            foretold = [ask(call_id, algorithm, turn) for call_id in after]
            self.assertEqual(
                [(each.condition.selected, each.condition.tally.calls) for each in one.destinations()], state
            )
            self.assertEqual(foretold, [ask(call_id, algorithm) for call_id in after], algorithm.name)


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


def marked(one: Dispatcher, selection: Selection | None, state: bytes) -> Change | None:
    """What becomes of marking the first record."""
    record = selection.record if selection is not None else None
    return one.mark(record.group, record.uri, state) if record is not None else None


class MarkTests(SynchronousTestCase):
    def test_first_record(self) -> None:
        """What is marked is the destination in use, by the thresholds, and the event that is due is told."""
        one = dispatcher(lines(0, 0))
        selection = one.select(FakeRequest(), 1, PRIORITY)
        mark = marked(one, selection, b"ip")
        assert selection is not None and mark is not None
        self.assertEqual((mark.destination.uri, mark.before, mark.after, mark.event), (b"sip:gw0", 0, 9, "down"))
        selection.next()
        mark = marked(one, selection, b"T")
        assert mark is not None
        self.assertEqual((mark.destination.uri, mark.event), (b"sip:gw1", "down"))
        self.assertIsNone(one.select(FakeRequest(), 1, PRIORITY))
        self.assertEqual([each.flags for each in one.destinations()], [9, 1])
        up = one.update(1, b"SIP:gw0", 0)
        assert up is not None
        self.assertEqual(up.event, "up")

    def test_nothing_to_mark(self) -> None:
        """Without selection, list, failover or destination there is nothing to mark."""
        one = dispatcher(lines(0))
        self.assertIsNone(marked(one, None, b"i"))
        selection = one.select(FakeRequest(), 1, PRIORITY)
        one.replace(roster(b"1 sip:other\n"))
        self.assertIsNone(marked(one, selection, b"i"))
        self.assertIsNone(one.update(2, b"sip:other", 1))
        assert selection is not None
        selection.next()
        self.assertIsNone(selection.record)
        without = dispatcher(lines(0), flags=0)
        self.assertIsNone(without.mark(1, b"sip:gw0", b"i"))
        self.assertEqual([each.flags for each in without.destinations()], [0])

    def test_bad_letter(self) -> None:
        """A letter that names no state is an error, and changes nothing."""
        one = dispatcher(lines(0))
        with self.assertRaises(ValueError):
            one.mark(1, b"sip:gw0", b"x")

    def test_parameters(self) -> None:
        """Thresholds and probing mode are those of the parameters."""
        one = Dispatcher(Random(1), flags=2, probing_threshold=2, inactive_threshold=3, probing_mode=1)
        one.replace(roster(lines(0)))
        seen = []
        for state in (b"t", b"", b"a", b"a", b"a"):
            selection = one.select(FakeRequest(), 1, PRIORITY)
            marked(one, selection, state) if selection is not None else one.update(1, b"sip:gw0", 0)
            seen.append(health.letters(next(one.destinations()).flags))
        self.assertEqual(seen, ["TX", "IP", "IP", "IP", "AX"])

    def test_observed(self) -> None:
        """Who observes hears of every change of a state once, with its cause and what the original would run."""
        one = dispatcher(lines(0, 0))
        heard: list[tuple[str, str, str]] = []
        one.observer = lambda change: heard.append((str(change), change.cause, change.event))
        selection = one.select(FakeRequest(), 1, PRIORITY)
        marked(one, selection, b"ip")
        marked(one, selection, b"ip")
        one.update(1, b"sip:gw0", health.PROBING, "probe answered with 200 OK", PROBE)
        one.set_state(1, b"sip:gw1", health.DISABLED)
        one.set_states(1, health.DISABLED)
        one.replace(roster(b"1 sip:gw0 8 9\n1 sip:gw1 0 8\n"))
        one.replace(roster(b"1 sip:gw0 8 9\n1 sip:gw1 0 8\n"), keep_state=False)
        self.assertEqual(
            heard,
            [
                ("set 1 sip:gw0: AX -> IP, marked by the script", TRAFFIC, "down"),
                ("set 1 sip:gw0: IP -> AP, probe answered with 200 OK", PROBE, "up"),
                ("set 1 sip:gw1: AX -> DX, set by a command", COMMAND, ""),
                ("set 1 sip:gw0: AP -> DX, set by a command", COMMAND, ""),
                ("set 1 sip:gw0: DX -> DP, the list was read again", LIST, ""),
                ("set 1 sip:gw0: DP -> AP, the list was read again", LIST, ""),
                ("set 1 sip:gw1: DX -> AX, the list was read again", LIST, ""),
            ],
        )

    def test_shares_follow(self) -> None:
        """A destination that goes down or comes back makes the slots by `rweight` anew, the cursor staying."""
        one = dispatcher(b"1 sip:a 0 0 rweight=50\n1 sip:b 0 0 rweight=50\n1 sip:c\n")
        group, shares = one.groups[1], one.groups[1].turn.shares

        def table() -> list[int]:
            group.line_up()
            return list(shares.table)

        shares.take()
        one.update(1, b"sip:a", health.INACTIVE)
        self.assertEqual((set(table()), shares.cursor), ({1}, 1))
        one.update(1, b"sip:b", health.INACTIVE)
        self.assertEqual(set(table()), {1})
        before = shares.table
        one.update(1, b"sip:c", health.INACTIVE)
        table()
        self.assertIs(shares.table, before)
        one.set_states(1, 0)
        self.assertEqual(set(table()), {1, 2})

    def test_congestion(self) -> None:
        """With ``cc=1`` congestion takes as many points off `weight` as it has ms."""
        one = dispatcher(b"1 sip:a 0 0 rweight=50;weight=50;cc=1;latency=10\n1 sip:b 0 0 rweight=50\n")
        one.measured(1, b"sip:a", 60, 0.0)
        self.assertEqual([each.share for each in one.destinations()], [50, 1])
        one.measured(1, b"sip:b", 60, 0.0)
        self.assertEqual([each.share for each in one.destinations()], [50, 1])
        one.groups[1].line_up()
        self.assertEqual(one.groups[1].turn.shares.table.count(1), 2)

    def test_all_of_a_set(self) -> None:
        """A person can give all of a set a state, and a set that is not there is none."""
        one = dispatcher(lines(0, 64) + lines(0, group=2))
        one.set_states(1, health.DISABLED)
        one.set_states(9, health.DISABLED)
        self.assertEqual([(each.group, each.flags) for each in one.destinations()], [(2, 0), (1, 4), (1, 68)])


class UnknownAlgorithmTests(SynchronousTestCase):
    def test_warned_once(self) -> None:
        """Each set and number is warned of once, and no more than may be mistakes."""
        told: list[str] = []
        one = Dispatcher(Random(1), warn=told.append)
        one.replace(roster(lines(0) + lines(0, group=2)))
        for number in (77, 77, -1):
            for group in (1, 2, 2):
                self.assertIsNotNone(one.select(FakeRequest(), group, find_algorithm(number)))
        self.assertEqual(len(told), 4)
        self.assertIn("set 1 is asked for algorithm 77, which does not exist", told[0])
        for number in range(1000, 2000):
            one.select(FakeRequest(), 1, find_algorithm(number))
        self.assertEqual(len(told), 100)

    def test_nobody_to_warn(self) -> None:
        """It is picked for also when nobody wants to be told."""
        self.assertIsNotNone(dispatcher(lines(0)).select(FakeRequest(), 1, find_algorithm(99)))


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
