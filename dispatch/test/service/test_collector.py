"""Tests of dispatch.service.collector."""

from __future__ import annotations

import gc
import weakref

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.service import collector


class Ring:
    """Holds itself."""

    def __init__(self) -> None:
        self.me = self


class RoundsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.addCleanup(gc.enable)
        self.addCleanup(gc.unfreeze)
        self.clock = Clock()
        collector.settle()
        rounds = collector.rounds(self.clock)
        rounds.startService()
        self.addCleanup(rounds.stopService)

    def left(self, seconds: float, *, middle: bool) -> bool:
        """Whether what nobody holds but itself is there after so long; in the `middle` it has outlived a round."""
        ring = Ring()
        seen = weakref.ref(ring)
        if middle:
            self.clock.advance(1)
        del ring
        self.clock.pump([0.05] * round(seconds / 0.05))
        return seen() is not None

    def test_by_the_clock(self) -> None:
        """Python begins no round, the clock does; what has outlived one is found by a rarer one."""
        self.assertFalse(gc.isenabled())
        self.assertTrue(self.left(0, middle=False))
        self.assertFalse(self.left(1, middle=False))
        self.assertTrue(self.left(1, middle=True))
        self.assertFalse(self.left(601, middle=True))

    def test_what_is_kept(self) -> None:
        """What is in force is looked at by no further round."""
        gc.unfreeze()
        made: list[list[int]] = [[] for _ in range(100)]
        collector.keep()
        self.assertGreaterEqual(gc.get_freeze_count(), len(made))
