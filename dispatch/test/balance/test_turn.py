"""Tests of dispatch.balance.turn."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.balance.make import turn


class TurnTests(SynchronousTestCase):
    def test_a_clone_goes_on_alone(self) -> None:
        """A clone gives what the turn will give, and moves nothing of it."""
        one = turn(0, 0, 0, 0, 0, use_default=True, cursor=2)
        clone = one.clone()
        foretold = [clone.random.random() for _ in range(3)]
        clone.cursor = 4
        self.assertEqual((one.cursor, one.size, one.choices), (2, 5, 4))
        self.assertEqual((clone.size, clone.choices), (5, 4))
        self.assertEqual([one.random.random() for _ in range(3)], foretold)
