"""Tests of dispatch.balance.conduct."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.conduct import Conduct


class ShareTests(SynchronousTestCase):
    def test_it_grows(self) -> None:
        """In a slow start it takes a tenth at once, then its part of the time, and all at the end."""
        one = Conduct()
        self.assertEqual((one.share(5.0), one.is_eased), (1.0, False))
        one.warm_since, one.warm_for = 100.0, 20.0
        self.assertTrue(one.is_eased)
        self.assertEqual([one.share(now) for now in (100.0, 101.0, 110.0, 115.0, 200.0)], [0.1, 0.1, 0.5, 0.75, 1.0])
