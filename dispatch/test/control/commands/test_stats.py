"""Tests of `stats` and `traffic`."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.counts import Counts
from dispatch.balance.statistics import Statistics
from dispatch.cli.ctl import shown
from dispatch.control.commands.stats import STATS, run
from dispatch.control.commands.traffic import TRAFFIC, Traffic
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import Steered
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import request


class StatsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(b"1 sip:a 0 9\n1 sip:b\n2 sip:c\n")
        self.control = self.steered.control()
        first, second = (one.condition for one in self.steered.dispatcher.groups[1].members)
        first.selected, first.failures, first.ejected = 7, 2, 1
        second.selected, second.failovers = 3, 2
        self.counts = first.counts = Counts()
        self.counts.answers, self.counts.timeouts = [4, 0, 1, 0, 0], 2
        self.counts.answered_after(0.004)

    def count(self) -> None:
        self.steered.dispatcher.statistics = Statistics(lambda: 0.0)

    def test_without_statistics(self) -> None:
        """What is always counted is there, for each destination and the set; the rest is -1, and has no column."""
        rows = list(run(self.control, 1))
        self.assertEqual(
            [(one.uri, one.requests, one.failovers, one.failures, one.ejections) for one in rows],
            [("sip:a", 7, 0, 2, 1), ("sip:b", 3, 2, 0, 0), ("", 10, 2, 2, 1)],
        )
        self.assertEqual({(one.answers_2xx, one.timeouts, one.p50, one.histogram) for one in rows}, {(-1, -1, -1, ())})
        self.assertNotIn("2XX", next(iter(shown(STATS, rows))))

    def test_with_statistics(self) -> None:
        """Answers, timeouts and times come where they are counted; a set has the sum."""
        self.count()
        first, second, both = run(self.control, 1)
        self.assertEqual((first.answers_2xx, first.answers_4xx, first.timeouts), (4, 1, 2))
        self.assertEqual((first.p50, first.p99, first.histogram), (5, 5, ("5: 1",)))
        self.assertEqual((second.answers_2xx, second.p50, second.histogram), (0, -1, ()))
        self.assertEqual(both, replace(first, uri="", state="", requests=10, failovers=2))

    def test_sets(self) -> None:
        """Without a set all are there, each behind its destinations; one that is not there is an error."""
        self.assertEqual([one.uri for one in run(self.control)].count(""), 2)
        with self.assertRaises(UnknownDestination):
            run(self.control, 3)


class TrafficTests(SynchronousTestCase):
    def test_numbers(self) -> None:
        """They are those of the engine."""
        farm = Farm()
        farm.receive(request())
        farm.receive(b"nonsense\r\n\r\n")
        control = replace(Steered(b"1 sip:a\n").control(), engine=farm.engine)
        traffic = TRAFFIC.run(control)
        self.assertEqual(traffic, Traffic(60, 1, 0, 1, 0, 0, 2))
        self.assertIn("1 requests and 0 responses in 60 s; 1 malformed", TRAFFIC.sentence(traffic))
