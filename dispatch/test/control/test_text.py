"""Tests of dispatch.control.text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.text import printable, to_bytes, to_text


class TextTests(SynchronousTestCase):
    @given(st.binary())
    def test_nothing_is_lost(self, raw: bytes) -> None:
        """Any bytes come back from the text that they were made."""
        self.assertEqual(to_bytes(to_text(raw)), raw)

    @given(st.binary())
    def test_a_terminal_acts_on_nothing(self, raw: bytes) -> None:
        """Whatever the bytes were, what is shown has printable characters only."""
        self.assertTrue(printable(to_text(raw)).isprintable())

    def test_escapes(self) -> None:
        """Control characters, bytes that are no UTF-8 and what turns the direction of text are shown as numbers."""
        self.assertEqual(printable(to_text("é\x1b[2J\n\u202e".encode() + b"\xff")), "é\\x1b[2J\\x0a\\u202e\\xff")
