"""Tests of `dispatch.sip.max_forwards`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import max_forwards


class MaxForwardsTests(SynchronousTestCase):
    def test_number_and_place(self) -> None:
        """The number comes with the offsets of its digits, leading zeros included."""
        self.assertEqual(max_forwards.read(b"x: 0070", 3, 7), (70, 3, 7))
        self.assertEqual(max_forwards.read(b"0", 0, 1), (0, 0, 1))
        self.assertEqual(max_forwards.read(b"255", 0, 3), (255, 0, 3))

    def test_broken(self) -> None:
        """It is a number from 0 to 255 (RFC 3261 §20.22)."""
        for text in (b"", b"256", b"-1", b"7 0", b"70;x", b"x"):
            self.assertRaises(ParseError, max_forwards.read, text, 0, len(text))
