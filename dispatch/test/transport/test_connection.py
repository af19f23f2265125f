"""Tests of dispatch.transport.connection."""

from __future__ import annotations

from twisted.internet.error import ConnectionAborted
from twisted.python.failure import Failure

from dispatch.errors import TransportError
from dispatch.test.transport.fakes import OPTIONS
from dispatch.test.transport.stream_case import GATEWAY, UNSENT, StreamCase


class KeepAliveTests(StreamCase):
    def test_keep_alives_are_answered(self) -> None:
        """Two line ends get one back, and never reach the receiver (RFC 5626 §3.5.1)."""
        connection, stream = self.caller()
        connection.dataReceived(b"\r\n\r\n")
        self.assertEqual(stream.sent, b"\r\n")
        self.assertEqual(self.receiver.messages, [])

    def test_keep_alives_keep_who_has_spoken(self) -> None:
        """Keep-alives hold a connection that had a message; alone they don't keep it for a minute."""
        silent, lost = self.caller()
        connection, stream = self.caller(40_001)
        connection.dataReceived(OPTIONS)
        for _ in range(3):
            self.reactor.pump([10.0] * 358)
            connection.dataReceived(b"\r\n\r\n")
            if not silent.is_closed:
                silent.dataReceived(b"\r\n\r\n")
        self.assertTrue(lost.disconnecting)
        self.assertFalse(stream.disconnecting)

    def test_keep_alives_of_who_does_not_read(self) -> None:
        """Answers to keep-alives are bounded like all that is sent."""
        connection, stream = self.caller()
        stream.room = 0
        for _ in range(UNSENT // 20_000 + 1):
            connection.dataReceived(b"\r\n\r\n" * 10_000)
        self.assertTrue(stream.disconnected)

    def test_ours(self) -> None:
        """A connection of ours that is silent gets a keep-alive each interval."""
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        connection, stream = self.called()
        stream.sent = b""
        self.tcp.ping_interval = 20.0
        for number in range(1, 4):
            self.reactor.pump([5.0] * 6)
            self.assertEqual(stream.sent, b"\r\n\r\n" * number)
            connection.dataReceived(b"\r\n")
        self.assertFalse(stream.disconnected)

    def test_none_unless_asked_for(self) -> None:
        """Without an interval no keep-alive is sent."""
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        _, stream = self.called()
        self.reactor.pump([5.0] * 100)
        self.assertEqual(stream.sent, b"1")

    def test_answers_are_no_questions(self) -> None:
        """Line ends that answer our keep-alives are not answered, however they follow each other."""
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        connection, stream = self.called()
        self.tcp.ping_interval = 20.0
        for _ in range(4):
            self.reactor.pump([5.0] * 6)
            connection.dataReceived(b"\r\n")
        stream.sent = stream.sent.replace(b"\r\n\r\n", b"")
        self.assertEqual(stream.sent, b"1")

    def test_who_stops_answering(self) -> None:
        """Who has answered keep-alives and does so no more is gone (RFC 5626 §4.4.1), and what waits for him fails."""
        flow = self.tcp.flow_to(*GATEWAY)
        self.tcp.send(b"1", flow)
        connection, stream = self.called()
        self.tcp.ping_interval = 20.0
        self.reactor.pump([5.0] * 6)
        connection.dataReceived(b"\r\n")
        self.reactor.pump([5.0] * 6)
        self.assertFalse(stream.disconnected)
        self.reactor.pump([5.0] * 2)
        self.assertTrue(stream.disconnected)
        self.assertEqual([flow for flow, _ in self.receiver.failures], [flow])

    def test_who_never_answers(self) -> None:
        """Who doesn't know keep-alives stays connected, and who sends messages needs none."""
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        connection, stream = self.called()
        self.tcp.ping_interval = 20.0
        self.reactor.pump([5.0] * 50)
        self.assertFalse(stream.disconnected)
        stream.sent = b""
        for _ in range(5):
            connection.dataReceived(OPTIONS)
            self.reactor.pump([5.0] * 3)
        self.assertEqual(stream.sent, b"")

    def test_callers_get_none(self) -> None:
        """It is for who opens a connection to keep it alive."""
        connection, stream = self.caller()
        connection.dataReceived(OPTIONS)
        self.tcp.ping_interval = 20.0
        self.reactor.pump([5.0] * 20)
        self.assertEqual(stream.sent, b"")


class DeadlineTests(StreamCase):
    """Who may take how long."""

    def test_who_says_nothing_is_closed(self) -> None:
        """A caller has `message_time` for its first message, counted from its coming."""
        connection, stream = self.caller()
        self.reactor.pump([5.0] * 5)
        connection.dataReceived(OPTIONS[:-1])
        self.assertFalse(stream.disconnected)
        self.reactor.advance(5.0)
        self.assertTrue(stream.disconnected)

    def test_who_talks_stays(self) -> None:
        """With messages a connection stays, and without any for an hour it is closed."""
        connection, stream = self.caller()
        for _ in range(3):
            connection.dataReceived(OPTIONS)
            self.reactor.pump([10.0] * 359)
        self.assertFalse(stream.disconnecting)
        self.reactor.pump([10.0] * 4)
        self.assertTrue(stream.disconnecting)

    def test_who_does_not_let_go_is_cut(self) -> None:
        """A connection that can't be closed because its peer doesn't read is cut soon after."""
        connection, stream = self.caller()
        connection.close("enough")
        self.assertFalse(stream.disconnected)
        self.reactor.pump([10.0])
        self.assertTrue(stream.disconnected)

    def test_a_byte_a_second(self) -> None:
        """The time of a message counts from its first byte, however busily the rest drips in."""
        connection, stream = self.caller()
        connection.dataReceived(OPTIONS)
        self.reactor.advance(5.0)
        for byte in OPTIONS * 2:
            if stream.disconnected:
                break
            connection.dataReceived(b"%c" % byte)
            self.reactor.advance(1.0)
        self.assertTrue(stream.disconnected)
        self.assertLessEqual(self.reactor.seconds(), 40.0)
        self.assertEqual(self.receiver.messages, [OPTIONS])

    def test_a_head_without_end(self) -> None:
        """A header that goes on for ever ends with the longest message, in no time."""
        connection, stream = self.caller()
        connection.dataReceived(OPTIONS[:-2] + b"X: ")
        for _ in range(200):
            connection.dataReceived(b"x" * 10)
        self.assertEqual([error.status for _, _, error in self.receiver.faults], [513])
        self.assertTrue(stream.disconnecting)

    def test_cuts_across_segments(self) -> None:
        """Who always has a message in the making stays, as long as each of them comes to an end in time."""
        connection, stream = self.caller()
        connection.dataReceived(OPTIONS[:9])
        for _ in range(20):
            self.reactor.pump([5.0] * 4)
            connection.dataReceived(OPTIONS[9:] + OPTIONS[:9])
        self.assertFalse(stream.disconnected)
        self.assertEqual(len(self.receiver.messages), 20)

    def test_destinations_may_be_silent(self) -> None:
        """A destination may connect ahead of its first call."""
        self.tcp.is_known = lambda host: host == GATEWAY[0]
        _, stream = self.caller(host=GATEWAY[0])
        self.reactor.pump([5.0] * 100)
        self.assertFalse(stream.disconnected)

    def test_whom_we_call(self) -> None:
        """A connection of ours has no deadline for a first message; for the rest of one it has."""
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        connection, stream = self.called()
        self.reactor.pump([5.0] * 100)
        self.assertFalse(stream.disconnected)
        connection.dataReceived(b"SIP/2.0 200")
        self.reactor.pump([5.0] * 7)
        self.assertTrue(stream.disconnected)
        self.assertEqual(len(self.receiver.failures), 1)


class BackPressureTests(StreamCase):
    """A peer that reads slowly, or not at all."""

    def setUp(self) -> None:
        super().setUp()
        self.flow = self.tcp.flow_to(*GATEWAY)
        self.tcp.send(b"a" * 8, self.flow)
        self.connection, self.stream = self.called()
        self.stream.drain()

    def test_order_is_kept(self) -> None:
        """What the socket doesn't take waits, and nothing overtakes it."""
        self.stream.room = 5
        self.tcp.send(b"12345678", self.flow)
        self.tcp.send(b"9", self.flow)
        self.assertEqual((self.stream.sent, self.stream.value()), (b"a" * 8 + b"12345", b"6789"))
        self.stream.drain()
        self.tcp.send(b"0", self.flow)
        self.assertEqual((self.stream.sent, self.stream.value()), (b"a" * 8 + b"1234567890", b""))

    def test_a_destination_that_does_not_read(self) -> None:
        """Memory for it is bounded: what is too much fails at once, and what waits has its time."""
        self.stream.room = 0
        self.tcp.send(b"x" * UNSENT, self.flow)
        self.assertRaises(TransportError, self.tcp.send, b"x", self.flow)
        self.assertFalse(self.stream.disconnected)
        self.stream.drain()
        self.tcp.send(b"y", self.flow)
        self.assertEqual((self.stream.sent[-2:], self.receiver.failures), (b"xy", []))

    def test_a_caller_that_does_not_read(self) -> None:
        """Memory for him is bounded: with more he is cut."""
        connection, stream = self.caller()
        stream.room = 0
        self.tcp.send(b"x" * UNSENT, connection.flow)
        self.assertRaises(TransportError, self.tcp.send, b"x", connection.flow)
        self.assertTrue(stream.disconnected)

    def test_a_dead_socket(self) -> None:
        """When the socket refuses, the sender is told at once, and the next message opens a new connection."""
        self.connection.dataReceived(OPTIONS)
        self.stream.error = 32
        self.assertRaises(TransportError, self.tcp.send, b"x", self.flow)
        self.tcp.send(b"y", self.flow)
        self.assertEqual(len(self.reactor.tcpClients), 2)
        self.connection.connectionLost(Failure(ConnectionAborted()))
        self.tcp.send(b"z", self.flow)
        self.assertEqual(len(self.reactor.tcpClients), 2)
        _, stream = self.called(1)
        self.assertEqual(stream.sent, b"yz")

    def test_a_caller_is_not_read_from(self) -> None:
        """From a caller that doesn't read our answers nothing is read, until it does."""
        connection, stream = self.caller()
        stream.room = 3
        self.tcp.send(b"12345", connection.flow)
        self.assertEqual(stream.producerState, "paused")
        stream.drain()
        self.assertEqual((stream.producerState, stream.sent), ("producing", b"12345"))

    def test_a_destination_is_read_from(self) -> None:
        """Whom we called is read from all the time: if both waited for the other to read, both would wait for ever."""
        self.stream.room = 3
        self.tcp.send(b"12345", self.flow)
        self.assertEqual(self.stream.producerState, "producing")

    def test_who_reads_too_slowly_is_cut(self) -> None:
        """What we sent must be read in `message_time`; whoever has read all of it has the whole time again."""
        self.stream.room = 0
        self.tcp.send(b"1", self.flow)
        self.reactor.pump([5.0] * 5)
        self.stream.drain()
        self.stream.room = 0
        self.tcp.send(b"2", self.flow)
        self.reactor.pump([5.0] * 5)
        self.assertFalse(self.stream.disconnected)
        self.reactor.pump([5.0] * 2)
        self.assertTrue(self.stream.disconnected)
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])

    def test_nothing_is_handed_on_after_the_cut(self) -> None:
        """Messages that came in one segment with what led to the cut are not answered into the void."""
        connection, stream = self.caller()
        stream.room = 0
        self.receiver.then = lambda: self.tcp.send(b"x" * (UNSENT // 2 + 1), connection.flow)
        connection.dataReceived(OPTIONS * 5)
        self.assertEqual(len(self.receiver.messages), 2)
        self.assertTrue(stream.disconnected)
        self.assertEqual(len(self.flushLoggedErrors(TransportError)), 1)
