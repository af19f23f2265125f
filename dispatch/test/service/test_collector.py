"""Tests of dispatch.service.collector."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.collector import Pause


class PauseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.addCleanup(gc.enable)
        self.addCleanup(gc.unfreeze)

    def test_overlapping(self) -> None:
        """Rounds begin again when the last of several readings has ended."""
        pause = Pause()
        pause.begin()
        pause.begin()
        pause.end(kept=False)
        self.assertFalse(gc.isenabled())
        pause.end(kept=False)
        self.assertTrue(gc.isenabled())

    def test_what_is_kept(self) -> None:
        """What is in force is looked at by no further round; what was only read still is."""
        pause = Pause()
        for kept in (False, True):
            gc.unfreeze()
            pause.begin()
            made: list[list[int]] = [[] for _ in range(100)]
            pause.end(kept=kept)
            self.assertEqual(gc.get_freeze_count() >= len(made), kept)
