"""Tests of dispatch.balance.health."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.health import Condition, update
from dispatch.balance.latency import Latency
from dispatch.balance.tally import Tally


class LettersTests(SynchronousTestCase):
    def test_precedence(self) -> None:
        """I goes before D, D before T, T before A, and P stands beside any of them."""
        shown = {0: "AX", 1: "IX", 2: "TX", 3: "IX", 4: "DX", 5: "IX", 6: "DX", 8: "AP", 10: "TP", 16: "AX", 255: "IP"}
        self.assertEqual({flags: health.letters(flags) for flags in shown}, shown)

    def test_reason(self) -> None:
        """Only inactive and disabled keep a destination from being picked."""
        self.assertEqual(
            [health.reason(flags) for flags in (0, 1, 2, 4, 8, 16)], ["", "inactive", "", "disabled", "", ""]
        )


class MarkedTests(SynchronousTestCase):
    def test_letters(self) -> None:
        """Letters add up in any case, and an ``a`` takes back what stands before it."""
        meant = {b"i": 1, b"TP": 10, b"pa": 0, b"ap": 8, b"ia": 0, b"dp": 12, b"it": 3, b"td": 6}
        self.assertEqual({state: health.marked(state) for state in meant}, meant)

    def test_none(self) -> None:
        """No letters stand for inactive, in probing mode 1 for probing too."""
        self.assertEqual([health.marked(b"", mode) for mode in (0, 1, 2, 3)], [1, 9, 1, 1])

    def test_unknown(self) -> None:
        """Any other letter, a digit too, is refused."""
        for state in (b"x", b"ix", b"1", b"i "):
            with self.assertRaisesRegex(ValueError, "unknown"):
                health.marked(state)


# Requested state, by column; what becomes of the state before, by row: letters, and v or ^ where an event is due, once
# with thresholds of 1 and once with thresholds of 3. Recorded from the original.
COLUMNS = {"a": 0, "ap": 8, "p": 8, "i": 1, "ip": 9, "t": 2, "tp": 10, "d": 4, "dp": 12, "td": 6, "it": 3}
AT_ONCE = {
    "AX": "AX AP AP IXv IPv IXv IPv DXv DXv IXv IXv",
    "AP": "AX AP AP IXv IPv IXv IPv DXv DXv IXv IXv",
    "TX": "AX AP AP IXv IPv IXv IPv DXv DXv IXv IXv",
    "IX": "AX^ AP^ AP^ IX IP IX IP DX DX DX IX",
    "IP": "AX^ AP^ AP^ IX IP IX IP DX DX DX IX",
    "DX": "AX^ AP^ AP^ IX IP IX IP DX DX IX IX",
}
COUNTED = {
    "AX": "AX0 AP0 AP0 IXv0 IPv0 TX1 TP1 DXv0 DXv0 DXv1 IXv1",
    "TP": "AX0 AP0 AP0 IXv0 IPv0 TX1 TP1 DXv0 DXv0 DXv1 IXv1",
    "IX": "IX1 IP1 IP1 IX1 IP1 IX0 IP0 IX1 IX1 DX0 IX0",
    "IP": "IP1 IP1 IP1 IP1 IP1 IX0 IP0 IP1 IP1 DX0 IX0",
    "DX": "AX^0 AP^0 AP^0 IX0 IP0 TX^1 TP^1 DX0 DX0 DX1 IX1",
}
EVENTS = {"down": "v", "up": "^", "": ""}
BITS = {"A": 0, "I": 1, "T": 2, "D": 4, "X": 0, "P": 8}


def updated(before: str, requested: int, threshold: int) -> str:
    """What becomes of a state: letters and event; with a threshold above 1 the count too."""
    condition = Condition(sum(BITS[letter] for letter in before), Tally(1), Latency())
    after = update(condition, requested, probing_threshold=threshold, inactive_threshold=threshold)
    shown = health.letters(after) + EVENTS[health.event(condition.flags, after)]
    return shown if threshold <= 1 else shown + str(condition.failed)


class UpdateTests(SynchronousTestCase):
    def test_at_once(self) -> None:
        """With thresholds of 1, or none, each state becomes what was recorded."""
        for before, row in AT_ONCE.items():
            for threshold in (1, 0, -1):
                self.assertEqual(" ".join(updated(before, bits, threshold) for bits in COLUMNS.values()), row, before)

    def test_counted(self) -> None:
        """Below higher thresholds failures and successes are counted."""
        for before, row in COUNTED.items():
            self.assertEqual(" ".join(updated(before, bits, 3) for bits in COLUMNS.values()), row, before)

    def test_thresholds(self) -> None:
        """The third failure makes it inactive, the second success active again; what comes between starts anew."""
        condition = Condition(0, Tally(1), Latency())
        seen = []
        for requested in (2, 2, 0, 2, 2, 2, 0, 0, 1):
            condition.flags = update(condition, requested, probing_threshold=3, inactive_threshold=2)
            seen.append(health.letters(condition.flags))
        self.assertEqual(seen, ["TX", "TX", "AX", "TX", "TX", "IX", "IX", "AX", "IX"])

    def test_bits(self) -> None:
        """Higher bits stay, the one against looking up names goes."""
        condition = Condition(64 | 16, Tally(1), Latency())
        self.assertEqual(update(condition, 8, probing_threshold=1, inactive_threshold=1), 64 | 8)


class CommandedTests(SynchronousTestCase):
    def test_states(self) -> None:
        """The first letter decides, probing counts behind it, and not for disabled."""
        meant = {b"a": 0, b"I": 1, b"ip": 9, b"tP": 10, b"dp": 4, b"0": 1, b"1p": 8, b"2": 4, b"3": 2, b"axxx": 0}
        self.assertEqual({state: health.commanded(state) for state in meant}, meant)

    def test_unknown(self) -> None:
        """What names no state is refused; ``pa`` too."""
        for state in (b"", b"x", b"pa", b"4"):
            with self.assertRaisesRegex(ValueError, "unknown"):
                health.commanded(state)

    def test_higher_bits_stay(self) -> None:
        """A command replaces the five state bits and leaves the others."""
        self.assertEqual(health.replaced(0b1_1011_1111, health.INACTIVE), 0b1_1010_0001)
