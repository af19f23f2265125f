"""Tests of dispatch.transport.stream and its connections."""

from __future__ import annotations

import socket
from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import IConnector, IPullProducer
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.errors import TransportError
from dispatch.test.transport.fakes import OPTIONS, FakeStream, FewLimits, Recorder
from dispatch.transport.connection import Connection
from dispatch.transport.interfaces import IReactor, ISipTransport
from dispatch.transport.stream import StreamTransport

GATEWAY = ("192.0.2.7", 5060)
UNSENT = FewLimits().unsent


class FakeListening:
    """A listening socket."""

    is_open = True

    def getsockname(self) -> tuple[str, int]:
        return "192.0.2.1", 5060

    def fileno(self) -> int:
        return 99

    def close(self) -> None:
        self.is_open = False


class StreamCase(SynchronousTestCase):
    """A transport in a reactor of memory."""

    def setUp(self) -> None:
        self.receiver = Recorder()
        self.reactor = MemoryReactorClock()
        self.socket = FakeListening()
        self.tcp = StreamTransport("192.0.2.1", 5060, self.receiver, FewLimits())
        self.tcp.adopt(cast(socket.socket, self.socket))
        self.tcp.start(cast(IReactor, self.reactor))

    def caller(self, port: int = 40_000) -> tuple[Connection, FakeStream] | None:
        """Somebody connects; None when we don't answer."""
        factory: ServerFactory = self.reactor.adoptedPorts[0][2]
        connection = factory.buildProtocol(IPv4Address("TCP", "192.0.2.9", port))
        if connection is None:
            return None
        stream = FakeStream()
        connection.makeConnection(stream)
        return cast(Connection, connection), stream

    def called(self, number: int = 0, room: int = 1 << 30) -> tuple[Connection, FakeStream]:
        """The gateway takes a call of ours."""
        factory: ClientFactory = self.reactor.tcpClients[number][2]
        connection = factory.buildProtocol(IPv4Address("TCP", *GATEWAY))
        assert isinstance(connection, Connection)
        stream = FakeStream(room)
        connection.makeConnection(stream)
        return connection, stream

    def refuse(self, number: int = 0) -> None:
        """The gateway refuses a call of ours."""
        factory: ClientFactory = self.reactor.tcpClients[number][2]
        factory.clientConnectionFailed(cast(IConnector, None), Failure(ConnectionRefusedError()))


