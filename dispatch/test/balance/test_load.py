"""Tests of dispatch.balance.load."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.test.balance.make import FakeRequest, roster

CALL_LOAD = find_algorithm(10)
# As members: c, b, a.
THREE = b"1 sip:a 0 0 duid=a;maxload=3\n1 sip:b 0 0 duid=b;maxload=2\n1 sip:c 0 0 duid=c\n"


class LoadCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.calls = Calls(lambda: self.now, expire=60, initexpire=10)
        self.dispatcher = Dispatcher(Random(1), flags=2, calls=self.calls)
        self.dispatcher.replace(roster(THREE))

    def invite(self, call_id: bytes, group: int = 1, limit: int = 0) -> Selection:
        selection = self.dispatcher.select(FakeRequest(call_id), group, CALL_LOAD, limit)
        assert selection is not None
        return selection

    def counts(self) -> dict[bytes, int]:
        return {one.uri[4:]: one.condition.tally.calls for one in self.dispatcher.destinations()}


class CountingTests(LoadCase):
    def test_fewest(self) -> None:
        """A call goes where there are the fewest, in order where several have as few, and nowhere beyond `maxload`."""
        taken = [self.invite(b"%d" % number).destination.duid for number in range(8)]
        self.assertEqual(b"".join(taken), b"cbacbaca")
        self.assertEqual(self.counts(), {b"c": 3, b"b": 2, b"a": 3})
        self.assertEqual(self.invite(b"8").destination.duid, b"c")

    def test_why(self) -> None:
        """Why a call went to a destination says who was full: not the one that it fills, nor those that are down."""
        self.dispatcher.replace(roster(b"".join(b"1 sip:%c 0 0 duid=%c;maxload=1\n" % (one, one) for one in b"abcd")))
        self.dispatcher.set_state(1, b"sip:b", health.INACTIVE)
        first, second = self.invite(b"1"), self.invite(b"2")
        self.assertEqual((first.destination.uri, second.destination.uri), (b"sip:d", b"sip:c"))
        self.assertEqual([(one.uri, reason) for one, reason in second.why().skipped], [(b"sip:d", "full")])
        other = self.dispatcher.select(FakeRequest(b"3", method=b"OPTIONS"), 1, CALL_LOAD)
        assert other is not None
        self.assertEqual(other.why().skipped, ())

    def test_all_full(self) -> None:
        """Where all are full there is no destination, not the default either."""
        one = Dispatcher(Random(1), flags=2, use_default=1, calls=self.calls)
        one.replace(roster(b"1 sip:a 0 0 duid=a;maxload=1\n1 sip:b 0 0 duid=b;maxload=-1\n"))
        first = one.select(FakeRequest(b"1"), 1, CALL_LOAD)
        assert first is not None
        self.assertIsNone(one.select(FakeRequest(b"2"), 1, CALL_LOAD))
        one.load_update(b"1", b"BYE")
        self.assertIsNotNone(one.select(FakeRequest(b"2"), 1, CALL_LOAD))

    def test_retransmission(self) -> None:
        """A Call-ID is counted once in a set, whatever comes again under it, and its end ends it."""
        self.assertTrue(self.invite(b"1").is_counted)
        self.assertFalse(self.invite(b"1").is_counted)
        self.assertEqual(self.counts(), {b"c": 1, b"b": 0, b"a": 0})
        self.dispatcher.load_update(b"1", b"BYE")
        self.assertEqual(self.counts(), {b"c": 0, b"b": 0, b"a": 0})

    def test_unwritable(self) -> None:
        """A request whose Request-URI can't be rewritten gets no destination, and is not counted."""
        for uri in (b"http://example.com", b"sip:%b@example.com" % (b"x" * 1024)):
            selection = self.dispatcher.select(FakeRequest(b"1", uri), 1, CALL_LOAD, domain=True)
            self.assertEqual((selection, len(self.calls), set(self.counts().values())), (None, 0, {0}))

    def test_other_requests(self) -> None:
        """What is no INVITE goes to the first and is not counted."""
        selection = self.dispatcher.select(FakeRequest(b"1", method=b"OPTIONS"), 1, CALL_LOAD)
        assert selection is not None
        self.assertEqual((selection.destination.duid, selection.is_counted, len(self.calls)), (b"c", False, 0))

    def test_without_table(self) -> None:
        """Without `ds_hash_size` nothing is counted: the first gets all."""
        one = Dispatcher(Random(1), flags=2)
        one.replace(roster(THREE))
        for call_id in (b"1", b"2"):
            selection = one.select(FakeRequest(call_id), 1, CALL_LOAD)
            assert selection is not None
            self.assertEqual((selection.destination.duid, selection.is_counted), (b"c", False))
        self.assertEqual((one.load_unset(b"1"), one.expire_load()), (False, False))

    def test_without_duid(self) -> None:
        """A destination without `duid` is picked and not counted; one further down the list makes it fail."""
        self.dispatcher.replace(roster(b"1 sip:a 0 0 duid=a\n1 sip:b\n1 sip:c 0 0 duid=c\n"))
        selection = self.invite(b"1")
        self.assertEqual((selection.has_failed, selection.count), (True, None))
        self.assertEqual([one.uri for one in selection.records], [b"sip:c"])
        self.assertIsNone(selection.next())
        self.assertFalse(self.invite(b"2", limit=1).has_failed)

    def test_letters_of_a_call_id(self) -> None:
        """Call-IDs are compared letter by letter."""
        self.invite(b"Call")
        self.dispatcher.load_update(b"call", b"BYE")
        self.assertEqual(len(self.calls), 1)

    def test_two_sets(self) -> None:
        """A call that another set picks for too is counted there too, and its end ends both."""
        self.dispatcher.replace(roster(THREE + b"2 sip:x 0 0 duid=a\n"))
        self.invite(b"1")
        self.assertTrue(self.invite(b"1", group=2).is_counted)
        self.assertEqual(self.counts(), {b"c": 1, b"b": 0, b"a": 0, b"x": 1})
        self.assertTrue(self.dispatcher.load_unset(b"1"))
        self.assertEqual(set(self.counts().values()), {0})

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 1)), max_size=60))
    def test_the_heap(self, changes: list[tuple[int, int]]) -> None:
        """Whatever goes up and down, the one found is the first of those with the fewest."""
        one = Dispatcher(Random(1), calls=Calls(lambda: 0.0))
        one.replace(roster(b"".join(b"1 sip:%d %d 0 duid=%d;maxload=%d\n" % (n, n == 4, n, n) for n in range(6))))
        members = one.groups[1].members
        one.select(FakeRequest(b"0"), 1, CALL_LOAD)
        for number, (index, change) in enumerate(changes):
            members[index].condition.tally.add(change)
            selection = one.select(FakeRequest(b"%d" % (number + 1)), 1, CALL_LOAD)
            room = [
                (member.condition.tally.calls - (selection is not None and member is selection.destination), at)
                for at, member in enumerate(members)
                if not member.flags
            ]
            room = [(calls, at) for calls, at in room if not 0 < members[at].maxload <= calls]
            self.assertEqual(selection and members.index(selection.destination), min(room)[1] if room else None)


