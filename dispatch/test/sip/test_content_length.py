"""Tests of `dispatch.sip.content_length`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import content_length


class ContentLengthTests(SynchronousTestCase):
    def test_number(self) -> None:
        """Leading zeros say nothing."""
        self.assertEqual(content_length.read(b"l: 00150", 3, 8), 150)
        self.assertEqual(content_length.read(b"0", 0, 1), 0)

    def test_broken(self) -> None:
        """It is made of digits, and not of thousands of them."""
        for text in (b"", b"-999", b"+1", b"1 2", b"1,1", b"0x10", b"1.0", b"9" * 5000, b"\xb2"):
            self.assertRaises(ParseError, content_length.read, text, 0, len(text))
