"""Tests of dispatch.balance.pace."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.pace import PAUSE, gently, lend_from, rest


class GentlyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.addCleanup(lend_from, None)
        self.loans: queue.SimpleQueue[tuple[float, Callable[[], None]] | None] = queue.SimpleQueue()

    def lend(self, seconds: float, lend: Callable[[], None]) -> None:
        self.loans.put((seconds, lend))

    def work(self, count: int) -> int:
        """Let a thread go through so many items, and lend it the time for it; how often that was."""
        found: list[int] = []

        def go_through() -> None:
            found.extend(gently(range(count)))
            rest()
            self.loans.put(None)

        thread = threading.Thread(target=go_through)
        thread.start()
        lent = 0
        while (loan := self.loans.get(timeout=60)) is not None:
            seconds, lend = loan
            self.assertEqual(seconds, PAUSE)
            lend()
            lent += 1
        thread.join()
        self.assertEqual(found, list(range(count)))
        return lent

    def test_in_slices(self) -> None:
        """A thread does long work in many slices that are lent to it, and all of it."""
        lend_from(self.lend)
        self.assertGreater(self.work(200_000), 1)
        self.assertEqual(self.work(0), 0)

    def test_between_two_loops(self) -> None:
        """What a thread does between two loops is done in the slice of the first, which ends when it says so."""
        waited: list[bool] = []

        def go_through() -> None:
            for _ in range(2):
                list(gently(range(5)))
            waited.append(lent.is_set())
            rest()

        lent = threading.Event()
        lend_from(self.lend)
        thread = threading.Thread(target=go_through)
        thread.start()
        loan = self.loans.get(timeout=60)
        assert loan is not None
        loan[1]()
        lent.set()
        thread.join()
        self.assertTrue(self.loans.empty())
        self.assertEqual(waited, [False])

    def test_nobody_lends(self) -> None:
        """Where nobody lends time, none is waited for."""
        self.assertEqual(self.work(20_000), 0)

    def test_in_the_main_thread(self) -> None:
        """The thread with the calls does not wait for itself."""
        lend_from(self.lend)
        self.assertEqual(list(gently(range(5))), list(range(5)))
        self.assertTrue(self.loans.empty())
