"""Tests of `show`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import history
from dispatch.balance.admin import DRAIN, Admin
from dispatch.balance.statistics import Statistics
from dispatch.cli.ctl import shown
from dispatch.control.commands.show import SHOW, run
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import Steered


class ShowTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(b"1 sip:a;transport=tcp 0 5 duid=x\n1 sip:b\n")
        self.control = self.steered.control()
        times = iter(range(1_800_000_000, 1_800_000_100))
        self.steered.dispatcher.observer = lambda change: history.note(change, next(times)) and None

    def test_one(self) -> None:
        """It has what the list says, the state, since when and why, and what was decided since."""
        dispatcher = self.steered.dispatcher
        dispatcher.set_state(1, b"sip:a;transport=tcp", 1)
        dispatcher.administer(1, b"sip:a;transport=tcp", Admin(DRAIN, 0), "work")
        (one,) = run(self.control, 1, "sip:A;transport=tcp")
        self.assertEqual(
            (one.duid, one.transport, one.address, one.priority, one.line), ("x", "TCP", "192.0.2.1", 5, 1)
        )
        self.assertEqual((one.state, one.admin, one.calls), ("IX", "drain", -1))
        self.assertEqual(len(one.history), 2)
        self.assertIn("AX -> IX: set by a command", one.history[0])
        text = "\n".join(shown(SHOW, [one]))
        for words in ("state          IX since 2027-01-15T08:00:0", "decided        drain", "192.0.2.1, TCP"):
            self.assertIn(words, text)
        self.assertNotIn("became", text)

    def test_counters(self) -> None:
        """Where outcomes are counted, they are told too."""
        dispatcher = self.steered.dispatcher
        dispatcher.statistics = statistics = Statistics(lambda: 0.0)
        statistics.follow(dispatcher.groups[1].members[0], "", None)(408, None)
        one, _ = run(self.control, 1)
        self.assertEqual((one.timeouts, one.answers_2xx), (1, 0))
        self.assertIn("became         timeouts 1", SHOW.sentence(one))

    def test_all_of_a_set(self) -> None:
        """Without a destination all of the set are shown, with a blank line between."""
        rows = list(run(self.control, 1))
        self.assertEqual([one.uri for one in rows], ["sip:a;transport=tcp", "sip:b"])
        self.assertEqual(list(shown(SHOW, rows)).count(""), 1)

    def test_no_such_one(self) -> None:
        """A set or a destination that is not there is an error."""
        for arguments in ((2,), (1, "sip:c")):
            with self.assertRaises(UnknownDestination):
                run(self.control, *arguments)
