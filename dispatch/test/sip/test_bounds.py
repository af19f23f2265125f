"""Tests of dispatch.sip.bounds: at a limit a message passes, beyond it it is refused with the status that fits."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.service.sip_config import Limits
from dispatch.sip.bounds import Bounds
from dispatch.sip.message import Message
from dispatch.test.wire import request

FEW = Limits(headers=20, header=300, uri=256, vias=5, routes=6)
FIRST = b"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"


class BoundsTests(SynchronousTestCase):
    def status(self, raw: bytes, limits: Limits = FEW) -> int:
        """What a request gets; 0 where it is taken."""
        found = set()
        for usual in (None, False):
            try:
                Bounds(limits).check(Message(raw, usual))
            except ParseError as error:
                found.add(error.status)
            else:
                found.add(0)
        (status,) = found
        return status

    def test_headers(self) -> None:
        """Too many header lines are 400."""
        self.assertEqual(self.status(request(headers=b"X: y\r\n" * 13)), 0)
        self.assertEqual(self.status(request(headers=b"X: y\r\n" * 14)), 400)

    def test_a_header(self) -> None:
        """A header that is too long is 513, folded or not (RFC 3261 §21.5.7)."""
        for blank in (b" ", b"\r\n "):
            line = b"X:" + b"y" * (300 - 5 - len(blank)) + blank + b"z\r\n"
            self.assertEqual((len(line), self.status(request(headers=line))), (300, 0))
            self.assertEqual(self.status(request(headers=b"X" + line)), 513)

    def test_uri(self) -> None:
        """A Request-URI that is too long is 414 (RFC 3261 §21.4.12)."""
        self.assertEqual(self.status(request(uri=b"sip:" + b"a" * 252)), 0)
        self.assertEqual(self.status(request(uri=b"sip:" + b"a" * 253)), 414)

    def test_vias(self) -> None:
        """Too many Vias are 400, each in a line of its own or all in one."""
        for one in (FIRST, b"Via: SIP/2.0/UDP a,SIP/2.0/UDP b\r\n"):
            count = 1 + one.count(b",")
            few, more = one * (4 // count), one * (4 // count) + FIRST
            self.assertEqual(self.status(request(headers=few)), 0)
            self.assertEqual(self.status(request(headers=more)), 400)

    def test_routes(self) -> None:
        """Too many Routes are 400, each in a line of its own or all in one."""
        for count, status in ((6, 0), (7, 400)):
            self.assertEqual(self.status(request(headers=b"Route: <sip:a;lr>\r\n" * count)), status)
            joined = b"Route: " + b",".join([b"<sip:a;lr>"] * count) + b"\r\n"
            self.assertEqual(self.status(request(headers=joined)), status)

    def test_what_is_short_has_not_too_much(self) -> None:
        """A head that is spared the measuring would have passed it, whichever limit is the lowest."""
        few = Limits(headers=1000, header=1000, uri=1000, vias=1000, routes=1000)
        most = {
            "headers": b"a:\r\n" * 250,
            "header": b"a:" + b"b" * 996 + b"\r\n",
            "uri": b"s:" + b"a" * 998,
            "vias": b"SIP/2.0/A b," * 20,
            "routes": b"<sip:a>," * 20,
        }
        for name, text in most.items():
            count = {"headers": 250, "vias": 20, "routes": 20}.get(name, 1000)
            limits = replace(few, **{name: count})  # type: ignore[arg-type]  # counts only
            self.assertLessEqual(Bounds(limits).short, len(text), name)

    def test_usual_messages_are_short(self) -> None:
        """As it is set up, a head of a kilobyte needs no measuring."""
        self.assertGreaterEqual(Bounds(Limits()).short, 1024)
