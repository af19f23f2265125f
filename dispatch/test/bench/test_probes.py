"""Tests of the benchmark of probing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.bench.probes import alone


class AloneTests(SynchronousTestCase):
    def test_figures(self) -> None:
        """A small list gives figures of the same form as a long one."""
        found = alone(10, 5, 4)
        self.assertEqual((found["destinations"], found["dead"]), (10, 4))
        self.assertGreater(found["us_per_probe"], 0)
        self.assertGreaterEqual(found["longest_look_ms"], found["p99_look_ms"])