class MovingTests(LoadCase):
    def test_failover(self) -> None:
        """The call moves with failover; at the end of the list it stays with the last, and unsetting does nothing."""
        selection = self.invite(b"1")
        for expected in ({b"c": 0, b"b": 1, b"a": 0}, {b"c": 0, b"b": 0, b"a": 1}):
            self.assertIsNotNone(selection.next())
            self.assertEqual(self.counts(), expected)
        self.assertIsNone(selection.next())
        self.assertFalse(selection.is_counted)
        self.assertTrue(self.dispatcher.load_unset(b"1", selection=selection, is_invite=True))
        self.assertEqual(self.counts(), {b"c": 0, b"b": 0, b"a": 1})

    def test_full_since(self) -> None:
        """Failover passes over a destination that is full, but not over the default."""
        one = Dispatcher(Random(1), flags=2, use_default=1, calls=Calls(lambda: 0.0))
        one.replace(roster(b"1 sip:d 0 0 duid=d;maxload=9\n" + THREE))
        selection = one.select(FakeRequest(b"1"), 1, CALL_LOAD)
        assert selection is not None
        members = {member.duid: member for member in one.groups[1].members}
        members[b"b"].condition.tally.add(2)
        members[b"d"].condition.tally.add(9)
        self.assertEqual([record.duid for record in selection.records], [b"c", b"a", b"d"])

    def test_ended_meanwhile(self) -> None:
        """A call that ended before the next destination was tried is not counted again."""
        selection = self.invite(b"1")
        self.dispatcher.load_update(b"1", b"BYE")
        self.assertIsNone(selection.next())
        self.assertEqual((selection.destination.duid, set(self.counts().values())), (b"b", {0}))

    def test_unset(self) -> None:
        """Unsetting takes a call out once."""
        selection = self.invite(b"1")
        self.assertTrue(self.dispatcher.load_unset(b"1", selection=selection, is_invite=True))
        self.assertEqual((set(self.counts().values()), len(self.calls)), ({0}, 0))
        self.assertFalse(self.dispatcher.load_unset(b"1", selection=selection, is_invite=True))
        self.invite(b"2")
        self.assertTrue(self.dispatcher.load_unset(b"2", is_invite=True))
        self.assertEqual(len(self.calls), 1)


