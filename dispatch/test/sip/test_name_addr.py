"""Tests of `dispatch.sip.name_addr`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import name_addr
from dispatch.sip.name_addr import NameAddr


def _read(value: bytes) -> NameAddr:
    return name_addr.read(value, 0, len(value))


class NameAddrTests(SynchronousTestCase):
    def test_addresses(self) -> None:
        """The address is found behind any display name, and without one; the tag is the header's parameter."""
        for text, uri, tag in (
            (b"<sip:a@h>", b"sip:a@h", None),
            (b"<sip:a@h;tag=no>;tag=yes", b"sip:a@h;tag=no", b"yes"),
            (b"sip:a@h;tag=1", b"sip:a@h", b"1"),
            (b"sip:a@h;user=phone ; TAG = 1", b"sip:a@h", b"1"),
            (b"sip:a@h;x=<b>", b"sip:a@h", None),
            (b"A. B!  C<sip:a@h>", b"sip:a@h", None),
            (b"\xc3\xa9t\xc3\xa9 <sip:a@h>;tag=1", b"sip:a@h", b"1"),
            (b'"<sip:no@no>" <sip:yes@yes>', b"sip:yes@yes", None),
            (b'"a\\" <sip:no>, ;"\r\n <sip:a,b?c@h>;x="y;tag=no";tag=1', b"sip:a,b?c@h", b"1"),
            (b"A\r\n B <sip:a@h>\r\n ;tag=1", b"sip:a@h", b"1"),
            (b"tel:+1;tag=1;tag=2", b"tel:+1", b"1"),
            (b"<sip:a>;tag=;lr", b"sip:a", None),
            (b"<sip:a>;tag", b"sip:a", None),
            (b"<sip:a>;other=tag", b"sip:a", None),
        ):
            found = _read(text)
            self.assertEqual((found.uri, found.tag), (uri, tag), text)

    def test_broken(self) -> None:
        """Quotes and brackets must be closed, and nothing unknown may be between or behind."""
        for text in (
            *(
                b"",
                b"<",
                b"<>",
                b"<sip:a",
                b"sip:a>",
                b"a <sip:b",
                b'"a <sip:b>',
                b'"a" sip:b',
                b'"a"',
                b'"a',
                b'"a"b <sip:c>',
            ),
            *(
                b"a, b <sip:c>",
                b"a@b <sip:c>",
                b'a "b" <sip:c>',
                b"a\\b <sip:c>",
                b"<sip:a>b",
                b"<sip:a> b",
                b"<sip:a>,<sip:b>",
            ),
            *(
                b"< sip:a>",
                b"<sip:a >",
                b"<sip:a b>",
                b"<sip:a\r\n >",
                b"<a<b>",
                b'<a"b>',
                b"sip:a b",
                b'sip:a"',
                b"sip:a\x0b",
            ),
            *(
                b"<sip:a>;",
                b"<sip:a>;;x",
                b"<sip:a>;=x",
                b"<sip:a>;a b",
                b"<sip:a>;x=a=b",
                b'<sip:a>;x="',
                b'<sip:a>;x="a"b',
            ),
        ):
            self.assertRaises(ParseError, _read, text)

    def test_long_names(self) -> None:
        """A long display name without an address behind it is read once, not over and over."""
        self.assertRaises(ParseError, _read, b"a " * 20000 + b"@ <sip:a>")

    @given(st.binary())
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are an address, or a ParseError."""
        for start in (b"", b"<", b"sip:a;", b'"'):
            try:
                found = _read(start + text)
            except ParseError:
                continue
            self.assertIn(found.uri, start + text)
