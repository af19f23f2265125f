"""Tests of dispatch.balance.pace."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.pace import gently, lend_from


class GentlyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.addCleanup(lend_from, None)
        self.loans: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def work(self, count: int) -> int:
        """Let a thread go through so many items, and lend it the time for it; how often that was."""
        found: list[int] = []

        def go_through() -> None:
            found.extend(gently(range(count)))
            self.loans.put(None)

        thread = threading.Thread(target=go_through)
        thread.start()
        lent = 0
        while (lend := self.loans.get(timeout=60)) is not None:
            lend()
            lent += 1
        thread.join()
        self.assertEqual(found, list(range(count)))
        return lent

    def test_in_slices(self) -> None:
        """A thread does long work in many slices that are lent to it, and all of it."""
        lend_from(self.loans.put)
        self.assertGreater(self.work(200_000), 1)
        self.assertEqual(self.work(0), 1)

    def test_nobody_lends(self) -> None:
        """Where nobody lends time, none is waited for."""
        self.assertEqual(self.work(20_000), 0)

    def test_in_the_main_thread(self) -> None:
        """The thread with the calls does not wait for itself."""
        lend_from(self.loans.put)
        self.assertEqual(list(gently(range(5))), list(range(5)))
        self.assertTrue(self.loans.empty())
