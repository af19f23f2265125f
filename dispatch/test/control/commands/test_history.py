"""Tests of `history`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, history
from dispatch.balance.change import PROBE
from dispatch.control.commands.history import HISTORY, Happened, run
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import Steered


class HistoryTests(SynchronousTestCase):
    def test_in_order(self) -> None:
        """Changes come in the order in which they happened, with time, duration and reason."""
        steered = Steered(b"1 sip:a\n")
        times = iter((1_800_000_000.0, 1_800_000_090.9))
        steered.dispatcher.observer = lambda change: history.note(change, next(times)) and None
        steered.dispatcher.update(1, b"sip:a", health.INACTIVE | health.PROBING, "probe timed out", PROBE)
        steered.dispatcher.set_state(1, b"sip:a", 0)
        self.assertEqual(
            list(run(steered.control(), 1, "sip:A")),
            [
                Happened("2027-01-15T08:00:00.000Z", "AX", "IP", -1, "down", "probe", "probe timed out"),
                Happened("2027-01-15T08:01:30.900Z", "IP", "AX", 90, "", "command", "set by a command"),
            ],
        )

    def test_nothing(self) -> None:
        """A destination to which nothing happened has an empty history; one that is not there is an error."""
        control = Steered(b"1 sip:a\n").control()
        self.assertEqual(list(run(control, 1, "sip:a")), [])
        with self.assertRaises(UnknownDestination):
            run(control, 1, "sip:b")

    def test_in_columns(self) -> None:
        """How long the state before lasted is left out where it is not known."""
        one = Happened("", "AX", "IX", -1, "", "", "")
        (lasted,) = [column.cell for column in HISTORY.columns if column.title == "LASTED"]
        self.assertEqual(lasted(one), "")
