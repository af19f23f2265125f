"""Tests of dispatch.balance.history."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, history
from dispatch.balance.change import COMMAND, Change
from dispatch.test.balance.make import dispatcher, roster


class HistoryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.dispatcher = dispatcher(b"1 sip:a 0 0 duid=x\n")
        (self.destination,) = self.dispatcher.destinations()

    def note(self, before: int, after: int, now: float) -> history.Entry:
        return history.note(Change(self.destination, before, after, "why", COMMAND), now)

    def test_how_long(self) -> None:
        """An entry tells how long the state before had lasted, once that is known; no change of state leaves it."""
        lasted = [self.note(*each).lasted for each in ((0, 1, 10.0), (1, 1, 15.0), (1, 0, 40.0), (0, 1, 30.0))]
        self.assertEqual(lasted, [-1.0, 5.0, 30.0, 0.0])

    def test_bounded(self) -> None:
        """Only the latest 50 are kept, and nothing where nothing happened."""
        self.assertIsNone(self.destination.condition.history)
        for number in range(120):
            self.note(0, health.INACTIVE, float(number))
        kept = self.destination.condition.history
        assert kept is not None
        self.assertEqual([entry.time for entry in kept], [float(number) for number in range(70, 120)])

    def test_over_a_reload(self) -> None:
        """It stays with the destination, also when that moves or states start anew."""
        self.note(0, 1, 10.0)
        for text, keep_state in ((b"1 sip:b 0 0 duid=x\n", True), (b"1 sip:b 8 0 duid=x\n", False)):
            self.dispatcher.replace(roster(text), keep_state=keep_state)
            (now,) = self.dispatcher.destinations()
            assert now.condition.history is not None
            self.assertEqual((now.condition.history[0].time, now.condition.changed), (10.0, 10.0))
