"""Tests of what a person decides apart from health."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.admin import DRAIN, MAINTENANCE, Admin
from dispatch.balance.change import Change
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.membership import is_usable
from dispatch.balance.selection import find_algorithm
from dispatch.errors import UnknownDestination
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, roster

FIRST = b"sip:gw0"
ROUND = find_algorithm(4)


def picks(one: Dispatcher, count: int = 4) -> list[bytes]:
    made = [one.select(FakeRequest(), 1, ROUND) for _ in range(count)]
    return [selection.destination.uri if selection is not None else b"" for selection in made]


class AdminTests(SynchronousTestCase):
    def test_no_new_calls(self) -> None:
        """A drained destination is not picked, is in no failover list, and comes back when it is ready."""
        one = dispatcher(lines(0, 0, 0))
        for admin in (Admin(DRAIN, 5.0), Admin(MAINTENANCE, 5.0)):
            one.administer(1, FIRST, admin, "")
            self.assertNotIn(FIRST, picks(one))
            selection = one.select(FakeRequest(), 1, ROUND)
            assert selection is not None
            self.assertEqual(len(selection.records), 2)
        one.administer(1, FIRST, None, "")
        self.assertIn(FIRST, picks(one))

    def test_health_goes_on_below(self) -> None:
        """Neither `set_state` nor a probe nor traffic ends a drain, and the letters are those of health."""
        one = dispatcher(lines(0, 0))
        one.administer(1, FIRST, Admin(DRAIN, 5.0), "")
        one.set_state(1, FIRST, health.PROBING)
        one.update(1, FIRST, health.TRYING)
        one.update(1, FIRST, 0)
        self.assertEqual(picks(one, 2), [b"sip:gw1"] * 2)
        (first, _) = one.destinations()
        self.assertEqual(health.letters(first.flags), "AX")
        self.assertEqual(health.reason(first.flags), "drained")

    def test_only_maintenance_ends_probing(self) -> None:
        """A drained destination may be probed, one in maintenance may not."""
        one = dispatcher(lines(0))
        for admin, unprobed in ((Admin(DRAIN, 0), False), (Admin(MAINTENANCE, 0), True), (None, False)):
            change = one.administer(1, FIRST, admin, "")
            self.assertEqual(bool(change.after & health.UNPROBED), unprobed)

    def test_events_of_the_original(self) -> None:
        """Draining is no event of the original; a drained destination that goes down or comes back is."""
        one = dispatcher(lines(0))
        heard: list[Change] = []
        one.observer = heard.append
        one.administer(1, FIRST, Admin(DRAIN, 0), "by hand")
        one.update(1, FIRST, health.TRYING)
        one.update(1, FIRST, 0)
        one.administer(1, FIRST, None, "by hand")
        self.assertEqual([change.event for change in heard], ["drain", "down", "up", "ready"])
        self.assertEqual(str(heard[0]), "set 1 sip:gw0: drain, by hand")

    def test_ready_once(self) -> None:
        """That a destination is ready is told when it was not before."""
        one = dispatcher(lines(0))
        heard: list[Change] = []
        one.observer = heard.append
        one.administer(1, FIRST, None, "by hand")
        one.administer(1, FIRST, Admin(DRAIN, 0), "by hand")
        for _ in range(2):
            one.administer(1, FIRST, None, "by hand")
        self.assertEqual([change.event for change in heard], ["drain", "ready"])

    def test_drained_once(self) -> None:
        """It is told once that the last call has ended, and not at all about one that is ready."""
        one = dispatcher(lines(0))
        (only,) = one.destinations()
        one.drained(only, "")
        one.administer(1, FIRST, Admin(DRAIN, 0), "")
        heard: list[Change] = []
        one.observer = heard.append
        one.drained(only, "no call is left")
        one.drained(only, "no call is left")
        self.assertEqual([(change.event, change.reason) for change in heard], [("drained", "no call is left")])

    def test_survives_reload(self) -> None:
        """What a person decided stays over reloads that keep no state, change flags or move a duid."""
        admin = Admin(MAINTENANCE, 5.0)
        for keep_state in (True, False):
            for text in (
                b"1 sip:a 0 0 duid=x\n1 sip:b\n",
                b"1 sip:a 9 0 duid=x\n1 sip:b\n",
                b"1 sip:n 0 0 duid=x\n1 sip:b\n",
            ):
                one = dispatcher(b"1 sip:a 0 0 duid=x\n1 sip:b\n")
                one.administer(1, b"sip:a", admin, "")
                one.replace(roster(text), keep_state=keep_state)
                self.assertEqual(picks(one, 2), [b"sip:b"] * 2)
                moved = one.groups[1].members[1]
                self.assertEqual(
                    (moved.condition.admin, moved.flags & health.ADMINISTERED), (admin, health.ADMINISTERED)
                )

    def test_nothing_of_the_list_means_it(self) -> None:
        """No number that a list can give means that a destination is drained, negative ones neither."""
        for flags in (b"-1", b"-8", b"4294967280", b"1099511627776"):
            one = dispatcher(b"1 sip:gw0 %b\n" % flags)
            self.assertFalse(next(one.destinations()).flags & health.ADMINISTERED)
        self.assertTrue(is_usable(dispatcher(b"1 sip:gw0 -8\n").destinations()))

    def test_unknown(self) -> None:
        """A destination that is not there can't be drained."""
        with self.assertRaises(UnknownDestination):
            dispatcher(lines(0)).administer(1, b"sip:nobody", None, "")
