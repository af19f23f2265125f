"""Tests of `dispatch.sip.cseq`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import cseq


def _read(value: bytes) -> tuple[int, bytes]:
    return cseq.read(value, 0, len(value))


class CSeqTests(SynchronousTestCase):
    def test_number_and_method(self) -> None:
        """The method keeps its case; blanks between them may be many, and folded."""
        self.assertEqual(_read(b"1 INVITE"), (1, b"INVITE"))
        self.assertEqual(_read(b"0009\r\n\t iNVITE"), (9, b"iNVITE"))
        self.assertEqual(_read(b"0" * 5000 + b"7 !a~"), (7, b"!a~"))

    def test_range(self) -> None:
        """The number fits into 31 bits (RFC 3261 §8.1.1.5)."""
        self.assertEqual(_read(b"2147483647 BYE"), (2**31 - 1, b"BYE"))
        self.assertRaises(ParseError, _read, b"2147483648 BYE")
        self.assertRaises(ParseError, _read, b"9" * 5000 + b" BYE")

    def test_broken(self) -> None:
        """Number, blank and token, nothing else."""
        for text in (b"", b"1", b"1 ", b"INVITE", b"1INVITE", b"-1 BYE", b"1 B Y", b"1 BYE;x", b"1 <", b"a 1 BYE"):
            self.assertRaises(ParseError, _read, text)

    @given(st.binary())
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are a CSeq, or a ParseError."""
        for start in (b"", b"1 ", b"1"):
            try:
                number, _ = _read(start + text)
            except ParseError:
                continue
            self.assertLess(number, 2**31)