class ExpiryTests(LoadCase):
    def left_after(self, seconds: float) -> int:
        self.now += seconds
        self.dispatcher.expire_load()
        return len(self.calls)

    def test_early(self) -> None:
        """A call that nobody answered goes after `ds_hash_initexpire`, counted in whole seconds."""
        self.invite(b"1")
        self.assertEqual([self.left_after(seconds) for seconds in (10.9, 0.1)], [1, 0])
        self.assertEqual(set(self.counts().values()), {0})

    def test_confirmed(self) -> None:
        """An answered one stays until `ds_hash_expire`, however often it was answered."""
        self.invite(b"1")
        for status in (180, 200, 200):
            self.dispatcher.load_update(b"1", b"INVITE", status)
        self.dispatcher.load_update(b"1", b"BYE", 200)
        self.assertEqual([self.left_after(seconds) for seconds in (60.9, 0.1)], [1, 0])

    def test_moved(self) -> None:
        """A call that moved begins anew: unanswered, with all its time, behind calls that are older by then."""
        selection = self.invite(b"1")
        self.dispatcher.load_update(b"1", b"INVITE", 200)
        self.now += 50
        self.invite(b"2")
        self.dispatcher.load_update(b"2", b"INVITE", 200)
        self.now += 1
        selection.next()
        self.dispatcher.load_update(b"1", b"INVITE", 200)
        self.assertEqual([self.left_after(seconds) for seconds in (60.0, 1.0)], [1, 0])

    def test_bounded(self) -> None:
        """No more calls are let go at once than was said, and it is told that there are more."""
        for number in range(5):
            self.invite(b"%d" % number)
        self.now += 100
        self.assertEqual([self.dispatcher.expire_load(2) for _ in range(3)], [True, True, False])
        self.assertEqual(len(self.calls), 0)


class ReloadTests(LoadCase):
    def test_kept(self) -> None:
        """Counts stay with destinations that stay, another address included."""
        for call_id in (b"1", b"2"):
            self.invite(call_id)
        self.dispatcher.replace(roster(THREE.replace(b"sip:c", b"sip:new")))
        self.assertEqual(self.counts(), {b"new": 1, b"b": 1, b"a": 0})
        self.assertEqual(self.invite(b"3").destination.duid, b"a")
        self.dispatcher.load_update(b"1", b"BYE")
        self.assertEqual(self.counts(), {b"new": 0, b"b": 1, b"a": 1})

    def test_gone(self) -> None:
        """A call ends also where its destination has left the list, and one that comes back is not charged with it."""
        self.invite(b"1")
        self.dispatcher.replace(roster(b"1 sip:b 0 0 duid=b\n"))
        self.dispatcher.replace(roster(THREE))
        self.assertEqual(self.invite(b"2").destination.duid, b"c")
        self.dispatcher.load_update(b"1", b"BYE")
        self.assertEqual((self.counts(), len(self.calls)), ({b"c": 1, b"b": 0, b"a": 0}, 1))

    def test_gone_set(self) -> None:
        """Unsetting says that the destination is gone; failover passes it over."""
        for number in (1, 2):
            self.invite(b"%d" % number)
        selection = self.invite(b"3")
        self.dispatcher.replace(roster(b"2 sip:b 0 0 duid=b\n"))
        self.assertFalse(self.dispatcher.load_unset(b"1"))
        self.assertIsNone(selection.next())
        self.assertEqual(len(self.calls), 2)

    def test_as_the_original(self) -> None:
        """Without `reload_keeps_state` counts begin at 0, and the end of an old call takes one off, but not below."""
        for number in range(3):
            self.invite(b"%d" % number)
        self.dispatcher.replace(roster(THREE), keep_state=False)
        self.assertEqual(set(self.counts().values()), {0})
        self.invite(b"new")
        self.dispatcher.load_update(b"1", b"BYE")
        self.assertEqual(self.counts(), {b"c": 1, b"b": 0, b"a": 0})
        self.dispatcher.load_update(b"0", b"BYE")
        self.assertEqual(self.counts(), {b"c": 0, b"b": 0, b"a": 0})


class TrialTests(LoadCase):
    def test_nothing_is_counted(self) -> None:
        """What is foretold counts nothing, but counts with what it has foretold, also over a change of state."""
        self.invite(b"1")
        group = self.dispatcher.groups[1]
        turn = group.turn.clone()

        def foretell(call_id: bytes, of: object = turn) -> Selection:
            found = self.dispatcher.foretell(FakeRequest(call_id), 1, CALL_LOAD, turn=of)  # type: ignore[arg-type]
            assert found is not None
            return found

        first = foretell(b"2")
        self.assertEqual((first.destination.duid, foretell(b"2").is_counted), (b"b", False))
        self.assertFalse(foretell(b"1").is_counted)
        group.set_flags(group.members[0], health.INACTIVE)
        self.assertEqual(foretell(b"3").destination.duid, b"a")
        self.assertEqual(foretell(b"4", turn.clone()).destination.duid, b"b")
        self.assertEqual(foretell(b"5").destination.duid, b"b")
        self.assertIsNotNone(first.next())
        self.assertEqual((self.counts(), len(self.calls)), ({b"c": 1, b"b": 0, b"a": 0}, 1))
