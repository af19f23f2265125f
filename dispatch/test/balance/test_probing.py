"""Tests of dispatch.balance.probing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.change import PROBE, Change
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.probing import Probing
from dispatch.test.balance.make import dispatcher, lines, roster

STATES = "AX AP IX IP TX TP DX DP"
FLAGS = (0, 8, 1, 9, 2, 10, 4, 12)

# What a result makes of each state, by mode: after a good and after a bad one, v or ^ for the event; - is not probed.
RESULTS = {
    0: ("- AX - AX^ - AX - -", "- IXv - IX - IXv - -"),
    1: ("AP AP AP^ AP^ AP AP - -", "IPv IPv IP IP IPv IPv - -"),
    2: ("- - - AX^ - - - -", "- - - IP - - - -"),
    3: ("- AP - AP^ - AP - -", "- IPv - IP - IPv - -"),
}
# Five rounds with a probing threshold of 3 and an inactive threshold of 2: probes sent, and the states then. Recorded.
ROUNDS = (
    (0, 200, "0 1 0 2 0 1 0 0", "AX AX IX AX TX AX DX DP"),
    (0, 500, "0 1 0 1 0 1 0 0", "AX TX IX IX TX TX DX DP"),
    (1, 200, "5 5 5 5 5 5 0 0", "AP AP AP AP AP AP DX DP"),
    (1, 500, "5 5 5 5 5 5 0 0", "IP IP IP IP IP IP DX DP"),
    (2, 200, "0 0 0 2 0 0 0 0", "AX AP IX AX TX TP DX DP"),
    (2, 500, "0 0 0 5 0 0 0 0", "AX AP IX IP TX TP DX DP"),
    (3, 200, "0 5 0 5 0 5 0 0", "AX AP IX AP TX AP DX DP"),
    (3, 500, "0 5 0 5 0 5 0 0", "AX IP IX IP TX IP DX DP"),
)
EVENTS = {"down": "v", "up": "^", "": ""}


def shown(change: Change | None) -> str:
    return "-" if change is None else health.letters(change.after) + EVENTS[change.event]


def states(one: Dispatcher) -> str:
    return " ".join(health.letters(each.flags) for each in one.destinations())


class ModeTests(SynchronousTestCase):
    def test_results(self) -> None:
        """In each mode each state is probed or not, and a result makes of it what it makes in the original."""
        for mode, rows in RESULTS.items():
            for status, row in zip((200, 503), rows, strict=True):
                one = dispatcher(lines(*FLAGS))
                probing = Probing(one, mode=mode)
                found = [
                    shown(probing.answered(1, each.uri, status)) if probing.wants(each) else "-"
                    for each in one.destinations()
                ]
                self.assertEqual(" ".join(found), row, (mode, status))

    def test_rounds(self) -> None:
        """Five rounds send as many probes as was recorded, and lead to the same states."""
        for mode, status, sent, after in ROUNDS:
            one = dispatcher(lines(*FLAGS))
            one.probing_threshold, one.inactive_threshold = 3, 2
            probing = Probing(one, mode=mode)
            counts = [0] * len(FLAGS)
            for _ in range(5):
                for index, each in enumerate(one.destinations()):
                    if probing.wants(each):
                        counts[index] += 1
                        probing.answered(1, each.uri, status)
            self.assertEqual((" ".join(map(str, counts)), states(one)), (sent, after), (mode, status))

    def test_inactive(self) -> None:
        """While probing is switched off nobody is probed; any number but 0 switches it on."""
        one = dispatcher(lines(8))
        (only,) = one.destinations()
        probing = Probing(one, mode=1)
        for active, wanted in ((0, False), (7, True), (1, True)):
            probing.active = active
            self.assertEqual(probing.wants(only), wanted)


class ResultTests(SynchronousTestCase):
    def test_meanwhile(self) -> None:
        """A result for what a person disabled meanwhile, or what left the list, changes nothing."""
        one = dispatcher(lines(0))
        probing = Probing(one, mode=1)
        one.set_state(1, b"sip:gw0", health.DISABLED)
        for result in (probing.answered(1, b"sip:gw0", 200), probing.timed_out(1, b"sip:gw0")):
            self.assertIsNone(result)
        self.assertEqual(states(one), "DX")
        one.replace(roster(b"1 sip:other\n"))
        self.assertIsNone(probing.not_sent(1, b"sip:gw0"))
        self.assertIsNone(probing.timed_out(2, b"sip:gw0"))
        self.assertEqual(states(one), "AX")

    def test_unmarked_in_mode_3(self) -> None:
        """A result for what is no longer marked for probing is not taken in mode 3; in the others it is."""
        for mode, after in ((0, "IX"), (1, "IP"), (2, "IP"), (3, "AX")):
            one = dispatcher(lines(0))
            Probing(one, mode=mode).answered(1, b"sip:gw0", 503)
            self.assertEqual(states(one), after, mode)

    def test_after_a_reload(self) -> None:
        """A result counts for the destination that has set and URI now."""
        one = dispatcher(b"1 sip:a\n")
        probing = Probing(one, mode=1)
        one.replace(roster(b"1 sip:b\n1 sip:A\n"), keep_state=False)
        probing.answered(1, b"sip:a", 503)
        self.assertEqual([(each.uri, each.flags) for each in one.destinations()], [(b"sip:A", 9), (b"sip:b", 0)])

    def test_twins(self) -> None:
        """Of equal URIs in a set all are probed, and every result counts for the first."""
        one = dispatcher(b"1 sip:a 8 1\n1 sip:a 8 2\n")
        one.probing_threshold = 2
        probing = Probing(one, mode=1)
        self.assertEqual([probing.wants(each) for each in one.destinations()], [True, True])
        probing.answered(1, b"sip:a", 500)
        probing.answered(1, b"sip:a", 500)
        self.assertEqual(states(one), "IP AP")

    def test_silence(self) -> None:
        """No answer counts as 408 against the reply codes, unless silence is to be a failure whatever they say."""
        for codes, is_failure, after in (
            (b"", False, "IP"),
            (b"code=404", False, "IP"),
            (b"code=408", False, "AP"),
            (b"class=4", False, "AP"),
            (b"class=4", True, "IP"),
        ):
            one = dispatcher(lines(0))
            probing = Probing(one, mode=1, codes=codes, timeout_is_failure=is_failure)
            probing.timed_out(1, b"sip:gw0")
            self.assertEqual(states(one), after, codes)
        probing.answered(1, b"sip:gw0", 408)
        self.assertEqual(states(one), "AP")

    def test_not_sent(self) -> None:
        """A probe that can't be sent is a failure at once, even with class 5 accepted."""
        one = dispatcher(lines(0))
        Probing(one, mode=1, codes=b"class=5;class=4").not_sent(1, b"sip:gw0")
        self.assertEqual(states(one), "IP")

    def test_reasons(self) -> None:
        """What is told of a change says that a probe did it, and how."""
        one = dispatcher(lines(0))
        heard: list[str] = []
        one.observer = lambda change: heard.append(f"{change.cause}: {change.reason}")
        probing = Probing(one, mode=1)
        probing.answered(1, b"sip:gw0", 503, "Service Unavailable")
        probing.answered(1, b"sip:gw0", 200)
        probing.timed_out(1, b"sip:gw0", "probe not answered in time")
        self.assertEqual(
            heard,
            [
                f"{PROBE}: probe answered with 503 Service Unavailable",
                f"{PROBE}: probe answered with 200",
                f"{PROBE}: probe not answered in time",
            ],
        )


