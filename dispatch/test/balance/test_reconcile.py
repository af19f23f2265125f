"""Tests of dispatch.balance.reconcile."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.reconcile import Change, differences, identities
from dispatch.balance.selection import find_algorithm
from dispatch.test.balance.make import FakeRequest, dispatcher, roster


def reloaded(one: Dispatcher, text: bytes) -> list[tuple[bytes, int, int]]:
    """URI, flags and failures of everything after a reload."""
    one.replace(roster(text))
    return [(each.uri, each.flags, each.condition.failures) for each in one.destinations()]


class IdentityTests(SynchronousTestCase):
    def test_by_duid_or_uri_and_occurrence(self) -> None:
        """Equal lines are told apart by their order in the list, and a duid is no URI."""
        members = roster(b"1 sip:A\n1 sip:a 0 9\n1 sip:b 0 0 duid=sip:a\n").sets[1]
        self.assertEqual(
            [(*identity, member.line) for identity, member in identities(members).items()],
            [(1, False, b"sip:a", 0, 0, 1), (1, False, b"sip:a", 1, 0, 2), (1, True, b"sip:a", 0, 0, 3)],
        )


class HandOnTests(SynchronousTestCase):
    def test_the_list_says_something_new(self) -> None:
        """Flags that changed in the list count; those that did not leave the state as it is."""
        one = dispatcher(b"1 sip:a\n1 sip:b\n")
        one.set_state(1, b"sip:a", health.INACTIVE)
        one.set_state(1, b"sip:b", health.INACTIVE)
        self.assertEqual(reloaded(one, b"1 sip:a 8\n1 sip:b\n"), [(b"sip:b", 1, 0), (b"sip:a", 8, 0)])

    def test_what_a_person_disabled(self) -> None:
        """Disabled by a command stays so, whatever flags the list brings; disabled by the list ends with the list."""
        one = dispatcher(b"1 sip:a 4\n1 sip:b\n")
        one.set_state(1, b"sip:b", health.DISABLED)
        self.assertEqual(reloaded(one, b"1 sip:a 8\n1 sip:b 8\n"), [(b"sip:b", 12, 0), (b"sip:a", 8, 0)])
        one.set_state(1, b"sip:b", 0)
        self.assertEqual(reloaded(one, b"1 sip:a\n1 sip:b\n"), [(b"sip:b", 0, 0), (b"sip:a", 0, 0)])

    def test_a_new_address(self) -> None:
        """A duid that moved keeps its counters and stays disabled, but its health starts afresh."""
        one = dispatcher(b"1 sip:a 0 0 duid=x\n1 sip:b 0 0 duid=y\n")
        for each in one.destinations():
            one.report_failure(each, "503")
        one.set_state(1, b"sip:a", health.DISABLED)
        one.set_state(1, b"sip:b", health.INACTIVE)
        self.assertEqual(
            reloaded(one, b"1 sip:a2 0 0 duid=x\n1 sip:b2 0 0 duid=y\n"), [(b"sip:b2", 0, 1), (b"sip:a2", 4, 1)]
        )

    def test_a_late_failure_counts(self) -> None:
        """A call that began before the reload still counts against its destination."""
        one = dispatcher(b"1 sip:a\n")
        (before,) = one.destinations()
        one.replace(roster(b"1 sip:b\n1 sip:a 0 5\n"))
        one.report_failure(before, "timeout")
        self.assertEqual([each.condition.failures for each in one.destinations()], [1, 0])

    def test_a_set_that_comes_back_is_new(self) -> None:
        """What left the list is forgotten; sets don't inherit from each other."""
        one = dispatcher(b"1 sip:a\n")
        one.set_state(1, b"sip:a", health.INACTIVE)
        self.assertEqual(reloaded(one, b"2 sip:a\n"), [(b"sip:a", 0, 0)])
        self.assertEqual(reloaded(one, b"1 sip:a\n"), [(b"sip:a", 0, 0)])

    def test_cursor(self) -> None:
        """The cursor follows its member; when that one left, the next that stayed; else it starts anew."""
        for text, expected in (
            (b"1 sip:d\n1 sip:c\n1 sip:b\n1 sip:a\n", b"sip:b"),
            (b"1 sip:b\n1 sip:x\n1 sip:a\n", b"sip:b"),
            (b"1 sip:a\n1 sip:d\n", b"sip:d"),
            (b"1 sip:x\n1 sip:y\n1 sip:a\n", b"sip:a"),
            (b"1 sip:x\n1 sip:y\n", b"sip:y"),
        ):
            one = dispatcher(b"1 sip:d\n1 sip:c\n1 sip:b\n1 sip:a\n")
            one.groups[1].turn.cursor = 1
            one.replace(roster(text))
            group = one.groups[1]
            self.assertEqual(group.members[group.turn.cursor].uri, expected)


