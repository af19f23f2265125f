"""Tests of dispatch.sip.layout."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import layout as layout_
from dispatch.sip.layout import ODD, Layout, layout_of
from dispatch.test.wire import request


def layout(data: bytes) -> Layout:
    return layout_of(data, data.index(b"\r\n\r\n") + 4)


class LayoutTests(SynchronousTestCase):
    def test_usual(self) -> None:
        """What nearly all traffic looks like may be read by patterns, with any headers that don't concern a proxy."""
        one = layout(request(headers=b"X-Any: thing\r\nvia-ducts: 3\r\nTOTAL: 4\r\nContact: <sip:a>\r\nm: <sip:b>\r\n"))
        self.assertTrue(one.is_usual)
        self.assertTrue(one.has_from)
        self.assertEqual(one.names, {b"via", b"from", b"to", b"call-id", b"cseq", b"max-forwards", b"content-length"})

    def test_odd(self) -> None:
        """Another spelling, folding, a blank before the colon, or a header twice is for the full reader."""
        for old, new in (
            (b"Via:", b"VIA:"),
            (b"Via:", b"v:"),
            (b"From:", b"f:"),
            (b"To:", b"to:"),
            (b"Call-ID:", b"Call-Id:"),
            (b"Call-ID:", b"i:"),
            (b"CSeq:", b"Cseq:"),
            (b"CSeq:", b"CSeq :"),
            (b"Content-Length:", b"l\t:"),
            (b"Max-Forwards:", b"max-forwards:"),
            (b"Max-Forwards: 70", b"Max-Forwards:\r\n 70"),
            (b"Max-Forwards: 70", b"X: y\r\n\tz\r\nMax-Forwards: 70"),
            (b"CSeq:", b"CSeq: 1 INVITE\r\nCSeq:"),
            (b"Call-ID:", b"Call-ID: other\r\nCall-ID:"),
            (b"From:", b"ROUTE: <sip:a>\r\nFrom:"),
        ):
            one = layout(request().replace(old, new, 1))
            self.assertFalse(one.is_usual, new)
            self.assertFalse(one.has_from)

    def test_what_may_come_often(self) -> None:
        """Via, Route, Record-Route and the option headers may come in several lines."""
        headers = b"Route: <sip:a>\r\n" * 2 + b"Record-Route: <sip:b>\r\n" * 2 + b"Require: x\r\n" * 2
        one = layout(request(headers=headers).replace(b"Via:", b"Via: SIP/2.0/UDP a\r\nVia:", 1))
        self.assertTrue(one.is_usual)
        self.assertTrue(one.routes and one.options)

    def test_options(self) -> None:
        """Require and Proxy-Require are seen, and neither is taken for the other nor for nothing."""
        for headers, expected in ((b"", False), (b"Require: a\r\n", True), (b"Proxy-Require: a\r\n", True)):
            self.assertEqual(layout(request(headers=headers)).options, expected)
        self.assertFalse(layout(request(headers=b"Record-Route: <sip:a>\r\n")).routes)

    def test_the_body_has_no_headers(self) -> None:
        """What looks like a header in the body, or in a value, is none."""
        one = layout(request(headers=b"X: Route: <sip:a>\r\n", body=b"\r\nRoute: <sip:a>\r\n from: x\r\n"))
        self.assertTrue(one.is_usual)
        self.assertFalse(one.routes)

    def test_remembered(self) -> None:
        """The same names in the same order are worked out once; another order is another layout."""
        first, second = (layout(request(branch=branch, body=branch)) for branch in (b"z9hG4bKa", b"z9hG4bKb"))
        self.assertIs(first, second)
        self.assertIsNot(layout(request(headers=b"Route: <sip:a>\r\n")), first)

    def test_forged_layouts(self) -> None:
        """However many layouts somebody makes up, no more than a thousand are remembered."""
        for count in range(1100):
            layout(request(headers=b"Route: <sip:a>\r\n" * (count % 40) + b"Require: a\r\n" * (count // 40)))
        self.assertLessEqual(len(layout_._known), 1000)

    def test_no_layout(self) -> None:
        """The layout that stands for "read everything in full" allows no pattern."""
        self.assertFalse(ODD.is_usual)
        self.assertFalse(ODD.has_from)