class RuntimeTests(SynchronousTestCase):
    def test_reply_codes(self) -> None:
        """Other codes hold from the next answer on; what can't be read, and nothing, leaves those before."""
        one = dispatcher(lines(0))
        probing = Probing(one, mode=1, codes=b"code=404")
        for codes, good in ((b"code=486", 486), (b"", 486), (b"class=4;", 486), (b"class=3", 302), (b"foo=1", 200)):
            try:
                probing.set_reply_codes(codes)
            except ValueError:
                self.assertEqual(codes, b"class=4;")
            found = [
                status for status in (200, 302, 404, 486) if shown(probing.answered(1, b"sip:gw0", status))[:2] == "AP"
            ]
            self.assertEqual(found, sorted({200, good}), codes)

    def test_thresholds(self) -> None:
        """Other thresholds hold from the next result on."""
        one = dispatcher(lines(0))
        probing = Probing(one, mode=1)
        one.probing_threshold = 3
        probing.timed_out(1, b"sip:gw0")
        probing.timed_out(1, b"sip:gw0")
        self.assertEqual(states(one), "TP")
        one.probing_threshold = 2
        probing.timed_out(1, b"sip:gw0")
        one.inactive_threshold = 2
        self.assertEqual(states(one), "IP")
        probing.answered(1, b"sip:gw0", 200)
        self.assertEqual(states(one), "IP")
        probing.answered(1, b"sip:gw0", 200)
        self.assertEqual(states(one), "AP")


class LatencyTests(SynchronousTestCase):
    def test_measured(self) -> None:
        """Answers of what is marked for probing are measured, bad ones too; 408 only counts as a timeout."""
        one = dispatcher(lines(0))
        (only,) = one.destinations()
        probing = Probing(one, mode=1, alpha=0.9)
        self.assertTrue(probing.measures)
        probing.answered(1, only.uri, 200, "OK", 7)  # not marked before the first result
        self.assertEqual(only.condition.latency.samples, 0)
        probing.answered(1, only.uri, 200, "OK", 12)
        probing.answered(1, only.uri, 503, "", 14)
        probing.answered(1, only.uri, 408, "", 500)
        probing.timed_out(1, only.uri)
        probing.not_sent(1, only.uri)
        latency = only.condition.latency
        self.assertEqual((latency.samples, latency.average, latency.timeouts), (2, 13.0, 2))

    def test_off(self) -> None:
        """Without `ds_ping_latency_stats` nothing is measured."""
        one = dispatcher(lines(8))
        (only,) = one.destinations()
        probing = Probing(one, mode=1)
        probing.answered(1, only.uri, 200, "OK", 12)
        probing.timed_out(1, only.uri)
        self.assertFalse(probing.measures)
        self.assertEqual((only.condition.latency.samples, only.condition.latency.timeouts), (0, 0))
