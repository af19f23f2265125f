"""Tests of `dispatchctl top`; that it draws on a terminal is shown in dispatch.test.real.test_screen."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli import top
from dispatch.cli.top import Busy, Snapshot
from dispatch.control.commands.stats import Statistic
from dispatch.control.commands.traffic import Traffic


def statistic(uri: str, requests: int, failures: int = 0, *histogram: str, set: int = 1) -> Statistic:
    state = "AX" if uri else ""
    return Statistic(set, uri, state, requests, 0, failures, 0, *(-1,) * 10, histogram)


def snapshot(time: float, *statistics: Statistic, **traffic: Any) -> Snapshot:
    numbers = {"seconds": int(time), "requests": 0, "responses": 0, "malformed": 0, "refused": 0, "stray": 0}
    return Snapshot(time, Traffic(**{**numbers, "transactions": 0, **traffic}), statistics)


BEFORE = snapshot(
    10.0, statistic("a", 100, 1, "5: 10"), statistic("b", 50), statistic("", 150, 1, "5: 10"), requests=300
)
AFTER = snapshot(
    12.0,
    statistic("a", 160, 3, "5: 10", "50: 4"),
    statistic("b", 70),
    statistic("", 230, 3),
    requests=460,
    transactions=7,
)


class BusyTests(SynchronousTestCase):
    def test_differences(self) -> None:
        """Calls per second, share of the set, failures and times are those between the two moments."""
        self.assertEqual(
            top.busy(BEFORE, AFTER),
            [Busy(1, "a", "AX", 30.0, 75.0, 1.0, 50, 50), Busy(1, "b", "AX", 10.0, 25.0, 0.0, -1, -1)],
        )

    def test_a_new_one(self) -> None:
        """A destination that was not there before counts from nothing; one that began anew is never below 0."""
        one, other = top.busy(BEFORE, snapshot(11.0, statistic("a", 3), statistic("c", 4), statistic("", 7)))
        self.assertEqual((one.calls_per_second, other.calls_per_second), (0.0, 4.0))

    def test_rates(self) -> None:
        """What came in is per second too."""
        self.assertEqual(top.rates(BEFORE, AFTER)["requests"], 80.0)


class ScreenTests(SynchronousTestCase):
    def screen(self, lines: int) -> list[str]:
        return list(top.screen(BEFORE, AFTER, lines=lines, colour=False))

    def test_all(self) -> None:
        """There is a head, and a line for each destination, in the order of listings."""
        lines = self.screen(0)
        self.assertTrue(lines[0].startswith("per second: 80 requests, 0 responses"))
        self.assertIn("open transactions: 7", lines[1])
        self.assertEqual(
            [line.split() for line in lines[4:]],
            [["1", "a", "AX", "30", "75", "1", "50", "50"], ["1", "b", "AX", "10", "25", "0"]],
        )

    def test_a_small_screen(self) -> None:
        """Where not all have room, the busiest do, and how many are left out is said; no more lines than there are."""
        lines = self.screen(6)
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[4].split()[1], "a")
        self.assertEqual(lines[5], "and 1 that have less to do")

    def test_nothing(self) -> None:
        """Without a destination it says so."""
        self.assertEqual(list(top.screen(snapshot(1.0), snapshot(2.0), lines=0, colour=False))[-1], "no destinations")

    def test_for_programs(self) -> None:
        """The document has the same numbers."""
        found = top.document(BEFORE, AFTER)
        self.assertEqual((found["seconds"], found["transactions"]), (2.0, 7))
        self.assertEqual(found["destinations"][0]["share"], 75.0)


class IntervalTests(SynchronousTestCase):
    def test_seconds(self) -> None:
        """An interval is a number that a machine and a person can bear."""
        self.assertEqual(top._seconds("0.5"), 0.5)
        for text in ("0", "-1", "x", "nan", "1e9"):
            with self.assertRaises(ArgumentTypeError):
                top._seconds(text)
