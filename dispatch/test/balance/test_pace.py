"""Tests of dispatch.balance.pace."""

from __future__ import annotations

import threading

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.pace import gently


class GentlyTests(SynchronousTestCase):
    def test_the_same_items(self) -> None:
        """The items come as they are, in a thread too."""
        found: list[list[int]] = []
        thread = threading.Thread(target=lambda: found.append(list(gently(range(20_000)))))
        thread.start()
        thread.join()
        self.assertEqual(found, [list(range(20_000))])
        self.assertEqual(list(gently(range(5))), list(range(5)))
