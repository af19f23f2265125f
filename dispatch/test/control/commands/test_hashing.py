"""Tests of `hash`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.commands.hashing import Hashed, run
from dispatch.test.control.make import LIST, Steered


class HashTests(SynchronousTestCase):
    def test_recorded(self) -> None:
        """The numbers are those that the original tells."""
        control = Steered(LIST).control()
        self.assertEqual(run(control, 8, "abc"), Hashed(7167810, 2))
        self.assertEqual(run(control, 8, "abc", "def"), Hashed(14047601, 1))
        self.assertEqual(run(control, 0, "abc"), Hashed(7167810, 0))
