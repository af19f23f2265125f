"""The benchmark of picking measures what it says it does."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import listfile
from dispatch.balance.algorithms import TABLE
from dispatch.balance.algorithms.priority import PRIORITY
from dispatch.script.calls import calls
from dispatch.test.bench import balance


class BalanceTests(SynchronousTestCase):
    def test_list(self) -> None:
        """Every line of the list is a destination of one set, with what each algorithm needs."""
        roster = listfile.parse(balance.text(300), "list", ())
        self.assertEqual((roster.problems, len(roster.sets[1])), ((), 300))
        wanted = {b"duid", b"weight", b"rweight", b"maxload"}
        self.assertEqual([one for one in roster.sets[1] if not wanted <= one.attributes.keys()], [])

    def test_everybody_picks(self) -> None:
        """Each algorithm finds a destination in what is measured."""
        one = balance.dispatcher(3)
        for call in calls(Random(1), 10):
            for algorithm in TABLE:
                self.assertIsNotNone(one.select(call, 1, algorithm), algorithm.name)

    def test_time(self) -> None:
        """A pick takes time, also from a request that was read before."""
        made = [call.message.raw for call in calls(Random(1), 5)]
        unread, read = balance.time_picks(PRIORITY, 3, made)
        self.assertGreater(min(unread, read), 0)
