"""Tests of `dispatch.sip.route_set`."""

from __future__ import annotations

from itertools import chain, combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import route_set
from dispatch.sip.message import Message, splice
from dispatch.sip.route_set import Entry

_REST = b"Max-Forwards: 70\r\n\r\n"
_LAYOUTS = (
    b"Route: <sip:a>\r\nRoute: <sip:b>\r\nRoute: <sip:c>\r\nRoute: <sip:d>\r\n",
    b"Route: <sip:a>, <sip:b>,<sip:c> , <sip:d>\r\n",
    b'Route: <sip:a>;x=",",\r\n <sip:b>\r\nTo: <sip:x>\r\nroute :\r\n\t"C, D" <sip:c>;lr , \r\n <sip:d>\r\n \r\n',
    b"Route: <sip:a>\r\nX: y\r\nRoute: <sip:b>, <sip:c>\r\nRoute: <sip:d>;lr\r\n",
)


def _read(value: bytes) -> list[Entry]:
    raw = b"Route: " + value + b"\r\n"
    return route_set.read(raw, 7, len(raw) - 2, (0, len(raw)))


class RouteSetTests(SynchronousTestCase):
    def test_list(self) -> None:
        """Commas in quotes and brackets divide nothing."""
        found = _read(b'<sip:a;lr>, "B, <sip:no>" <sip:b,b;x>;p="," ,C <sip:c>')
        self.assertEqual([one.uri for one in found], [b"sip:a;lr", b"sip:b,b;x", b"sip:c"])
        raw = b'Route: <sip:a;lr>, "B, <sip:no>" <sip:b,b;x>;p="," ,C <sip:c>'
        self.assertEqual(
            [raw[one.start : one.stop] for one in found],
            [b"<sip:a;lr>", b'"B, <sip:no>" <sip:b,b;x>;p=","', b"C <sip:c>"],
        )

    def test_broken(self) -> None:
        """Each value is an address in brackets."""
        for text in (
            b"",
            b"sip:a",
            b"<sip:a>,",
            b",<sip:a>",
            b"<sip:a>,,<sip:b>",
            b"<sip:a> <sip:b>",
            b"<sip:a>, sip:b",
        ):
            self.assertRaises(ParseError, _read, text)

    def test_cuts(self) -> None:
        """Whichever values are cut out, the others are left, in the same order, and no empty header remains."""
        for layout in _LAYOUTS:
            raw = b"BYE sip:x SIP/2.0\r\n" + layout + _REST
            message = Message(raw, usual=False)
            entries = message.routes
            for gone in chain.from_iterable(combinations(range(4), size) for size in range(5)):
                spans = route_set.cuts(raw, entries, gone)
                left = Message(splice(raw, [(start, stop, b"") for start, stop in spans]), usual=False)
                expected = [one.uri for index, one in enumerate(entries) if index not in gone]
                self.assertEqual([one.uri for one in left.routes], expected, (layout, gone))
                self.assertEqual(left.max_forwards is None, message.max_forwards is None)
                self.assertEqual(len(left.reader.spans(b"to")), len(message.reader.spans(b"to")))
                ends = sorted(spans)
                self.assertTrue(all(one[1] <= two[0] for one, two in pairwise(ends)))

    @given(st.binary())
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are a list of addresses, or a ParseError."""
        for start in (b"", b"<sip:a>", b"<sip:a>,"):
            try:
                found = _read(start + text)
            except ParseError:
                continue
            self.assertTrue(found)
