"""Tests of dispatch.sip.client_transaction."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import client_transaction
from dispatch.sip.client_transaction import ClientTransaction, Event, State, client_key
from dispatch.sip.message import Message
from dispatch.sip.server_transaction import ServerTransaction
from dispatch.sip.timers import Queues, Timers
from dispatch.test.wire import FakeTransport, header, request, response_to

INVITE = request(branch=b"z9hG4bKc1")
BYE = request(b"BYE", branch=b"z9hG4bKc2", to_tag=b"t")


class RecordingCore:
    """Keeps what the engine would keep."""

    def __init__(self) -> None:
        self.timers = Queues()
        self.clients: dict[bytes, ClientTransaction] = {}
        self.servers: dict[bytes, ServerTransaction] = {}
        self.anew: list[bytes] = []

    def add_client(self, transaction: ClientTransaction) -> None:
        self.clients[transaction.key] = transaction

    def forget_client(self, transaction: ClientTransaction) -> None:
        del self.clients[transaction.key]

    def add_server(self, transaction: ServerTransaction) -> None:
        self.servers[transaction.key] = transaction

    def forget_server(self, transaction: ServerTransaction) -> None:
        del self.servers[transaction.key]

    def respond_anew(self, message: bytes, flow: object) -> None:
        self.anew.append(message)


class RecordingUser:
    """Remembers what a client transaction told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def provisional(self, client: ClientTransaction, response: Message) -> None:
        self.heard.append(f"provisional {response.status}")

    def final(self, client: ClientTransaction, response: Message) -> None:
        self.heard.append(f"final {response.status}")

    def failed(self, client: ClientTransaction, status: int) -> None:
        self.heard.append(f"failed {status}")


class ClientCase(SynchronousTestCase):
    """A transaction on a network that only remembers."""

    def begin(
        self, data: bytes, transport: bytes = b"UDP", timers: Timers | None = None, broken: bool = False
    ) -> ClientTransaction:
        self.core = RecordingCore()
        self.user = RecordingUser()
        self.transport = FakeTransport(transport)
        if broken:
            self.transport.broken.add(5070)
        message = Message(data)
        client = ClientTransaction(
            self.core,
            self.user,
            self.transport.flow_to("192.0.2.70", 5070),
            message.via.branch,
            message.method,
            data,
            timers or Timers(),
        )
        self.sent_data = data
        client.begin()
        return client

    def at(self, now: float) -> list[str]:
        """What was sent until `now`."""
        self.core.timers.advance(now)
        return [line.split(" ")[0] for line in self.transport.take_lines()]

    def answer(self, client: ClientTransaction, status: int) -> None:
        client.receive(Message(response_to(self.sent_data, status)))


