"""Tests of dispatch.service.retry."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.retry import Retry


class RetryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.tried: list[float] = []

    def retry(self, first: float) -> Retry:
        return Retry(self.clock, first, lambda: self.tried.append(self.clock.seconds()))

    def test_later_each_time(self) -> None:
        """Each wait is twice the one before, up to five minutes; a success begins anew."""
        retry = self.retry(5.0)
        waits = []
        for _ in range(8):
            waits.append(retry.failed())
            self.clock.advance(waits[-1])
        self.assertEqual(waits, [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0])
        self.assertEqual(len(self.tried), 8)
        retry.succeeded()
        self.assertEqual(retry.failed(), 5.0)

    def test_a_long_first_one(self) -> None:
        """Who wants to wait longer than five minutes may."""
        retry = self.retry(600.0)
        self.assertEqual([retry.failed(), retry.failed()], [600.0, 600.0])

    def test_never(self) -> None:
        """With 0 nothing is tried."""
        self.assertEqual(self.retry(0).failed(), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_once(self) -> None:
        """Two failures are one try, and after a success or the end there is none."""
        retry = self.retry(5.0)
        for end in (retry.succeeded, retry.cancel, retry.stopService):
            retry.failed()
            retry.failed()
            self.assertEqual(len(self.clock.getDelayedCalls()), 1)
            end()
            self.assertEqual(self.clock.getDelayedCalls(), [])