class CallerTests(StreamCase):
    """Connections that come in."""

    def caller(self, port: int = 40_000) -> tuple[Connection, FakeStream]:
        found = super().caller(port)
        assert found is not None
        return found

    def test_provides_its_interfaces(self) -> None:
        """It is a transport to the engine, and its connections can be asked by Twisted for more."""
        verifyObject(ISipTransport, self.tcp)
        verifyObject(IPullProducer, self.caller()[0])

    def test_the_reactor_has_a_socket_of_its_own(self) -> None:
        """The reactor copies the descriptor that was bound before it ran; ours is closed."""
        self.assertEqual(self.reactor.adoptedPorts[0][:2], (99, socket.AF_INET))
        self.assertFalse(self.socket.is_open)

    def test_messages_come_with_the_way_back(self) -> None:
        """Each message of the stream is handed on, with a flow that is this connection."""
        connection, _ = self.caller()
        connection.dataReceived(OPTIONS + OPTIONS[:10])
        connection.dataReceived(OPTIONS[10:])
        self.assertEqual(self.receiver.messages, [OPTIONS, OPTIONS])
        flow = self.receiver.flows[0]
        self.assertIs(flow.connection, connection)
        self.assertEqual(flow.remote, ("192.0.2.9", 40_000))
        self.assertIs(self.receiver.flows[1], flow)

    def test_a_response_goes_back_on_it(self) -> None:
        """What is sent to a connection's flow leaves by that connection (RFC 3261 §18.2.2)."""
        connection, stream = self.caller()
        self.tcp.send(b"SIP/2.0 200 OK\r\n\r\n", connection.flow)
        self.assertEqual(stream.sent, b"SIP/2.0 200 OK\r\n\r\n")
        self.assertEqual(self.reactor.tcpClients, [])

    def test_the_way_back(self) -> None:
        """Who has connected is found by address and port until the connection ends; who came again, by the new one."""
        connection, _ = self.caller()
        self.assertIs(self.tcp.flow_back("192.0.2.9", 40_000), connection.flow)
        self.assertIsNone(self.tcp.flow_back("192.0.2.9", 40_001))
        second, _ = self.caller()
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertIs(self.tcp.flow_back("192.0.2.9", 40_000), second.flow)
        second.connectionLost(Failure(ConnectionDone()))
        self.assertIsNone(self.tcp.flow_back("192.0.2.9", 40_000))

    def test_a_lost_caller_is_no_failure(self) -> None:
        """No request of ours waits on a connection that somebody else opened, so that nothing is reported."""
        connection, _ = self.caller()
        self.tcp.send(b"SIP/2.0 200 OK\r\n\r\n", connection.flow)
        connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.receiver.failures, [])

    def test_a_closed_connection_takes_nothing(self) -> None:
        """A flow whose connection is gone can't be sent to; whoever sends decides what then."""
        connection, _ = self.caller()
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertRaises(TransportError, self.tcp.send, b"x", connection.flow)
        self.assertEqual(self.receiver.failures, [])

    def test_requests_do_not_take_callers_connections(self) -> None:
        """A request to an address opens a connection of our own, whoever is connected from there."""
        self.caller(5060)
        self.tcp.send(OPTIONS, self.tcp.flow_to("192.0.2.9", 5060))
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_too_many(self) -> None:
        """Over the limit, connections end at once; when one has ended there is room again."""
        connection, _ = self.caller()
        self.caller(40_001)
        self.assertIsNone(super().caller(40_002))
        self.assertEqual(self.tcp.refused, 1)
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertIsNotNone(super().caller(40_002))

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

    def test_too_long(self) -> None:
        """A message over the limit is not waited for (RFC 3261 §21.5.7)."""
        connection, stream = self.caller()
        connection.dataReceived(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 5000\r\n\r\n")
        self.assertEqual(self.receiver.faults[0][2].status, 513)
        self.assertTrue(stream.disconnecting)

    def test_rubbish_ends_the_connection(self) -> None:
        """Where no message can be cut, the receiver may answer, and the connection is closed when that is sent."""
        connection, stream = self.caller()
        connection.dataReceived(OPTIONS)
        connection.dataReceived(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n")
        self.assertEqual(self.receiver.messages, [OPTIONS])
        data, flow, _ = self.receiver.faults[0]
        self.assertTrue(data.startswith(b"OPTIONS sip:a"))
        self.assertIs(flow, connection.flow)
        self.assertTrue(stream.disconnecting)
        self.assertFalse(stream.disconnected)
        self.assertIsNone(stream.producer)

    def test_messages_before_rubbish_count(self) -> None:
        """A whole message in the same segment as rubbish after it is still a message."""
        connection, _ = self.caller()
        connection.dataReceived(OPTIONS + b"OPTIONS sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n")
        self.assertEqual(self.receiver.messages, [OPTIONS])
        self.assertEqual(len(self.receiver.faults), 1)

    def test_one_bad_message_does_not_hurt_the_next(self) -> None:
        """An error in the receiver is logged, and the connection goes on."""
        connection, _ = self.caller()
        self.receiver.broken = RuntimeError("boom")
        connection.dataReceived(OPTIONS)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.receiver.broken = None
        connection.dataReceived(OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS])

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

    def test_who_does_not_read_is_cut(self) -> None:
        """Memory for a peer that doesn't read is bounded; with more its connection is cut and the sender told."""
        self.stream.room = 0
        self.tcp.send(b"x" * UNSENT, self.flow)
        self.assertFalse(self.stream.disconnected)
        self.assertRaises(TransportError, self.tcp.send, b"x", self.flow)
        self.assertTrue(self.stream.disconnected)
        self.connection.connectionLost(Failure(ConnectionAborted()))
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])

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