class WeightTests(SynchronousTestCase):
    TEXT = b"1 sip:a 0 0 weight=70;rweight=1\n1 sip:b 0 0 weight=30;rweight=1\n"

    def setUp(self) -> None:
        self.one = dispatcher(self.TEXT)
        for number in (9, 11, 11):
            self.assertIsNotNone(self.one.select(FakeRequest(), 1, find_algorithm(number)))

    def test_the_same(self) -> None:
        """While members and weights are the same, the slots are walked on where they were, in the same order."""
        before = self.one.groups[1].turn
        self.one.replace(roster(self.TEXT))
        turn = self.one.groups[1].turn
        self.assertIsNot(turn, before)
        self.assertEqual((turn.weights.table, turn.weights.cursor), (before.weights.table, 1))
        self.assertEqual((sorted(turn.shares.table), turn.shares.cursor), ([0] * 50 + [1] * 50, 2))

    def test_another_weight(self) -> None:
        """Another weight, or another member, makes them anew."""
        for text in (self.TEXT.replace(b"=30", b"=40"), self.TEXT + b"1 sip:c 0 0 weight=5\n"):
            self.one.replace(roster(text))
            self.assertEqual(self.one.groups[1].turn.weights.cursor, 0)
            self.assertEqual(self.one.groups[1].turn.weights.table.count(0), 40 if b"=40" in text else 5)
            self.setUp()

    def test_states_that_are_kept(self) -> None:
        """Relative weights are shared out by the states that are handed on."""
        self.one.set_state(1, b"sip:a", health.INACTIVE)
        self.one.replace(roster(self.TEXT + b"1 sip:c\n"))
        self.one.groups[1].line_up()
        self.assertEqual(set(self.one.groups[1].turn.shares.table), {1})

    def test_as_the_original(self) -> None:
        """Without keeping anything all of it begins anew."""
        self.one.replace(roster(self.TEXT), keep_state=False)
        turn = self.one.groups[1].turn
        self.assertEqual((turn.weights.cursor, turn.shares.cursor), (0, 0))

    def test_latency(self) -> None:
        """What was measured stays with a destination, and goes when its address changes."""
        text = b"1 sip:a 0 5 duid=a\n"
        one = dispatcher(text)
        one.measured(1, b"sip:a", 70, 0.9)
        one.replace(roster(text))
        self.assertEqual([each.condition.latency.average for each in one.destinations()], [70])
        one.replace(roster(text.replace(b"sip:a", b"sip:new")))
        self.assertEqual([each.condition.latency.average for each in one.destinations()], [0])


class SuccessionTests(SynchronousTestCase):
    """Whatever happens between `prepare` and `succeed` is as if it had happened before both."""

    LIST = b"1 sip:c 0 0 duid=c\n1 sip:b\n1 sip:a\n"

    def test_what_changes_meanwhile_counts(self) -> None:
        """States, counters and the cursor that move while a new list is prepared are not lost."""
        for text, expected in (
            (b"1 sip:b\n1 sip:c 0 0 duid=c\n1 sip:a\n", [(b"sip:a", 1, 1), (b"sip:c", 4, 1), (b"sip:b", 0, 1)]),
            (b"1 sip:c2 0 0 duid=c\n1 sip:b 16\n1 sip:a 2\n", [(b"sip:a", 2, 1), (b"sip:b", 16, 1), (b"sip:c2", 4, 1)]),
        ):
            one = dispatcher(self.LIST)
            succession = one.prepare(roster(text))
            one.set_state(1, b"sip:a", health.INACTIVE)
            one.set_state(1, b"sip:c", health.DISABLED)
            for each in one.destinations():
                one.report_failure(each, "503")
            one.groups[1].turn.cursor = 1
            one.succeed(succession)
            self.assertEqual([(each.uri, each.flags, each.condition.failures) for each in one.destinations()], expected)
            group = one.groups[1]
            self.assertEqual(group.members[group.turn.cursor].uri, b"sip:b")
            self.assertEqual(group.line_up().flags, tuple(flags for _, flags, _ in expected))

    def test_preparing_changes_nothing(self) -> None:
        """As long as a prepared list is not in force, the one before goes on as if there were no other."""
        one = dispatcher(self.LIST)
        one.set_state(1, b"sip:a", health.INACTIVE)
        groups, conditions = one.groups, [each.condition for each in one.destinations()]
        one.prepare(roster(b"1 sip:c2 8 0 duid=c\n1 sip:a 8\n"))
        self.assertIs(one.groups, groups)
        self.assertEqual([each.condition for each in one.destinations()], conditions)
        self.assertEqual(next((each.uri, each.flags) for each in one.destinations()), (b"sip:a", 1))

    def test_overtaken(self) -> None:
        """A list that was prepared for groups that are gone does not come into force."""
        one = dispatcher(self.LIST)
        late = one.prepare(roster(b"1 sip:late\n"))
        one.replace(roster(b"1 sip:new\n"))
        with self.assertRaises(ValueError):
            one.succeed(late)
        self.assertEqual([each.uri for each in one.destinations()], [b"sip:new"])


