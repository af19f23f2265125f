"""Tests of dispatch.transport.stream and its connections."""

from __future__ import annotations

import gc
import socket
import weakref
from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.internet.protocol import ClientFactory
from twisted.logger import capturedLogs
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from dispatch.errors import TransportError
from dispatch.test.transport.fakes import OPTIONS, FakeStream, FewLimits
from dispatch.test.transport.stream_case import GATEWAY, UNSENT, FakeLayer, FakeListening, StreamCase
from dispatch.transport.interfaces import IReactor, ISipTransport
from dispatch.transport.stream import StreamTransport


class CallerTests(StreamCase):
    """Connections that come in."""

    def test_provides_its_interfaces(self) -> None:
        """It is a transport to the engine, and its connections can be asked by Twisted for more."""
        verifyObject(ISipTransport, self.tcp)
        verifyObject(IPullProducer, self.caller()[0])
        verifyObject(IPushProducer, self.caller(40_001)[0])

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

    def test_a_lost_caller(self) -> None:
        """The end of a caller's connection is told by its own flow: requests may wait there (RFC 3261 §18.4)."""
        connection, _ = self.caller()
        flow = connection.flow
        connection.connectionLost(Failure(ConnectionLost()))
        ((lost, _),) = self.receiver.failures
        self.assertIs(lost, flow)

    def test_a_closed_connection_takes_nothing(self) -> None:
        """A flow whose connection is gone can't be sent to; whoever sends decides what then."""
        connection, _ = self.caller()
        flow = connection.flow
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertRaises(TransportError, self.tcp.send, b"x", flow)

    def test_nothing_waits_for_the_collector(self) -> None:
        """A connection that is gone is free at once, whatever came on it: strangers make thousands of them."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for data in (OPTIONS, OPTIONS[:20], b"INVITE sip:a SIP/2.0\r\n\r\n"):
            connection, stream = self.caller()
            connection.dataReceived(data)
            connection.connectionLost(Failure(ConnectionDone()))
            stream.producer = None  # as Twisted does
            gone = weakref.ref(connection)
            self.receiver.flows.clear()
            self.receiver.faults.clear()
            self.receiver.failures.clear()
            del connection, stream
            self.assertIsNone(gone(), data)

    def test_requests_do_not_take_callers_connections(self) -> None:
        """A request to an address opens a connection of our own, whoever is connected from there."""
        self.caller(5060)
        self.tcp.send(OPTIONS, self.tcp.flow_to("192.0.2.9", 5060))
        self.assertEqual(len(self.reactor.tcpClients), 1)

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


class RoomTests(StreamCase):
    """Who is let in, and who is not."""

    def test_too_many(self) -> None:
        """Over the limit, connections end at once; when one has ended there is room again."""
        connection, _ = self.caller()
        self.caller(40_001)
        self.assertIsNone(self.attempt(40_002))
        self.assertEqual(self.tcp.refused, 1)
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertIsNotNone(self.attempt(40_002))

    def test_one_source(self) -> None:
        """One address has its share and no more, and others still find room."""
        self.tcp = self.transport(FewLimits(connections=10, connections_per_source=2))
        first, _ = self.caller()
        self.caller(40_001)
        self.assertIsNone(self.attempt(40_002))
        self.caller(40_000, "192.0.2.10")
        first.connectionLost(Failure(ConnectionDone()))
        self.caller(40_003)
        self.assertIsNone(self.attempt(40_004))

    def test_one_network_of_ipv6(self) -> None:
        """A host of IPv6 has 2^64 addresses: they are one source."""
        self.tcp = self.transport(FewLimits(connections=10, connections_per_source=2))
        self.caller(1, "2001:db8::1")
        self.caller(1, "2001:db8::2")
        self.assertIsNone(self.attempt(1, "2001:db8::3"))
        self.caller(1, "2001:db8:0:1::1")

    def test_destinations_have_their_place(self) -> None:
        """What is reserved is for destinations, which no limit of sources holds back."""
        self.tcp = self.transport(FewLimits(connections=2, connections_reserved=3, connections_per_source=2))
        self.tcp.is_known = lambda host: host == GATEWAY[0]
        self.caller(1)
        self.caller(2)
        self.assertIsNone(self.attempt(1, "192.0.2.10"))
        for port in range(3):
            self.caller(port, GATEWAY[0])
        self.assertIsNone(self.attempt(3, GATEWAY[0]))

    def test_a_flood_is_one_line(self) -> None:
        """However many are refused, the log has one line for them every few seconds, and none without."""
        self.tcp = self.transport(FewLimits(connections=1))
        self.caller()
        for port in range(100):
            self.attempt(port)
        with capturedLogs() as logged:
            self.reactor.pump([5.0] * 3)
        self.assertEqual([event["count"] for event in logged], [100])

    def test_whom_we_call(self) -> None:
        """Connections of ours are limited too, as strangers choose where to inside dialogs; destinations are not."""
        self.tcp.is_known = lambda host: host == GATEWAY[0]
        for port in (1, 2):
            self.tcp.send(b"x", self.tcp.flow_to("192.0.2.8", port))
        self.assertRaises(TransportError, self.tcp.send, b"x", self.tcp.flow_to("192.0.2.8", 3))
        self.tcp.send(b"x", self.tcp.flow_to(*GATEWAY))


ASKS = b"OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9:5060;%b\r\nContent-Length: 0\r\n\r\n"


class AliasTests(StreamCase):
    """Callers who ask for requests by their own connection (RFC 5923)."""

    def setUp(self) -> None:
        super().setUp()
        self.flow = self.tcp.flow_to("192.0.2.9", 5060)
        self.tcp.may_share = lambda connection: connection.flow.remote[0] == "192.0.2.9"

    def opened(self, host: str = "192.0.2.9", params: bytes = b"branch=z9hG4bK1;alias;rport") -> bool:
        """Whether a request to a caller with this Via needs a connection of ours."""
        connection, stream = self.caller(host=host)
        connection.dataReceived(ASKS % params)
        before = len(self.reactor.tcpClients)
        self.tcp.send(b"x", self.tcp.flow_to(host, 5060))
        opened = len(self.reactor.tcpClients) > before
        self.assertEqual(stream.sent, b"" if opened else b"x")
        return opened

    def test_who_may_and_asks(self) -> None:
        """Whoever may share his connection and asks for it is sent requests by it, for the port of his Via."""
        self.assertFalse(self.opened())

    def test_who_does_not_ask(self) -> None:
        """Without the parameter we connect, whatever looks like it."""
        self.assertTrue(self.opened(params=b"branch=z9hG4bK;aliases;x=alias"))

    def test_who_may_not(self) -> None:
        """A stranger gets no requests of others, ask as he may; nobody does where it isn't allowed."""
        self.assertTrue(self.opened("192.0.2.10"))
        self.tcp.may_share = None
        self.assertTrue(self.opened())

    def test_its_end(self) -> None:
        """When it ends, what waits for an answer by it fails, and the next request opens a connection."""
        connection, _ = self.caller()
        connection.dataReceived(ASKS % b"branch=z9hG4bK1;alias")
        self.tcp.send(b"x", self.flow)
        own = connection.flow
        connection.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([flow for flow, _ in self.receiver.failures], [own, self.flow])
        self.tcp.send(b"y", self.flow)
        self.assertEqual(len(self.reactor.tcpClients), 1)
        self.assertIsNone(self.tcp.flow_back("192.0.2.9", 40_000))

    def test_ours_is_kept(self) -> None:
        """Where we have a connection already it stays in use."""
        self.tcp.send(b"1", self.flow)
        _, stream = self.called()
        connection, _ = self.caller()
        connection.dataReceived(ASKS % b"branch=z9hG4bK1;alias")
        self.tcp.send(b"2", self.flow)
        self.assertEqual(stream.sent, b"12")

    def test_another_family(self) -> None:
        """Whom a balancer names by an address that can't be reached from here is heard all the same."""
        self.tcp.may_share = lambda connection: True
        connection, _ = self.caller(host="2001:db8::7")
        connection.dataReceived(ASKS % b"branch=z9hG4bK1;alias")
        self.assertEqual(len(self.receiver.messages), 1)

    def test_rubbish(self) -> None:
        """A Via that can't be read asks for nothing."""
        connection, _ = self.caller()
        connection.dataReceived(OPTIONS)
        connection, _ = self.caller(40_001)
        connection.dataReceived(ASKS.replace(b"SIP/2.0/TCP", b"?") % b";;alias")
        self.assertEqual(len(self.receiver.messages), 2)


