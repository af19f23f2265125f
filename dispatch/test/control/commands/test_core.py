"""Tests of what the core tells of itself."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.commands.core import UPTIME
from dispatch.test.control.make import LIST, Steered


class UptimeTests(SynchronousTestCase):
    def test_seconds(self) -> None:
        """The seconds are those since the start."""
        steered = Steered(LIST)
        control = steered.control()
        steered.now += 5
        self.assertEqual(UPTIME.run(control).seconds, 65)