class DifferenceTests(SynchronousTestCase):
    def differences(self, one: Dispatcher, text: bytes, *, keep_state: bool = True) -> list[Change]:
        return differences(one.groups, roster(text).sets, keep_state=keep_state)

    def test_foretold(self) -> None:
        """The state that a difference foretells is the one that the destination has after the reload."""
        texts = (
            b"1 sip:a 0 0 duid=x\n1 sip:b 8\n1 sip:c\n1 sip:c\n2 sip:d\n",
            b"1 sip:a2 0 0 duid=x\n1 sip:b 1\n1 sip:c\n",
            b"1 sip:A 8 3 duid=x\n1 sip:c\n1 sip:c 4\n3 sip:d\n",
        )
        for before in texts:
            for after in texts:
                for keep_state in (True, False):
                    one = dispatcher(before)
                    one.set_state(1, b"sip:c", health.DISABLED)
                    one.set_state(1, next(iter(one.groups[1].members)).uri, health.INACTIVE)
                    members = {each.line: each for each in roster(after).sets.get(1, ())}
                    told = {
                        change.after.line: change
                        for change in self.differences(one, after, keep_state=keep_state)
                        if change.after is not None and change.group == 1
                    }
                    stayed = {key: each.flags for key, each in identities(one.groups[1].members).items()}
                    one.replace(roster(after), keep_state=keep_state)
                    self.assertEqual(len(members), len(one.groups[1].members))
                    for identity, member in identities(one.groups[1].members).items():
                        if member.line in told:
                            self.assertEqual(told[member.line].next_flags, member.flags)
                        else:
                            self.assertEqual(stayed[identity], member.flags)

    def test_fields(self) -> None:
        """Each thing that the list says otherwise is named with both values."""
        one = dispatcher(b"1 sip:a 0 0 duid=x\n")
        (change,) = self.differences(one, b"1 sip:b 8 5 duid=x;weight=3\n")
        self.assertEqual(
            change.fields,
            (
                ("uri", b"sip:a", b"sip:b"),
                ("flags", 0, 8),
                ("priority", 0, 5),
                ("attributes", b"duid=x", b"duid=x;weight=3"),
            ),
        )

    def test_order(self) -> None:
        """What comes and goes does not count as another order; what stays and changes places does."""
        one = dispatcher(b"1 sip:a\n1 sip:b\n1 sip:c\n")
        self.assertEqual(
            [each.kind for each in self.differences(one, b"1 sip:b\n1 sip:x\n1 sip:c\n")], ["removed", "added"]
        )
        self.assertEqual([each.kind for each in self.differences(one, b"1 sip:b\n1 sip:a\n1 sip:c\n")], ["reordered"])

    def test_nothing_moves(self) -> None:
        """Comparing leaves states and cursors as they are."""
        one = dispatcher(b"1 sip:a\n1 sip:b\n")
        one.groups[1].turn.cursor = 1
        groups = one.groups
        self.differences(one, b"1 sip:a 1\n")
        self.assertIs(one.groups, groups)
        self.assertEqual((groups[1].turn.cursor, [each.flags for each in one.destinations()]), (1, [0, 0]))