class LayerTests(StreamCase):
    """Streams with something between TCP and SIP."""

    def setUp(self) -> None:
        super().setUp()
        self.layer = FakeLayer()
        self.tls = self.transport(FewLimits(), self.layer)

    def test_its_name(self) -> None:
        """Via and URIs have the transport's name, and a URI without a port means the layer's."""
        self.assertTrue(self.tls.listener.via.startswith(b"Via: SIP/2.0/TLS "))
        self.assertTrue(self.tls.listener.uri.endswith(b";transport=tls"))
        self.assertEqual(self.tls.default_port, 5061)

    def test_callers(self) -> None:
        """A caller speaks through the layer, in both directions: nothing goes past it to the socket."""
        wrapper, stream = self.caller()
        assert isinstance(wrapper, ProtocolWrapper)
        wrapper.dataReceived(OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS])
        self.tls.send(b"answer", self.receiver.flows[0])
        self.assertEqual((stream.value(), stream.sent), (b"answer", b""))

    def test_calls(self) -> None:
        """So does whom we call; the layer learns for which flow."""
        flow = self.tls.flow_to(*GATEWAY)
        self.tls.send(b"1", flow)
        factory: ClientFactory = self.reactor.tcpClients[0][2]
        wrapper = factory.buildProtocol(IPv4Address("TCP", *GATEWAY))
        assert wrapper is not None
        stream = FakeStream()
        wrapper.makeConnection(stream)
        self.tls.send(b"2", flow)
        self.assertEqual((stream.value(), stream.sent, self.layer.called), (b"12", b"", [flow]))

    def test_a_full_buffer(self) -> None:
        """What waits beyond the layer's buffer is bounded, and the caller isn't read from meanwhile."""
        wrapper, stream = self.caller()
        wrapper.dataReceived(OPTIONS)
        assert stream.producer is not None
        self.assertTrue(stream.streaming)
        stream.producer.pauseProducing()
        self.assertEqual(stream.producerState, "paused")
        self.tls.send(b"x" * UNSENT, self.receiver.flows[0])
        stream.producer.resumeProducing()
        self.assertEqual(stream.producerState, "producing")
        stream.producer.pauseProducing()
        self.tls.send(b"x" * UNSENT, self.receiver.flows[0])
        self.assertRaises(TransportError, self.tls.send, b"x", self.receiver.flows[0])
        self.assertTrue(stream.disconnected)


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
        _, stream = self.called()
        self.assertEqual(len(stream.sent), UNSENT)

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

    def test_dead_on_arrival(self) -> None:
        """A connection that breaks before what waited for it could go is a loss like any other, and no traceback."""
        self.tcp.send(b"1", self.flow)
        factory: ClientFactory = self.reactor.tcpClients[0][2]
        connection = factory.buildProtocol(IPv4Address("TCP", *GATEWAY))
        assert connection is not None
        stream = FakeStream()
        stream.error = 32
        connection.makeConnection(stream)
        self.assertTrue(stream.disconnected)
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])

    def test_half_open(self) -> None:
        """The kernel is told to look after connections of ours; those of others have it from the listening socket."""
        self.tcp.send(b"1", self.flow)
        _, stream = self.called()
        self.assertEqual(stream.options[socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT], 30_000)
        _, stream = self.caller()
        self.assertEqual(stream.options, {})

    def test_left_alone(self) -> None:
        """Who can't be reached is left alone, longer each time; what is sent there fails at once and says why."""
        self.tcp.is_known = lambda host: True
        for number, pause in enumerate((0.25, 0.5, 1.0, 2.0, 4.0, 4.0)):
            self.tcp.send(b"1", self.flow)
            with capturedLogs() as logged:
                self.refuse(number)
            self.assertEqual(len(logged), 0 if number else 1)
            error = self.assertRaises(TransportError, self.tcp.send, b"2", self.flow)
            self.assertIn("refused", str(error))
            self.reactor.advance(pause - 0.01)
            self.assertRaises(TransportError, self.tcp.send, b"2", self.flow)
            self.reactor.advance(0.01)
        self.assertEqual(len(self.receiver.failures), 6)

    def test_forgiven(self) -> None:
        """Who was there, or failed long ago, is as good as new."""
        self.tcp.send(b"1", self.flow)
        self.refuse()
        self.reactor.advance(0.25)
        self.tcp.send(b"2", self.flow)
        connection, _ = self.called(1)
        connection.dataReceived(OPTIONS)
        connection.connectionLost(Failure(ConnectionLost()))
        self.tcp.send(b"3", self.flow)
        self.refuse(2)
        self.reactor.pump([5.0] * 20)
        self.tcp.send(b"4", self.flow)
        self.refuse(3)
        self.reactor.advance(0.25)
        self.tcp.send(b"5", self.flow)

    def test_who_lets_us_go(self) -> None:
        """Who takes a connection and drops it before he said anything counts as not reached."""
        self.tcp.send(b"1", self.flow)
        connection, _ = self.called()
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertRaises(TransportError, self.tcp.send, b"2", self.flow)

    def test_no_late_report(self) -> None:
        """The loss of a connection is told before the next one is opened, and never fails what that one carries."""
        self.tcp.send(b"1", self.flow)
        connection, stream = self.called()
        connection.dataReceived(OPTIONS)
        stream.error = 32
        self.assertRaises(TransportError, self.tcp.send, b"2", self.flow)
        self.assertEqual(len(self.receiver.failures), 1)
        self.tcp.send(b"3", self.flow)
        connection.connectionLost(Failure(ConnectionAborted()))
        self.assertEqual(len(self.receiver.failures), 1)

    def test_rubbish(self) -> None:
        """A peer that answers no SIP has its connection closed, and what waits for its answer fails at once."""
        self.tcp.send(b"1", self.flow)
        connection, stream = self.called()
        connection.dataReceived(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.assertTrue(stream.disconnecting)
        self.assertEqual([flow for flow, _ in self.receiver.failures], [self.flow])


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
        self.assertIsNone(self.attempt())
        self.assertRaises(TransportError, self.tcp.send, b"1", self.tcp.flow_to(*GATEWAY))

    def test_never_started(self) -> None:
        """A bound socket is closed by stop."""
        made = FakeListening()
        tcp = StreamTransport("192.0.2.1", 5060, self.receiver, FewLimits())
        tcp.adopt(cast(socket.socket, made))
        self.successResultOf(tcp.stop())
        self.assertFalse(made.is_open)