class CallTests(StreamCase):
    """Connections that we open."""

    def setUp(self) -> None:
        super().setUp()
        self.flow = self.tcp.flow_to(*GATEWAY)

    def test_one_connection_for_a_destination(self) -> None:
        """The first message opens a connection from our address; what comes meanwhile waits; what follows uses it."""
        self.tcp.send(b"1", self.flow)
        self.tcp.send(b"2", self.flow)
        self.assertEqual([call[:2] + call[4:] for call in self.reactor.tcpClients], [(*GATEWAY, ("192.0.2.1", 0))])
        _, stream = self.called()
        self.tcp.send(b"3", self.flow)
        self.assertEqual(stream.sent, b"123")
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_wildcards_leave_the_source_to_the_kernel(self) -> None:
        """A listener on all addresses calls from the one that the kernel chooses."""
        tcp = StreamTransport("0.0.0.0", 0, self.receiver, FewLimits())
        tcp.bind()
        self.addCleanup(tcp.stop)
        tcp.start(cast(IReactor, self.reactor))
        tcp.send(b"1", tcp.flow_to(*GATEWAY))
        self.assertIsNone(self.reactor.tcpClients[0][4])

    def test_the_same_address_has_the_same_flow(self) -> None:
        """Flows can be compared by identity."""
        self.assertIs(self.tcp.flow_to(*GATEWAY), self.flow)
        self.assertRaises(TransportError, self.tcp.flow_to, "gw.example.com", 5060)

    def test_what_comes_back(self) -> None:
        """A message on a connection of ours comes with that very connection as the way back."""
        self.tcp.send(b"1", self.flow)
        connection, _ = self.called()
        connection.dataReceived(OPTIONS)
        self.assertIs(self.receiver.flows[0].connection, connection)

    def test_refused(self) -> None:
        """When nobody answers there, the receiver is told, with the flow that it gave."""
        self.tcp.send(b"1", self.flow)
        self.refuse()
        self.assertEqual(len(self.receiver.failures), 1)
        flow, reason = self.receiver.failures[0]
        self.assertIs(flow, self.flow)
        self.assertTrue(reason.startswith("192.0.2.7:5060: Connection was refused"), reason)

    def test_a_receiver_that_fails(self) -> None:
        """An error of the receiver on hearing of a loss is logged, and all is tidy."""
        self.tcp.send(b"1", self.flow)
        self.receiver.broken = RuntimeError("boom")
        self.refuse()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.successResultOf(self.tcp.stop())

    def test_waiting_is_bounded(self) -> None:
        """What waits for a connection is bounded, too."""
        self.tcp.send(b"x" * UNSENT, self.flow)
        self.assertRaises(TransportError, self.tcp.send, b"x", self.flow)
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)

    def test_broken(self) -> None:
        """A connection that breaks is a failure even when all was sent: nobody knows what arrived."""
        self.tcp.send(b"1", self.flow)
        connection, _ = self.called()
        connection.dataReceived(OPTIONS)
        connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])

    def test_ended_before_an_answer(self) -> None:
        """A peer that ends the connection and has said nothing since our last message is gone."""
        self.tcp.send(b"1", self.flow)
        connection, _ = self.called()
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])

    def test_ended_after_an_answer(self) -> None:
        """However a connection ends, what waits for a response by it fails (§18); the next message opens another."""
        self.tcp.send(b"1", self.flow)
        connection, _ = self.called()
        connection.dataReceived(OPTIONS)
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])
        self.tcp.send(b"2", self.flow)
        self.assertEqual(len(self.reactor.tcpClients), 2)


class LifeTests(StreamCase):
    def test_stop(self) -> None:
        """It has stopped when the last connection is gone, and the reactor has no timer of it."""
        self.caller()
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        self.called()
        connections = tuple(self.tcp._connections)
        stopped = self.tcp.stop()
        self.assertNoResult(stopped)
        for connection in connections:
            self.assertTrue(cast(FakeStream, connection.transport).disconnecting)
            connection.connectionLost(Failure(ConnectionDone()))
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stop_while_connecting(self) -> None:
        """A call that nobody took yet is given up."""
        self.tcp.send(b"1", self.tcp.flow_to(*GATEWAY))
        stopped = self.tcp.stop()
        self.assertTrue(self.reactor.connectors[0].stoppedConnecting)
        self.refuse()
        self.successResultOf(stopped)

    def test_after_stop(self) -> None:
        """No connection comes to be any more, in either direction."""
        self.successResultOf(self.tcp.stop())
        self.assertIsNone(self.caller())
        self.assertRaises(TransportError, self.tcp.send, b"1", self.tcp.flow_to(*GATEWAY))

    def test_never_started(self) -> None:
        """A bound socket is closed by stop."""
        made = FakeListening()
        tcp = StreamTransport("192.0.2.1", 5060, self.receiver, FewLimits())
        tcp.adopt(cast(socket.socket, made))
        self.successResultOf(tcp.stop())
        self.assertFalse(made.is_open)
