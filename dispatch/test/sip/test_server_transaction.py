"""Tests of dispatch.sip.server_transaction."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import server_transaction
from dispatch.sip.message import Message
from dispatch.sip.server_transaction import Event, ServerTransaction, State, invite_key, server_key
from dispatch.sip.timers import Timers
from dispatch.test.sip.test_client_transaction import RecordingCore
from dispatch.test.wire import FakeTransport, request


class ServerCase(SynchronousTestCase):
    """A transaction on a network that only remembers."""

    def receive(self, method: bytes = b"INVITE", transport: bytes = b"UDP") -> ServerTransaction:
        self.core = RecordingCore()
        self.transport = FakeTransport(transport)
        message = Message(request(method))
        return ServerTransaction(
            self.core, self.transport.flow_to("192.0.2.9", 5060), server_key(message), method, Timers()
        )

    def sent(self) -> list[bytes]:
        return [data for data, _ in self.transport.take()]


class InviteTests(ServerCase):
    """RFC 3261 §17.2.1 and RFC 6026."""

    def test_a_copy_gets_the_last_provisional(self) -> None:
        """In Proceeding a retransmitted INVITE is answered by the latest provisional response."""
        server = self.receive()
        server.respond(100, b"100")
        server.respond(180, b"180")
        server.feed(Event.REQUEST)
        self.assertEqual(self.sent(), [b"100", b"180", b"180"])

    def test_accepted_absorbs_copies_and_passes_2xx(self) -> None:
        """After a 2xx copies of the INVITE go nowhere and further 2xx go up, until timer L (RFC 6026 §7.1)."""
        server = self.receive()
        server.respond(200, b"200")
        server.feed(Event.REQUEST)
        server.respond(200, b"200 again")
        server.respond(486, b"486")
        self.assertEqual(self.sent(), [b"200", b"200 again"])
        self.core.timers.advance(32.0)
        self.assertEqual(self.core.servers, {})

    def test_a_refusal_is_repeated_until_the_ack(self) -> None:
        """Timer G: T1 doubling to T2, until ACK or timer H (§17.2.1)."""
        server = self.receive()
        server.respond(486, b"486")
        sent = []
        for tenth in range(100):
            self.core.timers.advance(tenth / 10)
            sent += [tenth / 10] * len(self.sent())
        self.assertEqual(sent, [0.0, 0.5, 1.5, 3.5, 7.5])
        server.feed(Event.ACK)
        self.core.timers.advance(14.8)
        self.assertEqual((self.sent(), self.core.servers != {}), ([], True))
        self.core.timers.advance(15.0)
        self.assertEqual(self.core.servers, {})

    def test_over_tcp_a_refusal_is_sent_once(self) -> None:
        """No timer G on a reliable transport; timer I is zero (§17.2.1)."""
        server = self.receive(transport=b"TCP")
        server.respond(486, b"486")
        self.core.timers.advance(20.0)
        self.assertEqual(self.sent(), [b"486"])
        server.feed(Event.ACK)
        self.core.timers.advance(20.05)
        self.assertEqual(self.core.servers, {})

    def test_no_ack_ever(self) -> None:
        """Timer H ends it (§17.2.1)."""
        self.receive().respond(486, b"486")
        self.core.timers.advance(32.0)
        self.assertEqual(self.core.servers, {})

    def test_a_late_2xx_goes_up_after_a_refusal(self) -> None:
        """A 2xx that comes after another final response was sent is forwarded (§16.7 step 5)."""
        server = self.receive()
        server.respond(408, b"408")
        server.respond(200, b"200")
        self.assertEqual(self.sent(), [b"408", b"200"])

    def test_a_late_2xx_goes_up_after_the_ack(self) -> None:
        """So is one that comes when the refusal was acknowledged, and when the transaction is over."""
        server = self.receive()
        server.respond(408, b"408")
        server.feed(Event.ACK)
        server.respond(200, b"200")
        self.core.timers.advance(5.0)
        self.assertEqual(server.state, State.TERMINATED)
        server.respond(200, b"200 again")
        self.assertEqual(self.sent(), [b"408", b"200", b"200 again"])

    def test_a_response_that_the_connection_lost(self) -> None:
        """Where the connection is gone the engine is asked for another way (§18.2.2)."""
        server = self.receive(transport=b"TCP")
        self.transport.broken.add(5060)
        server.respond(200, b"200")
        self.assertEqual(self.core.anew, [b"200"])


class OtherTests(ServerCase):
    """RFC 3261 §17.2.2."""

    def test_a_copy_before_any_answer_is_dropped(self) -> None:
        """In Trying a retransmission is ignored."""
        self.receive(b"BYE").feed(Event.REQUEST)
        self.assertEqual(self.sent(), [])

    def test_a_copy_gets_the_final_response(self) -> None:
        """In Completed a retransmission is answered again, for timer J."""
        server = self.receive(b"BYE")
        server.respond(200, b"200")
        server.feed(Event.REQUEST)
        server.respond(500, b"500")
        self.assertEqual(self.sent(), [b"200", b"200"])
        self.core.timers.advance(31.9)
        self.assertNotEqual(self.core.servers, {})
        self.core.timers.advance(32.0)
        self.assertEqual(self.core.servers, {})

    def test_no_answer_at_all(self) -> None:
        """One that ended without a response absorbs copies in silence until timer J (RFC 4320 §4.2)."""
        server = self.receive(b"MESSAGE")
        server.end()
        server.feed(Event.REQUEST)
        server.respond(200, b"200")
        self.core.timers.advance(31.9)
        self.assertEqual((self.sent(), server.is_answered, len(self.core.servers)), ([], True, 1))
        self.core.timers.advance(32.0)
        self.assertEqual(self.core.servers, {})


class KeyTests(SynchronousTestCase):
    """RFC 3261 §17.2.3."""

    def key(self, **how: object) -> bytes:
        return server_key(Message(request(**how)))  # type: ignore[arg-type]  # passed through

    def test_branch_sent_by_and_method(self) -> None:
        """Requests are one transaction when branch, sent-by and method are the same; the rest does not matter."""
        self.assertEqual(self.key(), self.key(call_id=b"other", uri=b"sip:x@y.example"))
        self.assertEqual(self.key(via=b"Host.example:5060"), self.key(via=b"host.EXAMPLE:5060"))
        for other in ({"branch": b"z9hG4bKb"}, {"via": b"192.0.2.9:5061"}, {"method": b"BYE"}):
            self.assertNotEqual(self.key(), self.key(**other))

    def test_ack_is_of_its_invite(self) -> None:
        """ACK and CANCEL find the INVITE with their branch."""
        self.assertEqual(self.key(), self.key(method=b"ACK"))
        self.assertEqual(self.key(), invite_key(Message(request(b"CANCEL"))))

    def test_without_the_cookie(self) -> None:
        """A branch of an RFC 2543 element says nothing alone: Call-ID, CSeq, From tag, Request-URI and Via count."""
        for branch in (b"1", b"z9hG4bK"):
            old = {"branch": branch}
            self.assertEqual(self.key(**old), self.key(**old))
            self.assertEqual(self.key(**old), self.key(method=b"ACK", to_tag=b"t", **old))
            for other in ({"call_id": b"c2"}, {"cseq": 2}, {"from_tag": b"f2"}, {"uri": b"sip:x@y.example"}):
                self.assertNotEqual(self.key(**old), self.key(**old, **other))


class TableTests(SynchronousTestCase):
    """The tables themselves."""

    def test_every_state_is_reached_and_left(self) -> None:
        """Each state of a table but the first is some row's next one; each but TERMINATED has rows of its own."""
        for table, first in ((server_transaction._INVITE, State.PROCEEDING), (server_transaction._OTHER, State.TRYING)):
            froms = {state for state, _ in table}
            reached = {state for state, _ in table.values()} | {first}
            self.assertEqual(froms | {State.TERMINATED}, reached)
