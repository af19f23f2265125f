"""Tests of dispatch.sip.overload."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import overload
from dispatch.sip.message import Message
from dispatch.sip.overload import Wish

SEQUENCE = 1_282_321_615 * 10**5


def response(params: bytes, headers: bytes = b"") -> Message:
    return Message(
        b"SIP/2.0 503 Busy\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1%b\r\n"
        b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n%b\r\n" % (params, headers)
    )


class ReadTests(SynchronousTestCase):
    def test_what_is_asked(self) -> None:
        """Rate, validity (500 ms without one) and sequence are read; a validity of 0 takes the wish back (§4)."""
        for params, wish in (
            (b';oc=20;oc-algo="loss";oc-validity=1500;oc-seq=1282321615.782', Wish(20, 1.5, SEQUENCE + 78200)),
            (b";oc=100;oc-seq=1282321615.0;received=192.0.2.9", Wish(100, 0.5, SEQUENCE)),
            (b";OC=0;oc-validity=0;OC-SEQ=1282321615.00001", Wish(0, 0.0, SEQUENCE + 1)),
            (b";oc=1;oc-validity=999999999;oc-seq=1.1", Wish(1, 3600.0, 110000)),
        ):
            self.assertEqual(overload.read(response(params)), wish, params)

    def test_nothing_understood(self) -> None:
        """No parameters, our offer sent back, another algorithm, a missing or a bad value: no wish."""
        for params in (
            b"",
            overload.OFFER,
            b";oc=20",
            b';oc=20;oc-algo="rate";oc-seq=1.1',
            b";oc=101;oc-seq=1.1",
            b";oc=-1;oc-seq=1.1",
            b";oc=20;oc-seq=1",
            b";oc=20;oc-validity=x;oc-seq=1.1",
            b";oc-validity=500;oc-seq=1.1",
        ):
            self.assertIsNone(overload.read(response(params)), params)

    @given(st.binary(max_size=40).filter(lambda data: not set(data) & set(b"\r\n,")))
    def test_any_bytes(self, data: bytes) -> None:
        """Whatever stands behind a good Via makes no error that the Via itself would not make."""
        try:
            message = response(b";oc=" + data)
            message.via  # noqa: B018 - whether it can be read
        except ParseError:
            return
        overload.read(message)

    def test_later_is_higher(self) -> None:
        """Of two sequences the later one is higher, however many digits stand behind the point."""
        values = [overload.read(response(b";oc=1;oc-seq=" + text)) for text in (b"9.9", b"10.05", b"10.5", b"10.51")]
        numbers = [one.sequence for one in values if one is not None]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(numbers), 4)


class RetryAfterTests(SynchronousTestCase):
    def test_seconds(self) -> None:
        """Seconds are read whatever follows them; without a number it is 0."""
        for value, seconds in (
            (b"120", 120),
            (b"18000;duration=3600", 18000),
            (b"5 (I'm busy)", 5),
            (b"soon", 0),
            (b"-5", 0),
        ):
            self.assertEqual(overload.retry_after(response(b"", b"Retry-After: %b\r\n" % value)), seconds)
        self.assertEqual(overload.retry_after(response(b"")), 0)


class OfferTests(SynchronousTestCase):
    def test_in_front_of_the_branch(self) -> None:
        """The offer goes into the Via, which still ends where the branch begins."""
        self.assertEqual(
            overload.offering(b"Via: SIP/2.0/UDP h:1;branch="), b'Via: SIP/2.0/UDP h:1;oc;oc-algo="loss";branch='
        )
