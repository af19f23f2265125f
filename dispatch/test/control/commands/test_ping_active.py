"""Tests of `ping_active`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.commands.ping_active import PING_ACTIVE, PingState, run
from dispatch.test.control.make import LIST, Steered


class PingActiveTests(SynchronousTestCase):
    def test_switch(self) -> None:
        """A number is taken and kept, 0 is off, and without one nothing changes."""
        control = Steered(LIST).control()
        (one, *_) = control.dispatcher.destinations()
        one.condition.flags = 8
        for state, answer, wanted in (
            (None, PingState(1, 1), True),
            (0, PingState(1, 0), False),
            (None, PingState(0, 0), False),
            (5, PingState(0, 5), True),
        ):
            self.assertEqual(run(control, state), answer)
            self.assertEqual(control.probing.wants(one), wanted)

    def test_in_words(self) -> None:
        """It is said how it stands, and whether that is new."""
        self.assertEqual(PING_ACTIVE.sentence(PingState(1, 0)), "probing is off from now on")
        self.assertEqual(PING_ACTIVE.sentence(PingState(1, 5)), "probing is on")
