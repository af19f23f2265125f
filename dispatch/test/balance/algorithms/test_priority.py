"""Tests of dispatch.balance.algorithms.priority."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.priority import PRIORITY
from dispatch.test.balance.make import FakeRequest, dispatcher, turn


class PriorityTests(SynchronousTestCase):
    def test_always_the_first(self) -> None:
        """The first member is picked, wherever the cursor is."""
        self.assertEqual(PRIORITY.pick(turn(0, 0, 0, cursor=2), FakeRequest()), 0)

    def test_highest_first(self) -> None:
        """The highest priority is in use, the others follow in order."""
        one = dispatcher(b"1 sip:low\n1 sip:high 0 9\n1 sip:middle 0 5\n1 sip:down 1 20\n")
        selection = one.select(FakeRequest(), 1, PRIORITY)
        assert selection is not None
        self.assertEqual([each.uri for each in selection.records], [b"sip:high", b"sip:middle", b"sip:low"])
