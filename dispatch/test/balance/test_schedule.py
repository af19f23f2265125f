"""Tests of dispatch.balance.schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.schedule import Schedule
from dispatch.test.balance.make import dispatcher, roster

_LOOK = 0.05


class Timeline:
    """A schedule looked at every 50 ms."""

    def __init__(self, text: bytes, interval: float = 30.0) -> None:
        self.one = dispatcher(text)
        self.schedule = Schedule(interval, Random(1))
        self.now = 100.0
        self.enrol()

    def enrol(self) -> None:
        for _ in self.schedule.enrol(self.one.groups, self.now):
            pass

    def run(self, seconds: float, most: int = 1000) -> list[tuple[float, bytes]]:
        """Who had a turn, and when."""
        seen = []
        for _ in range(round(seconds / _LOOK)):
            turns = self.schedule.due(self.now, most)
            seen += [(self.now, one.member.uri) for one in turns if one.member is not None]
            self.now += _LOOK
        return seen


def many(count: int) -> bytes:
    return b"".join(b"1 sip:192.0.2.1:%d\n" % (1000 + number) for number in range(count))


def times(seen: Sequence[tuple[float, bytes]], uri: bytes) -> list[float]:
    return [when for when, who in seen if who == uri]


class ScheduleTests(SynchronousTestCase):
    def test_at_once(self) -> None:
        """Ten destinations have their first turn within a quarter of a second."""
        seen = Timeline(many(10)).run(0.25)
        self.assertEqual(len({who for _, who in seen}), 10)
        self.assertEqual(len(seen), 10)

    def test_once_an_interval(self) -> None:
        """Each has one turn in each interval, never more than a tenth of it late."""
        seen = Timeline(b"1 sip:a\n2 sip:a\n", 30.0).run(300.0)
        self.assertEqual(len(seen), 20)
        for number, (when, _) in enumerate(seen):
            late = when - 100.0 - 30.0 * (number // 2)
            self.assertTrue(-0.001 <= late <= 3.2, late)

    def test_jitter(self) -> None:
        """Turns do not stay in step."""
        seen = times(Timeline(b"1 sip:a\n", 30.0).run(3000.0), b"sip:a")
        gaps = {round(later - earlier, 2) for earlier, later in pairwise(seen)}
        self.assertGreater(len(gaps), 10)

    def test_spread(self) -> None:
        """Ten thousand are spread over the interval, from the first round on: nowhere twice as many as on average."""
        line = Timeline(many(10_000))
        for _ in range(3):
            seen = line.run(30.0)
            counts = Counter(int(when) for when, _ in seen)
            self.assertLess(max(counts.values()), 2 * 10_000 / 30)
            self.assertLess(abs(len(seen) - 10_000), 1000)

    def test_late(self) -> None:
        """Who can't be taken at once is taken at the next look, and has no second turn for a whole interval missed."""
        line = Timeline(many(10), 1.0)
        line.now += 10.5
        self.assertEqual(len(line.run(_LOOK, most=4)), 4)
        self.assertEqual(len(line.run(_LOOK * 2, most=4)), 6)

    def test_a_new_list(self) -> None:
        """Who stays keeps its turns, who is new has its first one at once, and who is gone has none."""
        line = Timeline(b"1 sip:a\n1 sip:b\n")
        line.run(10.0)
        line.one.replace(roster(b"1 sip:c\n1 sip:A\n"))
        line.enrol()
        self.assertEqual(len(line.schedule), 2)
        seen = line.run(10.0)
        self.assertEqual([who for _, who in seen], [b"sip:c"])
        seen = line.run(60.0)
        self.assertEqual(Counter(who for _, who in seen), {b"sip:A": 2, b"sip:c": 2})
        self.assertTrue(130.0 <= times(seen, b"sip:A")[0] <= 133.2)

    def test_twins(self) -> None:
        """Equal URIs, in a set or in two, have turns of their own."""
        self.assertEqual(len(Timeline(b"1 sip:a\n1 sip:a\n2 sip:A\n").run(1.0)), 3)

    def test_a_little_at_a_time(self) -> None:
        """A long list is taken in steps, and one that comes before it is through takes its place."""
        line = Timeline(many(1200))
        steps = line.schedule.enrol(line.one.groups, line.now)
        self.assertEqual(sum(1 for _ in steps), 2)
        line.one.replace(roster(many(1100)))
        next(line.schedule.enrol(line.one.groups, line.now))
        line.one.replace(roster(many(10)))
        line.enrol()
        self.assertEqual(len(line.schedule), 10)
        self.assertEqual(len({who for _, who in line.run(60.0)}), 10)
