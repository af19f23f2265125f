"""Tests of `dispatch.sip.option_tags`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import option_tags


def _read(value: bytes) -> tuple[bytes, ...]:
    return option_tags.read(value, 0, len(value))


class OptionTagsTests(SynchronousTestCase):
    def test_list(self) -> None:
        """Tags are lower case, blanks around commas don't count, and an empty value has none."""
        self.assertEqual(_read(b"100rel ,Timer,\r\n sec-agree"), (b"100rel", b"timer", b"sec-agree"))
        self.assertEqual(_read(b""), ())

    def test_broken(self) -> None:
        """Between commas is one token."""
        for text in (b",", b"a,", b",a", b"a,,b", b"a b", b"a;b", b'"a"', b"a\x00"):
            self.assertRaises(ParseError, _read, text)
