"""Tests of dispatch.balance.tally."""

from weakref import ref

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Loads
from dispatch.balance.tally import Tally
from dispatch.test.balance.make import roster


class TallyTests(SynchronousTestCase):
    def test_left(self) -> None:
        """One that has left the list goes on to count, and holds on to nobody who was told."""
        one = Tally(1)
        watcher = Loads(Lineup(roster(b"1 sip:a\n").sets[1], use_default=False), [one])
        gone = ref(watcher)
        one.leave()
        del watcher
        self.assertIsNone(gone())
        one.add(1)
        self.assertEqual((one.calls, one.is_gone), (1, True))

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