class InviteTests(ClientCase):
    """RFC 3261 §17.1.1 and RFC 6026."""

    def test_timer_a_doubles(self) -> None:
        """Without an answer over UDP an INVITE is sent at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and never more (§17.1.1.2)."""
        self.begin(INVITE, timers=Timers(fr_timer=60))
        sent = []
        for tenth in range(400):
            sent += [tenth / 10] * len(self.at(tenth / 10))
        self.assertEqual(sent, [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5])

    def test_no_retransmission_over_tcp(self) -> None:
        """Over a reliable transport an INVITE is sent once (§17.1.1.2)."""
        self.begin(INVITE, b"TCP")
        self.assertEqual(self.at(29.0), ["INVITE"])

    def test_timer_b_is_bounded_by_fr_timer(self) -> None:
        """Silence is reported after fr_timer where that is shorter than 64*T1."""
        self.begin(INVITE, timers=Timers(fr_timer=2.0))
        self.at(1.9)
        self.assertEqual(self.user.heard, [])
        self.at(2.0)
        self.assertEqual(self.user.heard, ["failed 408"])

    def test_a_provisional_ends_retransmission(self) -> None:
        """After a 100 nothing is sent again, and timer B no longer counts (§17.1.1.2)."""
        client = self.begin(INVITE)
        self.answer(client, 100)
        self.transport.take()
        self.assertEqual(self.at(40.0), [])
        self.assertEqual(self.user.heard, ["provisional 100"])

    def test_timer_c_in_steps(self) -> None:
        """Timer C has one entry in the queues, of 64*T1 at most, and still runs out when it should (§16.6 step 11)."""
        client = self.begin(INVITE, b"TCP")
        for now in (1.0, 20.0, 70.5):
            self.at(now)
            self.answer(client, 180)
        self.at(190.4)
        self.assertEqual((self.user.heard, len(self.core.timers)), (["provisional 180"] * 3, 1))
        self.assertEqual(self.at(190.5), ["CANCEL"])
        self.assertEqual(self.user.heard[3:], ["failed 408"])

    def test_timer_c_of_an_answered_call(self) -> None:
        """What has its answer waits no longer for timer C than for its copies."""
        client = self.begin(INVITE)
        self.answer(client, 180)
        self.answer(client, 200)
        self.at(32.0)
        self.at(32.1)
        self.assertEqual((self.core.clients, len(self.core.timers)), ({}, 0))

    def test_every_2xx_is_passed_on(self) -> None:
        """Accepted: each 2xx goes up, from copies and other forks; forgotten after timer M (RFC 6026 §7.2)."""
        client = self.begin(INVITE)
        for _ in range(3):
            self.answer(client, 200)
        self.assertEqual(self.user.heard, ["final 200"] * 3)
        self.at(31.9)
        self.assertEqual(client.state, State.ACCEPTED)
        self.at(32.0)
        self.assertEqual(self.core.clients, {})

    def test_a_refusal_is_acknowledged_each_time(self) -> None:
        """Each copy of a non-2xx gets an ACK, the user hears of one (§17.1.1.2)."""
        client = self.begin(INVITE)
        self.transport.take()
        self.answer(client, 486)
        self.answer(client, 486)
        self.assertEqual(self.at(0.1), ["ACK", "ACK"])
        self.assertEqual(self.user.heard, ["final 486"])
        self.at(32.0)
        self.assertEqual(self.core.clients, {})

    def test_the_ack_is_of_its_invite(self) -> None:
        """ACK has To of the response, all else, Route and top Via too, of the INVITE (§17.1.1.3)."""
        data = request(
            branch=b"z9hG4bKc1", headers=b"Route: <sip:192.0.2.70;lr>\r\nVia: SIP/2.0/UDP far;branch=z9hG4bKf\r\n"
        )
        client = self.begin(data)
        self.transport.take()
        self.answer(client, 404)
        ack = self.transport.take()[0][0]
        self.assertTrue(ack.startswith(b"ACK sip:bob@example.com SIP/2.0\r\n"))
        self.assertEqual(header(ack, b"Via"), [b"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKc1"])
        self.assertEqual(header(ack, b"To"), [b"<sip:bob@example.com>;tag=t1"])
        self.assertEqual(header(ack, b"CSeq"), [b"1 ACK"])
        self.assertEqual(header(ack, b"Route"), [b"<sip:192.0.2.70;lr>"])
        self.assertEqual(Message(ack).call_id, b"call-1")

    def test_cancel_waits_for_a_provisional(self) -> None:
        """CANCEL leaves only when the peer has answered provisionally, and once (§9.1)."""
        client = self.begin(INVITE)
        self.transport.take()
        client.cancel()
        self.assertEqual(self.at(0.1), [])
        self.answer(client, 180)
        self.answer(client, 180)
        client.cancel()
        self.assertEqual(self.at(0.2), ["CANCEL"])

    def test_a_cancel_that_nobody_heeds(self) -> None:
        """64*T1 after the CANCEL without a final response the INVITE counts as failed (§9.1)."""
        client = self.begin(INVITE)
        self.answer(client, 180)
        client.cancel()
        self.core.clients[client_key(client.branch, b"CANCEL")].receive(
            Message(response_to(request(b"CANCEL", branch=b"z9hG4bKc1"), 200))
        )
        self.at(32.1)
        self.assertEqual(self.user.heard, ["provisional 180", "failed 408"])

    def test_timer_c_cancels(self) -> None:
        """It rang for fr_inv_timer since the last provisional: CANCEL, and failure (§16.8)."""
        client = self.begin(INVITE, timers=Timers(fr_inv_timer=60))
        self.answer(client, 180)
        self.at(30.0)
        self.answer(client, 183)
        self.assertNotIn("CANCEL", self.at(89.9))
        self.assertIn("CANCEL", self.at(90.1))
        self.assertEqual(self.user.heard[-1], "failed 408")

    def test_a_late_ring_after_giving_up_is_cancelled(self) -> None:
        """A 180 after timer B gets a CANCEL, the 487 that follows its ACK, and the user hears of neither."""
        client = self.begin(INVITE, timers=Timers(fr_timer=2.0))
        self.at(2.0)
        self.answer(client, 180)
        self.answer(client, 487)
        self.assertEqual(self.at(2.1), ["CANCEL", "ACK"])
        self.assertEqual(self.user.heard, ["failed 408"])

    def test_a_late_answer_after_giving_up_is_passed_on(self) -> None:
        """A 2xx after timer B goes up all the same (§16.7 step 5)."""
        client = self.begin(INVITE, timers=Timers(fr_timer=2.0))
        self.at(2.0)
        self.answer(client, 200)
        self.assertEqual(self.user.heard, ["failed 408", "final 200"])

    def test_unreachable(self) -> None:
        """A network that refuses is a 503 at once, and nothing is kept (§16.9)."""
        self.begin(INVITE, broken=True)
        self.assertEqual(self.user.heard, ["failed 503"])
        self.assertEqual(self.core.clients, {})


