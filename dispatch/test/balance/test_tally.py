"""Tests of dispatch.balance.tally."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.tally import Tally


class TallyTests(SynchronousTestCase):
    def test_never_below_none(self) -> None:
        """There are never fewer than no calls."""
        one = Tally(1)
        one.add(-1)
        one.add(1)
        self.assertEqual(one.calls, 1)

    def test_told(self) -> None:
        """The last one that asked to be told is told each number, with its index."""
        told = []

        class Watcher:
            def changed(self, index: int, calls: int) -> None:
                told.append((self, index, calls))

        one, first, second = Tally(1), Watcher(), Watcher()
        one.tell(first, 3)
        one.add(1)
        one.tell(second, 4)
        one.add(1)
        self.assertEqual(told, [(first, 3, 1), (second, 4, 2)])
