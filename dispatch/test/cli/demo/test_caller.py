"""Tests of the caller of the demonstration."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.demo.caller import Call, Caller
from dispatch.sip import build
from dispatch.sip.message import Message
from dispatch.test.cli.demo.datagrams import Datagrams

TARGET = ("127.0.0.1", 5060)
ROUTES = b"Record-Route: <sip:127.0.0.2:5061;lr>\r\nRecord-Route: <sip:127.0.0.3;lr>\r\n"
CONTACT = b"Contact: <sip:127.0.0.1:5071>\r\n"


class CallerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.ended: list[Call] = []
        self.caller = Caller(TARGET, self.clock, self.ended.append)
        self.transport = Datagrams()
        self.caller.makeConnection(self.transport)

    def sent(self) -> tuple[Message, object]:
        """The one message that was sent since, and where to."""
        ((data, address),) = self.transport.take()
        return Message(data), address

    def answer(self, request: Message, status: int, headers: bytes = b"") -> None:
        self.caller.datagramReceived(build.response(request, status, to_tag=b"there", headers=headers), TARGET)

    def test_a_whole_call(self) -> None:
        """INVITE, then ACK and BYE to the Contact, by the route set from back to front."""
        self.caller.call(1)
        invite, address = self.sent()
        self.assertEqual((invite.method, address), (b"INVITE", TARGET))
        self.answer(invite, 100)
        self.answer(invite, 180)
        self.answer(invite, 200, ROUTES + CONTACT)
        ack, address = self.sent()
        self.assertEqual((ack.method, ack.uri, address), (b"ACK", b"sip:127.0.0.1:5071", ("127.0.0.3", 5060)))
        self.assertEqual([route.uri for route in ack.routes], [b"sip:127.0.0.3;lr", b"sip:127.0.0.2:5061;lr"])
        self.assertEqual((ack.to_tag, ack.cseq), (b"there", (1, b"ACK")))
        self.clock.advance(1)
        bye, address = self.sent()
        self.assertEqual((bye.method, bye.cseq, address), (b"BYE", (2, b"BYE"), ("127.0.0.3", 5060)))
        self.assertEqual(self.ended, [])
        self.answer(bye, 200)
        (call,) = self.ended
        self.assertEqual((call.failure, call.duration), ("", 1.0))
        self.assertEqual(call.steps, ["100", "180", "200", "ACK", "BYE", "200"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_200_again(self) -> None:
        """A 200 that comes again gets its ACK again, and no second BYE (RFC 3261 §13.2.2.4)."""
        self.caller.call(1)
        invite, _ = self.sent()
        for _ in range(2):
            self.answer(invite, 200, CONTACT)
            self.assertEqual(self.sent()[0].method, b"ACK")
        self.clock.advance(1)
        self.assertEqual(self.sent()[0].method, b"BYE")

    def test_refused(self) -> None:
        """A refused call is acknowledged and has failed."""
        self.caller.call(1)
        invite, _ = self.sent()
        self.answer(invite, 503)
        ack, _ = self.sent()
        self.assertEqual((ack.method, ack.via.branch), (b"ACK", invite.via.branch))
        self.assertEqual([call.failure for call in self.ended], ["INVITE got 503 Service Unavailable"])

    def test_silence(self) -> None:
        """A call that nobody answers has failed after a while."""
        self.caller.call(1)
        self.clock.advance(60)
        self.assertTrue(self.ended[0].failure.startswith("no end"))

    def test_rubbish(self) -> None:
        """What is no response to a call of ours does nothing."""
        self.caller.call(1)
        invite, _ = self.sent()
        self.caller.datagramReceived(b"rubbish", TARGET)
        self.caller.datagramReceived(invite.raw, TARGET)
        self.answer(Message(invite.raw.replace(b"Call-ID: ", b"Call-ID: not")), 200, CONTACT)
        self.assertEqual((self.ended, self.transport.written), ([], []))
