"""Tests of dispatch.balance.selection."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.algorithms import TABLE
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, roster, turn

PRIORITY = find_algorithm(8)
ROUND_ROBIN = find_algorithm(4)


def select(one: Dispatcher, limit: int = 0) -> Selection:
    found = one.select(FakeRequest(), 1, PRIORITY, limit)
    assert found is not None
    return found


def names(selection: Selection) -> list[bytes]:
    return [destination.uri[4:] for destination in selection.records]


def plain_list(flags: list[int], taken: int, use_default: bool, limit: int) -> list[int]:
    """The records of the failover list, as the rules say it."""
    count = len(flags)
    records = [taken]
    for index in [*range(taken + 1, count), *range(taken)]:
        if not flags[index] & health.SKIPPED and not (use_default and index == count - 1):
            records.append(index)
    if use_default and taken != count - 1:
        records.append(count - 1)
    return records[:limit] if limit > 0 else records


class FindAlgorithmTests(SynchronousTestCase):
    def test_by_number_and_name(self) -> None:
        """Each row is found by its number and by its name, and says what it is."""
        for row in TABLE:
            self.assertIs(find_algorithm(row.name), row)
            if row.number is not None:
                self.assertIs(find_algorithm(row.number), row)
            self.assertTrue(row.help and row.reads)

    def test_unknown(self) -> None:
        """A name that is not there is refused, with those there are; a number is one that takes the first."""
        with self.assertRaisesRegex(ValueError, r"not known; choose one of 0 \(hash-callid\), "):
            find_algorithm("round robin")
        for wanted in (-1, 14, 1 << 40):
            row = find_algorithm(wanted)
            self.assertEqual(
                (row.number, row.is_known, row.pick(turn(0, 0, cursor=1), FakeRequest())), (wanted, False, 0)
            )


class RecordsTests(SynchronousTestCase):
    @given(
        st.lists(st.sampled_from((0, 0, 1, 2, 4)), min_size=1, max_size=7),
        st.booleans(),
        st.integers(-1, 8),
        st.integers(0, 7),
    )
    def test_the_list(self, flags: list[int], use_default: bool, limit: int, cursor: int) -> None:
        """The failover list is the one of the rules, its length is `count`, and `next` goes through it."""
        one = dispatcher(lines(*flags), use_default=use_default)
        one.groups[1].turn.cursor = cursor % len(flags)
        selection = one.select(FakeRequest(), 1, ROUND_ROBIN, limit)
        if selection is None:
            usable = [index for index, bits in enumerate(flags) if not bits & health.SKIPPED]
            self.assertEqual(usable, [])
            return
        taken = one.groups[1].members.index(selection.destination)
        expected = plain_list(flags, taken, use_default and len(flags) > 1, limit)
        self.assertEqual(names(selection), [b"gw%d" % index for index in expected])
        self.assertEqual(selection.count, len(expected))
        for index in expected[1:]:
            destination = selection.next()
            assert destination is not None
            self.assertEqual(destination.uri, b"sip:gw%d" % index)
            self.assertIs(selection.destination, destination)
            self.assertEqual(selection.records[0], destination)
        self.assertIsNone(selection.next())

    def test_the_end(self) -> None:
        """At the end the last destination stays in use, the list is empty, and `count` is what it was."""
        selection = select(dispatcher(lines(0, 0)))
        last = selection.next()
        for _ in range(2):
            self.assertIsNone(selection.next())
            self.assertIs(selection.destination, last)
        self.assertEqual((selection.records, selection.count), ((), 2))

    def test_without_failover(self) -> None:
        """Without ``flags`` bit 2 there is a destination and no list."""
        selection = select(dispatcher(lines(0, 0), flags=1))
        self.assertEqual((selection.records, selection.count, selection.next()), ((), 0, None))
        self.assertEqual(selection.destination.uri, b"sip:gw0")

    def test_states_of_the_moment(self) -> None:
        """A selection goes on with the states that were when it was made; the default is listed whatever its state."""
        one = dispatcher(lines(0, 0, 1, 4), use_default=1)
        selection = select(one)
        one.set_state(1, b"sip:gw1", health.INACTIVE)
        one.set_state(1, b"sip:gw2", 0)
        self.assertEqual(names(selection), [b"gw0", b"gw1", b"gw3"])
        self.assertEqual(names(select(one)), [b"gw0", b"gw2", b"gw3"])

    def test_a_reload_leaves_it_alone(self) -> None:
        """A selection goes on with the list that was in force when it was made."""
        one = dispatcher(lines(0, 0, 0))
        selection = select(one)
        one.replace(roster(b"1 sip:new\n"))
        self.assertEqual(names(selection), [b"gw0", b"gw1", b"gw2"])


class SeveralTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.one = dispatcher(lines(0, 0) + lines(0, 0, group=2).replace(b"gw", b"other"))

    def select(self, group: int, limit: int = 0, earlier: Selection | None = None) -> Selection:
        found = self.one.select(FakeRequest(), group, PRIORITY, limit, earlier=earlier)
        assert found is not None
        return found

    def test_later_first(self) -> None:
        """Of several selections for a request the last is used up first, then the one before, from where it stood."""
        later = self.select(2, earlier=self.select(1))
        self.assertEqual(names(later), [b"other0", b"other1", b"gw0", b"gw1"])
        self.assertEqual(later.count, 2)
        seen = []
        while (destination := later.next()) is not None:
            seen.append(destination.uri[4:])
            self.assertIs(later.record, destination)
            self.assertEqual(names(later)[0], seen[-1])
        self.assertEqual((seen, names(later), later.record), ([b"other1", b"gw0", b"gw1"], [], None))

    def test_the_first_is_used_up(self) -> None:
        """A selection that is used up gives nothing any more; those before it still do."""
        first = self.select(1)
        second = self.select(2, limit=1, earlier=first)
        self.assertIsNotNone(second.next())
        self.assertIs(second.record, first.record)
        used_up = self.select(2, limit=1)
        self.assertIsNone(used_up.next())
        used_up.earlier = self.select(2, limit=1)
        third = self.select(1, limit=1, earlier=used_up)
        self.assertEqual(names(third), [b"gw0", b"other0"])
        destination = third.next()
        assert destination is not None
        self.assertEqual(destination.uri, b"sip:other0")
        self.assertIsNone(third.next())

    def test_counted(self) -> None:
        """Each goes on to count its own calls."""
        one = Dispatcher(Random(1), flags=2, calls=Calls(lambda: 0.0))
        one.replace(roster(b"1 sip:a 0 0 duid=a\n1 sip:b 0 0 duid=b\n2 sip:c\n"))
        earlier = one.select(FakeRequest(), 1, find_algorithm(10))
        later = one.select(FakeRequest(), 2, PRIORITY, earlier=earlier)
        assert later is not None
        self.assertFalse(later.is_counted)
        tallies = {member.duid: member.condition.tally for member in one.groups[1].members}
        for counted in (1, 0), (0, 1):
            later.next()
            self.assertTrue(later.is_counted)
            self.assertEqual((tallies[b"b"].calls, tallies[b"a"].calls), counted)

    def test_ended_meanwhile(self) -> None:
        """Where the call has ended, the earlier selection goes on to its destination and says so."""
        one = Dispatcher(Random(1), flags=2, calls=Calls(lambda: 0.0))
        one.replace(roster(b"1 sip:a 0 0 duid=a\n2 sip:c\n"))
        later = one.select(FakeRequest(), 2, PRIORITY, earlier=one.select(FakeRequest(), 1, find_algorithm(10)))
        assert later is not None
        one.load_update(b"abc", b"BYE")
        self.assertIsNone(later.next())
        self.assertEqual(later.destination.uri, b"sip:a")


class WhyTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """A hash tells its key, its value, the index it means and who was passed over."""
        one = dispatcher(lines(*(0,) * 11, 1, 4))
        request = FakeRequest(b"abc\x80")
        selection = one.select(request, 1, find_algorithm(0))
        assert selection is not None
        one.set_state(1, b"sip:gw12", 0)
        why = selection.why()
        self.assertEqual((why.algorithm.name, why.key, why.raw), ("hash-callid", (b"abc\x80",), 1834959840))
        self.assertEqual((why.start, why.index, why.default), (12, 0, False))
        self.assertEqual([(member.uri, reason) for member, reason in why.skipped], [(b"sip:gw12", "disabled")])

    def test_default(self) -> None:
        """The default says so, and that all others were passed over."""
        one = dispatcher(lines(1, 5, 0), use_default=1)
        one.groups[1].turn.cursor = 1
        selection = one.select(FakeRequest(), 1, ROUND_ROBIN)
        assert selection is not None
        why = selection.why()
        self.assertEqual((why.key, why.raw, why.start, why.index, why.default), (None, 1, 1, 2, True))
        self.assertEqual([member.uri for member, _ in why.skipped], [b"sip:gw1", b"sip:gw0"])

    def test_after_next(self) -> None:
        """It tells how the first destination was found, also later."""
        selection = select(dispatcher(lines(0, 0)))
        selection.next()
        self.assertEqual((selection.why().index, selection.why().skipped), (0, ()))
