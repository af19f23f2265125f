"""Tests of dispatch.sip.grammar: what the patterns take, and that nobody can keep them busy.

That they give the same answers as the full reader is tested in test_agreement.
"""

from __future__ import annotations

import re
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import grammar

_MANY: Final = 50_000  # a pattern that looks at its input over and over would not come back from so many

# By pattern: how its match begins, and what is then repeated until it fails at the end.
_HOSTILE: Final[dict[str, tuple[tuple[bytes, bytes], ...]]] = {
    "TOKEN": ((b"", b"a"), (b"", b"a-")),
    "VIA": (
        *((b"SIP/2.0/", b"A"), (b"SIP/2.0/UDP ", b"a"), (b"SIP/2.0/UDP ", b"a.-")),
        *((b"SIP/2.0/UDP [", b":"), (b"SIP/2.0/UDP a:", b"1"), (b"SIP/2.0/UDP a", b";a")),
        *(
            (b"SIP/2.0/UDP a", b";a=b"),
            (b"SIP/2.0/UDP a;a", b"a"),
            (b"SIP/2.0/UDP a,", b" "),
        ),
    ),
    "FROM": (
        *((b" ", b"a"), (b" ", b"a "), (b" ", b" "), (b' "', b"a"), (b" <", b"a"), (b" <a>;tag=", b"a")),
        *((b' "" <', b":"), (b" <a", b">;tag=a")),
    ),
    "ROUTE": (
        (b" <", b"a"),
        (b" <a>", b";a"),
        (b" <a>", b";a=b"),
        (b" <a>;", b"a"),
        (b" <a>;a=", b"a"),
        (b"<a>", b";"),
    ),
    "URI": (
        *(
            (b"sip:", b"a"),
            (b"sip:", b"a@"),
            (b"sip:", b"a."),
            (b"sip:a:", b"1"),
            (b"sip:a", b";a"),
            (b"sip:a", b";a=b"),
        ),
        *((b"sip:a;", b"a"), (b"sip:a;a=", b"a"), (b"sips:", b"%")),
    ),
}


class HostileTests(SynchronousTestCase):
    def test_nobody_keeps_them_busy(self) -> None:
        """Input of any length that nearly matches is given up after one look: this test comes to its end."""
        for name, inputs in _HOSTILE.items():
            pattern: re.Pattern[bytes] = getattr(grammar, name)
            for start, repeated in inputs:
                for end in (b"", b"\0", b'"', b"\r\n", b" \r\n\0"):
                    text = start + repeated * _MANY + end
                    pattern.match(text)
                    pattern.fullmatch(text)

    def test_each_pattern_is_tried(self) -> None:
        """No pattern of the grammar is left out above."""
        patterns = {name for name, value in vars(grammar).items() if isinstance(value, re.Pattern)}
        self.assertEqual(set(_HOSTILE), patterns)


class TakenTests(SynchronousTestCase):
    """The patterns are for the usual; what they leave is for the full reader."""

    def assert_takes(self, pattern: re.Pattern[bytes], taken: tuple[bytes, ...], left: tuple[bytes, ...]) -> None:
        for text in taken:
            self.assertIsNotNone(pattern.fullmatch(text), text)
        for text in left:
            self.assertIsNone(pattern.fullmatch(text), text)

    def test_ports(self) -> None:
        """A port in a Via is 1 to 65535, without a leading zero; nothing else is left half read."""
        for number in (1, 999, 5060, 9999, 10_000, 59_999, 60_000, 64_999, 65_499, 65_529, 65_535):
            self.assert_takes(grammar.VIA, (b"SIP/2.0/UDP a:%d\r\n" % number,), ())
        for number in (65_536, 65_540, 65_600, 66_000, 70_000, 99_999, 100_000):
            self.assert_takes(grammar.VIA, (), (b"SIP/2.0/UDP a:%d\r\n" % number,))

    def test_name_addr(self) -> None:
        """From is taken with angle brackets, and a tag as the only parameter."""
        self.assert_takes(
            grammar.FROM,
            (
                b" <sip:a>\r\n",
                b"<sip:a>;tag=b\r\n",
                b' "A, B" <sip:a>\r\n',
                b" A B <sip:a>\r\n",
            ),
            (
                *(b" sip:a\r\n", b" <sip:a> ;tag=b\r\n", b' "A\\"" <sip:a>\r\n'),
                *(b" <sip:a>;x;tag=b\r\n", b" <sip:a>;tag=b;x\r\n", b" <sip:a>;TAG=b\r\n"),
                *(b" <sip:a\r\n", b" <>\r\n"),
            ),
        )

    def test_uri(self) -> None:
        """A URI is taken when there is nothing in it to look at twice."""
        self.assert_takes(
            grammar.URI,
            (b"sip:a", b"sip:bob@a.b:5061", b"sip:192.0.2.1:5060;transport=udp;lr", b"sip:b%40c@a"),
            (
                b"SIP:a",
                b"sip:",
                b"sip:a:0",
                b"sip:[::1]",
                b"sip:a?b=c",
                b"sip:a:pw@b",
                b"sip:a@b@c",
                b"tel:1",
                b"sips:bob@a.b:5061",
                b"sip:a;",
            ),
        )
