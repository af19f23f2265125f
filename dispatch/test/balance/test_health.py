"""Tests of dispatch.balance.health."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health


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
