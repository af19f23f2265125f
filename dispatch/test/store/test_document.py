"""Tests of dispatch.store.document and dispatch.store.restore: what is kept, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.admin import DRAIN, MAINTENANCE, Admin
from dispatch.balance.conduct import Conduct
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.ejection import Ejection
from dispatch.balance.live import Live
from dispatch.balance.load import Calls
from dispatch.balance.selection import find_algorithm
from dispatch.store.broken import BrokenState
from dispatch.store.document import Record, read, write
from dispatch.store.restore import restore
from dispatch.test.balance.make import FakeRequest, roster

LIST = b"1 sip:a 0 0 duid=x;weight=50\n1 sip:b 8 0 duid=y;weight=50\n1 sip:\xff\n1 sip:\xff\n2 sip:c 24\n"
ROUND, WEIGHT, LOAD = map(find_algorithm, (4, 9, 10))
WRITTEN = 1_800_000_000.0


class Time:
    """A clock for calls."""

    now = 5000.0

    def __call__(self) -> float:
        return self.now


def made(text: bytes = LIST, seed: int = 1, live: Live | None = None) -> Dispatcher:
    time = Time()
    one = Dispatcher(Random(seed), flags=2, clock=time, calls=Calls(time, expire=100, initexpire=50), live=live)
    one.replace(roster(text))
    return one


def records(one: Dispatcher) -> list[Record]:
    """What is written of it."""
    return [json.loads(line) for line in write(one, WRITTEN)]


def lines(records: Iterable[Record]) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def again(one: Dispatcher, text: bytes = LIST, away: float = 0) -> Dispatcher:
    """Another one that goes on where this one ends."""
    other = made(text, seed=2)
    restore(other, read([*write(one, WRITTEN)]), WRITTEN + away)
    return other


def states(one: Dispatcher) -> list[tuple[bytes, int, int]]:
    return [(each.uri, each.flags, each.condition.failed) for each in one.destinations()]


class RoundTests(SynchronousTestCase):
    def test_everything(self) -> None:
        """State, counts towards thresholds, counters and times are as they were; so is what is written then."""
        one = made()
        one.update(1, b"sip:b", health.INACTIVE | health.PROBING)
        one.update(1, b"sip:a", health.TRYING)
        one.set_state(2, b"sip:c", health.DISABLED)
        for number, each in enumerate(one.destinations()):
            one.report_failure(each, f"answered 50{number}")
            each.condition.selected = number
            each.condition.changed = WRITTEN - number
        other = again(one)
        self.assertEqual(records(other), records(one))
        self.assertEqual(states(other), states(one))

    def test_admin(self) -> None:
        """What a person decided goes on, with its time, and keeps calls away."""
        one = made()
        for uri, admin in ((b"sip:a", Admin(DRAIN, 5.0, 9.0)), (b"sip:b", Admin(MAINTENANCE, 5.0, 0.0, True))):
            one.administer(1, uri, admin, "")
        other = again(one)
        kept = [each.condition.admin for each in other.destinations()]
        self.assertEqual(kept, [each.condition.admin for each in one.destinations()])
        picked = {other.select(FakeRequest(), 1, ROUND).destination.uri for _ in range(4)}  # type: ignore[union-attr]  # it has some
        self.assertEqual(picked, {b"sip:\xff"})
        other.administer(1, b"sip:b", None, "")
        self.assertEqual(other.groups[1].find(b"sip:b").flags, 8)  # type: ignore[union-attr]  # it is there

    def test_twins(self) -> None:
        """Two destinations that are equal keep what each of them was."""
        one = made()
        first, second, *_ = [each for each in one.destinations() if each.uri == b"sip:\xff"]
        second.condition.selected = 7
        self.assertEqual([each.condition.selected for each in again(one).groups[1].members[:2]], [0, 7])
        first.condition.selected = 3
        self.assertEqual([each.condition.selected for each in again(one).groups[1].members[:2]], [3, 7])

    def test_turns(self) -> None:
        """Round robin and the slots of weights go on where they were."""
        one = made(b"1 sip:a 0 0 weight=50\n1 sip:b 0 0 weight=50\n")
        for _ in range(7):
            one.select(FakeRequest(), 1, ROUND)
            one.select(FakeRequest(), 1, WEIGHT)
        other = again(one, b"1 sip:a 0 0 weight=50\n1 sip:b 0 0 weight=50\n")
        for algorithm in (ROUND, WEIGHT) * 60:
            selections = [each.select(FakeRequest(), 1, algorithm) for each in (one, other)]
            first, second = (each.destination.uri for each in selections if each is not None)
            self.assertEqual(first, second)

    def test_calls(self) -> None:
        """Open calls count on, end by their BYE, and expire when they would have without the restart."""
        one = made(b"1 sip:a 0 0 duid=x\n1 sip:b 0 0 duid=y\n")
        for number in range(4):
            one.select(FakeRequest(b"call\xff%d" % number), 1, LOAD)
        assert one.calls is not None
        one.calls.confirm(b"call\xff0")
        other = again(one, b"1 sip:a 0 0 duid=x\n1 sip:b 0 0 duid=y\n", away=60)
        assert other.calls is not None
        self.assertEqual([each.condition.tally.calls for each in other.destinations()], [2, 2])
        other.load_update(b"call\xff1", b"BYE")
        self.assertEqual([other.calls_at(each) for each in other.destinations()], [2, 1])
        other.expire_load()  # those that nobody had answered had 50 seconds
        self.assertEqual([other.calls_at(each) for each in other.destinations()], [1, 0])
        older = again(one, away=101)
        older.expire_load()
        self.assertEqual(len(older.calls or ()), 0)

    def test_transient_bits(self) -> None:
        """Bits that no list can give are not kept by themselves."""
        one = made(b"1 sip:a\n")
        one.groups[1].set_flags(one.groups[1].members[0], 1 << 33 | health.PROBING)
        self.assertEqual(states(again(one, b"1 sip:a\n")), [(b"sip:a", health.PROBING, 0)])


class AnotherListTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.one = made(b"1 sip:a 0 0 duid=x\n1 sip:b\n1 sip:c\n")
        self.one.set_state(1, b"sip:a", health.DISABLED)
        self.one.set_state(1, b"sip:b", health.INACTIVE)
        self.one.administer(1, b"sip:b", Admin(DRAIN, 5.0), "")
        self.one.groups[1].members[1].condition.selected = 9

    def test_new_flags(self) -> None:
        """Flags that the list has anew count; what a person disabled or drained stays so."""
        other = again(self.one, b"1 sip:a 8 0 duid=x\n1 sip:b 8\n1 sip:c\n")
        self.assertEqual(
            states(other),
            [(b"sip:c", 0, 0), (b"sip:b", health.PROBING | health.DRAINED, 0), (b"sip:a", 8 | health.DISABLED, 0)],
        )
        self.assertEqual(other.groups[1].members[1].condition.selected, 9)

    def test_moved(self) -> None:
        """A duid with another address stays disabled, and nothing else of its health is kept."""
        other = again(self.one, b"1 sip:z 8 0 duid=x\n")
        self.assertEqual(states(other), [(b"sip:z", health.PROBING | health.DISABLED, 0)])

    def test_gone_and_new(self) -> None:
        """What left the list is forgotten, what is new begins as the list has it, and the turn goes to who is next."""
        self.one.groups[1].turn.cursor = 1
        other = again(self.one, b"1 sip:n\n1 sip:a 0 0 duid=x\n1 sip:c\n3 sip:b\n")
        self.assertEqual([flags for _, flags, _ in states(other)], [0, 0, health.DISABLED, 0])
        group = other.groups[1]
        self.assertEqual(group.members[group.turn.cursor].uri, b"sip:a")

    def test_weights_that_changed(self) -> None:
        """Slots of other weights are not taken over."""
        one = made(b"1 sip:a 0 0 weight=50\n1 sip:b 0 0 weight=50\n")
        table = one.groups[1].turn.weights.table
        other = again(one, b"1 sip:a 0 0 weight=90\n1 sip:b 0 0 weight=10\n")
        self.assertNotEqual(other.groups[1].turn.weights.table, table)

    def test_no_calls_counted_any_more(self) -> None:
        """Calls of before are no problem where none are counted now."""
        one = made(b"1 sip:a 0 0 duid=x\n")
        one.select(FakeRequest(), 1, LOAD)
        other = Dispatcher(Random(1))
        other.replace(roster(b"1 sip:a 0 0 duid=x\n"))
        self.assertEqual(restore(other, read([*write(one, WRITTEN)]), WRITTEN), 1)


class TrafficTests(SynchronousTestCase):
    """What live traffic told of destinations, in a set of three."""

    text = b"1 sip:a 0 0 duid=x\n1 sip:b\n1 sip:c\n"
    ejects = Ejection(consecutive_failures=1, base_time=30.0, max_time=90.0)

    def made(self, settings: Ejection = ejects, text: bytes = text, retry_after: float = 0.0) -> Dispatcher:
        self.time = Time()
        live = Live(self.time, settings, slow_start=20.0, retry_after=retry_after)
        one = Dispatcher(Random(1), flags=2, clock=self.time, live=live)
        one.replace(roster(text))
        return one

    def ejected(self) -> list[bytes]:
        """What is written of a set whose `sip:a` was ejected for 30 seconds, 10 seconds ago."""
        one = self.made()
        self.hear(one)
        self.time.now += 10
        return [*write(one, WRITTEN)]

    def hear(self, one: Dispatcher) -> None:
        assert one.live is not None
        one.live.heard(one.groups[1].members[-1], 503)

    def after(self, lines: list[bytes], away: float, other: Dispatcher) -> Conduct:
        restore(other, read(lines), WRITTEN + away)
        found = other.groups[1].members[-1].condition.conduct
        assert found is not None
        return found

    def usable(self, one: Dispatcher) -> set[bytes]:
        picked = [one.select(FakeRequest(), 1, ROUND) for _ in range(30)]
        return {selection.destination.uri for selection in picked if selection is not None}

    def test_ejection(self) -> None:
        """An ejection goes on for what was left of it, tells its end, and the next one is longer."""
        kept, other = self.ejected(), self.made()
        told: list[str] = []
        conduct = self.after(kept, 5, other)
        other.observer = lambda change: told.append(change.event)
        self.assertEqual(self.usable(other), {b"sip:b", b"sip:c"})
        assert other.live is not None
        self.time.now += 14.9
        other.live.tick()
        self.assertEqual((told, conduct.reason), ([], "1 failures in a row, the last: could not be reached"))
        self.time.now += 0.2
        other.live.tick()
        self.assertEqual(told, ["returned"])
        self.hear(other)
        self.assertEqual(conduct.out_until - self.time.now, 60)

    def test_over_meanwhile(self) -> None:
        """One that ended while the service was away is a slow start by now, and later nothing."""
        conduct = self.after(self.ejected(), 25, self.made())
        self.assertEqual((conduct.is_out, conduct.share(self.time.now)), (False, 0.25))
        self.assertFalse(self.after(self.ejected(), 41, self.made()).is_eased)

    def test_slow_start(self) -> None:
        """A slow start goes on where it was; that of one which only its state brings back does not begin."""
        one = self.made()
        one.set_state(1, b"sip:a", health.INACTIVE)
        one.set_state(1, b"sip:a", 0)
        self.time.now += 5
        conduct = self.after([*write(one, WRITTEN)], 5, self.made())
        self.assertEqual(conduct.share(self.time.now), 0.5)
        one = self.made(text=b"1 sip:a 1\n")
        one.set_state(1, b"sip:a", 0)
        self.time.now += 60
        assert one.live is not None
        one.live.tick()
        self.assertFalse(self.after([*write(one, WRITTEN)], 0, self.made(text=b"1 sip:a 1\n")).is_eased)

    def test_not_wanted(self) -> None:
        """What the settings no longer want is not taken over, and nothing lasts longer than they say."""
        self.assertFalse(self.after(self.ejected(), 0, self.made(Ejection())).is_out)
        brief = self.after(self.ejected(), 0, self.made(Ejection(consecutive_failures=1, base_time=3, max_time=3)))
        self.assertEqual(brief.out_until - self.time.now, 3)
        waiting = self.after(self.ejected(), 0, self.made(Ejection(), retry_after=7))
        self.assertEqual(waiting.out_until - self.time.now, 7)

    def test_another_machine(self) -> None:
        """Another address under the same duid has done nothing yet."""
        other = self.made(text=b"1 sip:z 0 0 duid=x\n1 sip:b\n1 sip:c\n")
        self.assertFalse(self.after(self.ejected(), 0, other).is_out)

    def test_without(self) -> None:
        """A file from before this was kept is read, and so is one by a service that does not listen to traffic."""
        older = [{name: value for name, value in record.items() if name != "traffic"} for record in records(made())]
        self.assertEqual(read(lines(older)).sets, read(lines(records(made()))).sets)
        other = made(self.text)
        self.assertEqual(restore(other, read(self.ejected()), WRITTEN), 3)
        self.assertEqual(self.usable(other), {b"sip:a", b"sip:b", b"sip:c"})


class BrokenTests(SynchronousTestCase):
    def test_each_value(self) -> None:
        """A record with any value missing or of another kind is told by number and name, and nothing else is raised."""
        one = made(b"1 sip:a 0 0 duid=x;weight=5\n1 sip:b 0 0 duid=y\n", live=Live(Time(), Ejection(1)))
        assert one.live is not None
        one.live.heard(one.groups[1].members[0], 503)
        one.administer(1, b"sip:a", Admin(DRAIN, 5.0), "")
        one.select(FakeRequest(), 1, LOAD)
        good = records(one)
        values: list[object] = [None, -1, 1.5, "\ud800", [None], {}, True, 1 << 70]
        accepted: set[tuple[str, str]] = set()
        for number, record in enumerate(good):
            for name, value in product(record, values):
                if value == record[name]:
                    continue
                try:
                    read(lines([*good[:number], {**record, name: value}, *good[number + 1 :]]))
                except BrokenState as error:
                    self.assertIn(error.record, (0, number + 1, len(good)))
                else:
                    accepted.add((name, repr(value)))
        self.assertEqual(
            accepted,
            {
                *(
                    ("set", "-1"),
                    ("set", repr(1 << 70)),
                    ("last_failure", repr("\ud800")),
                    ("admin", "None"),
                    ("traffic", "None"),
                ),
                *(("weight", "None"), ("written", "1.5"), ("changed", "1.5"), ("age", "1.5")),
            },
        )

    def test_the_whole(self) -> None:
        """Nothing, half of it, another version and other JSON are told apart."""
        good = records(made())
        for bad, words in (
            ([], "it is empty"),
            (good[:-1], "ends too early"),
            ([good[0], *good[2:]], "ends too early"),
            ([{**good[0], "version": 2}, *good[1:]], "it has version 2, and this program reads version 1"),
            ([{"a": 1}], "no state of ours"),
            ([good[0], good[2], {"records": 2}], "before its set"),
        ):
            with self.assertRaises(BrokenState) as caught:
                read(lines(bad))
            self.assertIn(words, str(caught.exception))

    def test_garbage(self) -> None:
        """A line that is no JSON object is told by its number."""
        for text, record in ((b"\xff", 1), (b'{}\n{"a":', 2), (b"{}\n[1]\n", 2), (b"[" * 100_000, 1), (b"\n", 1)):
            with self.assertRaises(BrokenState) as caught:
                read(text.splitlines())
            self.assertEqual(caught.exception.record, record)

    @given(
        st.lists(
            st.dictionaries(st.sampled_from(("set", "uri", "call", "at", "x")), st.integers() | st.text()), max_size=5
        )
    )
    def test_anything(self, between: list[dict[str, object]]) -> None:
        """Records of any contents are a document or a `BrokenState`."""
        good = records(made())
        try:
            read(lines([good[0], *between, {"records": len(between) + 1}]))
        except BrokenState:
            pass
