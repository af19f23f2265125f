"""Tests of dispatch.balance.algorithms.latency; what is expected was recorded from the original."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.algorithms.latency import LATENCY
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.selection import find_algorithm
from dispatch.test.balance.make import FakeRequest, dispatcher


def picks(one: Dispatcher, count: int = 1, algorithm: int = 13) -> list[str]:
    """The failover lists of so many requests, a letter for each destination."""
    found = [one.select(FakeRequest(), 1, find_algorithm(algorithm)) for _ in range(count)]
    return [b"".join(record.uri[4:] for record in each.records).decode() if each else "" for each in found]


class LatencyTests(SynchronousTestCase):
    def test_by_latency(self) -> None:
        """Those of the highest rank take turns, the slower ones follow; equal ones from the cursor on."""
        text = b"1 sip:a 0 30 latency=21\n1 sip:b 0 30 latency=91\n1 sip:c 0 30 latency=61\n1 sip:d 0 30 latency=19\n"
        one = dispatcher(text + b"1 sip:e 0 30 latency=32\n1 sip:f 0 30 latency=32\n1 sip:g 0 30\n")
        self.assertEqual(picks(one, 4), ["gdafecb", "dagfecb", "agdfecb", "gdafecb"])

    def test_as_high_as_the_priority(self) -> None:
        """A latency up to the priority costs nothing, and none costs the last point."""
        one = dispatcher(
            b"1 sip:a 0 10 latency=10\n1 sip:b 0 10 latency=20\n1 sip:c 0 9 latency=5\n1 sip:d 0 0 latency=1\n"
        )
        self.assertEqual(picks(one, 2), ["acbd", "acbd"])
        lines = b"1 sip:c 0 2\n1 sip:b 0 1\n1 sip:a 0 10 latency=%d\n"
        for latency, expected in ((99, "cab"), (10_000, "cab"), (70, "acb")):
            self.assertEqual(picks(dispatcher(lines % latency)), [expected])

    def test_without_priority(self) -> None:
        """A priority of 0 or less is never lowered."""
        text = b"1 sip:a 0 0 latency=50\n1 sip:b 0 0\n1 sip:c 0 1 latency=5\n1 sip:d 0 2147483649 latency=5\n"
        self.assertEqual(picks(dispatcher(text + b"1 sip:e 0 4294967295 latency=3\n"), 2), ["cbaed", "cbaed"])

    def test_the_cursor(self) -> None:
        """The cursor is that of round robin, and goes on from whoever was picked, whatever the rank."""
        one = dispatcher(b"".join(b"1 sip:%c 0 5\n" % letter for letter in b"abcd"))
        self.assertEqual(picks(one, 1, 4) + picks(one, 2) + picks(one, 1, 4) + picks(one, 1, 5) + picks(one), [
            "dcba", "cbad", "badc", "adcb", "dcba", "cbad",
        ])  # fmt: skip
        text = b"1 sip:a 0 9 latency=5\n1 sip:b 0 5 latency=1\n1 sip:c 0 5\n1 sip:d 0 6 latency=7\n"
        one = dispatcher(text + b"1 sip:e 0 5\n1 sip:f 0 5\n")
        self.assertEqual(picks(one, 2), ["adfecb", "adfecb"])
        one.set_state(1, b"sip:a", health.INACTIVE)
        self.assertEqual(picks(one, 7), ["dfecb", "fecbd", "ecbdf", "cbdfe", "bdfec", "dfecb", "fecbd"])
        one.set_state(1, b"sip:a", 0)
        self.assertEqual(picks(one, 3), ["aecbdf", "adfecb", "adfecb"])

    def test_nobody(self) -> None:
        """When nobody can be taken there is no destination, and the cursor stays."""
        one = dispatcher(b"1 sip:a\n1 sip:b\n")
        picks(one)
        one.set_states(1, health.INACTIVE)
        self.assertEqual((picks(one), one.groups[1].turn.cursor), ([""], 1))

    def test_default(self) -> None:
        """The default comes last, and first only when no other can be taken."""
        one = dispatcher(b"1 sip:a 0 1\n1 sip:b 0 9\n1 sip:c 0 9\n", use_default=1)
        self.assertEqual(picks(one, 3), ["cba", "bca", "cba"])
        one.set_states(1, health.INACTIVE)
        self.assertEqual(picks(one), [""])
        one.set_state(1, b"sip:a", 0)
        self.assertEqual(picks(one), ["a"])

    def test_measured(self) -> None:
        """What probes measure counts from the next request on."""
        one = dispatcher(b"1 sip:a 0 10\n1 sip:b 0 10\n")
        self.assertEqual(picks(one, 2), ["ba", "ab"])
        self.assertTrue(one.measured(1, b"sip:b", 50, 0.9))
        self.assertEqual(picks(one, 2), ["ab", "ab"])
        self.assertFalse(one.measured(1, b"sip:c", 50, 0.9) or one.measured(2, b"sip:a", 50, 0.9))

    def test_congestion(self) -> None:
        """With ``cc=1`` only what comes on top of the usual latency counts."""
        one = dispatcher(b"1 sip:a 0 10 latency=50;cc=1\n1 sip:b 0 9\n")
        self.assertEqual(picks(one), ["ab"])
        for _ in range(20):
            one.measured(1, b"sip:a", 250, 0.5)
        self.assertEqual(picks(one), ["ba"])

    def test_row(self) -> None:
        """It is algorithm 13."""
        self.assertIs(find_algorithm(13), LATENCY)
