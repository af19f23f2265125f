"""Tests of the gateways of the demonstration."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.demo.gateway import Gateway
from dispatch.sip.message import Message
from dispatch.test.cli.demo.datagrams import Datagrams

INVITE = (
    b"INVITE sip:101@127.0.0.1:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"Record-Route: <sip:127.0.0.1:5060;lr;x=y>\r\n"
    b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:101@127.0.0.1:5060>\r\n"
    b"Call-ID: one\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)
DISPATCHER = ("127.0.0.1", 5060)


class GatewayTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.gateway = Gateway(b"sip:127.0.0.1:5071", ("127.0.0.1", 5071), self.clock)
        self.transport = Datagrams()
        self.gateway.makeConnection(self.transport)

    def answers(self) -> list[Message]:
        """What was sent to the dispatcher since."""
        written = self.transport.take()
        self.assertEqual([address for _, address in written], [DISPATCHER] * len(written))
        return [Message(data) for data, _ in written]

    def test_it_rings_and_picks_up(self) -> None:
        """An INVITE gets 180 at once and 200 a little later, both with what a dialog needs."""
        self.gateway.datagramReceived(INVITE, DISPATCHER)
        (ringing,) = self.answers()
        self.clock.advance(1)
        (answer,) = self.answers()
        self.assertEqual((ringing.status, answer.status), (180, 200))
        self.assertIsNotNone(answer.to_tag)
        self.assertEqual(answer.to_tag, ringing.to_tag)
        self.assertEqual([entry.uri for entry in answer.record_routes], [b"sip:127.0.0.1:5060;lr;x=y"])
        self.assertIn(b"\r\nContact: <sip:127.0.0.1:5071>\r\n", answer.raw)
        self.assertEqual(self.gateway.taken, [b"one"])

    def test_a_retransmission_is_no_second_call(self) -> None:
        """An INVITE that comes again is counted once."""
        self.gateway.datagramReceived(INVITE, DISPATCHER)
        self.gateway.datagramReceived(INVITE, DISPATCHER)
        self.assertEqual(self.gateway.taken, [b"one"])

    def test_other_requests(self) -> None:
        """BYE and OPTIONS get 200, an ACK nothing, what it can't do 405, and rubbish nothing."""
        for method, statuses in ((b"BYE", [200]), (b"OPTIONS", [200]), (b"ACK", []), (b"MESSAGE", [405])):
            self.gateway.datagramReceived(INVITE.replace(b"INVITE", method), DISPATCHER)
            self.assertEqual([answer.status for answer in self.answers()], statuses)
        self.gateway.datagramReceived(b"rubbish", DISPATCHER)
        self.assertEqual(self.answers(), [])
        self.assertEqual(self.gateway.taken, [])

    def test_the_dead_are_silent(self) -> None:
        """Whoever dies while it rings never picks up."""
        self.gateway.datagramReceived(INVITE, DISPATCHER)
        self.gateway.die()
        self.answers()
        self.clock.advance(1)
        self.assertEqual(self.answers(), [])
        self.assertFalse(self.transport.is_open)
