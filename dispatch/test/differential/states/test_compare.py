"""Tests of dispatch.test.differential.states: what is drawn, and what becomes of a difference."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.differential.states import ours
from dispatch.test.differential.states.compare import difference, shrink
from dispatch.test.differential.states.courses import Run, draw_run
from dispatch.test.differential.states.trace import Trace


def _impatient(run: Run) -> list[Trace]:
    """As if one good answer more were needed."""
    threshold = run.params.get("ds_inactive_threshold", 1)
    return ours.trace(replace(run, params={**run.params, "ds_inactive_threshold": max(threshold, 1) + 1}))


class DrawTests(SynchronousTestCase):
    def test_seed(self) -> None:
        """The same seed draws the same run, another one another."""
        one = draw_run(Random("a"), 1, 5, 10)
        self.assertEqual(draw_run(Random("a"), 1, 5, 10), one)
        self.assertNotEqual(draw_run(Random("b"), 1, 5, 10), one)

    def test_shape(self) -> None:
        """A course has a step for each round, and nothing is read again before the first."""
        run = draw_run(Random("a"), 1, 5, 10)
        self.assertEqual((len(run.rounds), len(run.courses)), (5, 10))
        self.assertEqual({len(course) for course in run.courses}, {5})
        self.assertFalse(run.rounds[0].reload)


class DifferenceTests(SynchronousTestCase):
    def test_same(self) -> None:
        """A run goes the same way twice, so that a difference is one."""
        run = draw_run(Random("a"), 1, 4, 20)
        self.assertIsNone(difference(run, ours.trace(run), ours.trace(run)))

    def test_small(self) -> None:
        """A threshold that is one too high is found; what is left is one destination that comes back, or does not."""
        run = draw_run(Random("a"), 1, 4, 20)
        found = difference(run, ours.trace(run), _impatient(run))
        assert found is not None
        small = shrink(found, ours.trace, _impatient)
        (course,) = small.run.courses
        self.assertLessEqual(sum(len(step.commands) + 1 for step in course), 2)
        self.assertEqual(dict(small.run.params), {"ds_probing_mode": 1})
        self.assertIn(" up   but with us: ", small.spell())