class OtherTests(ClientCase):
    """RFC 3261 §17.1.2."""

    def test_timer_e_stops_at_t2(self) -> None:
        """Retransmissions double up to T2 until timer F (§17.1.2.2)."""
        self.begin(BYE, timers=Timers(fr_timer=12.0))
        sent = []
        for tenth in range(300):
            sent += [tenth / 10] * len(self.at(tenth / 10))
        self.assertEqual(sent, [0.0, 0.5, 1.5, 3.5, 7.5, 11.5])
        self.assertEqual(self.user.heard, ["failed 408"])

    def test_proceeding_retransmits_each_t2(self) -> None:
        """After a provisional response copies leave every T2 (§17.1.2.2)."""
        client = self.begin(BYE)
        self.answer(client, 100)
        sent = []
        for tenth in range(100):
            sent += [tenth / 10] * len(self.at(tenth / 10))
        self.assertEqual(sent, [0.0, 0.5, 4.5, 8.5])

    def test_copies_of_the_answer_are_absorbed(self) -> None:
        """Completed for timer K, the second response goes nowhere (§17.1.2.2)."""
        client = self.begin(BYE)
        self.answer(client, 200)
        self.answer(client, 200)
        self.assertEqual(self.user.heard, ["final 200"])
        self.at(5.0)
        self.assertEqual(self.core.clients, {})


class TableTests(SynchronousTestCase):
    """The tables themselves."""

    def test_every_state_is_reached_and_left(self) -> None:
        """Each state of a table but the first is some row's next one; each but TERMINATED has rows of its own."""
        for table, first in ((client_transaction._INVITE, State.CALLING), (client_transaction._OTHER, State.TRYING)):
            froms = {state for state, _ in table}
            reached = {state for state, _ in table.values()} | {first}
            self.assertEqual(froms | {State.TERMINATED}, reached)

    def test_terminated_takes_nothing(self) -> None:
        """A transaction that has ended ignores every event."""
        for table in (client_transaction._INVITE, client_transaction._OTHER):
            self.assertFalse([event for event in Event if (State.TERMINATED, event) in table])
