"""Tests of dispatch.transport.proxy_protocol."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_network
from typing import Final, cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import capturedLogs
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.transport.fakes import OPTIONS, FakeStream, FewLimits
from dispatch.test.transport.stream_case import FakeLayer, StreamCase
from dispatch.transport.proxy_protocol import Header, read

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
BALANCER: Final = "10.0.0.1"
REFUSED: Final = "the source is not in proxy_protocol"


def binary(command: int, family: int, addresses: bytes, more: bytes = b"") -> bytes:
    """A header of version 2."""
    return SIGNATURE + struct.pack("!BBH", command, family, len(addresses + more)) + addresses + more


V4: Final = socket.inet_aton("198.51.100.7") + socket.inet_aton("203.0.113.1") + struct.pack("!HH", 40_000, 5060)
V6: Final = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + struct.pack("!HH", 40_000, 5060)
)
MAPPED: Final = socket.inet_pton(socket.AF_INET6, "::ffff:198.51.100.7") + V6[16:]
GOOD: Final = {
    b"PROXY TCP4 198.51.100.7 203.0.113.1 40000 5060\r\n": ("198.51.100.7", 40_000),
    b"PROXY TCP6 2001:DB8:0::7 2001:db8::1 40000 5060\r\n": ("2001:db8::7", 40_000),
    b"PROXY TCP6 ::ffff:198.51.100.7 ::1 40000 5060\r\n": ("198.51.100.7", 40_000),
    b"PROXY UNKNOWN\r\n": None,
    b"PROXY UNKNOWN ff:ff 2 3 4\r\n": None,
    binary(0x21, 0x11, V4): ("198.51.100.7", 40_000),
    binary(0x21, 0x11, V4, b"\x04\0\x03abc"): ("198.51.100.7", 40_000),
    binary(0x21, 0x21, V6): ("2001:db8::7", 40_000),
    binary(0x21, 0x21, MAPPED): ("198.51.100.7", 40_000),
    binary(0x20, 0x00, b""): None,
    binary(0x20, 0x11, V4): None,
}
BAD: Final = (
    OPTIONS,
    b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 198.51.100.7 203.0.113.1 40000 5060\n",
    b"PROXY TCP4 198.51.100.7 203.0.113.1 40000\r\n",
    b"PROXY TCP4  198.51.100.7 203.0.113.1 40000 5060\r\n",
    b"PROXY TCP4 198.51.100.700 203.0.113.1 40000 5060\r\n",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 40000 5060\r\n",
    b"PROXY TCP6 198.51.100.7 203.0.113.1 40000 5060\r\n",
    b"PROXY TCP4 198.51.100.7 203.0.113.1 0 5060\r\n",
    b"PROXY TCP4 198.51.100.7 203.0.113.1 65536 5060\r\n",
    b"PROXY UNIX a b 1 2\r\n",
    b"PROXY " + b"x" * 101,
    SIGNATURE[:11] + b"\r" + b"\0" * 20,
    binary(0x11, 0x11, V4),
    binary(0x22, 0x11, V4),
    binary(0x21, 0x12, V4),
    binary(0x21, 0x31, b"\0" * 216),
    binary(0x21, 0x11, V4[:11]),
    binary(0x21, 0x21, V4),
    SIGNATURE + b"\x21\x11\xff\xff",
)


class ReadTests(SynchronousTestCase):
    def test_good(self) -> None:
        """Both versions name the peer, as the kernel would; UNKNOWN and LOCAL name nobody."""
        for header, source in GOOD.items():
            self.assertEqual(read(header + OPTIONS), Header(len(header), source), header)

    def test_not_all_there(self) -> None:
        """A header that is cut off is waited for, wherever the cut is."""
        for header in GOOD:
            for size in range(1, len(header)):
                self.assertIsNone(read(header[:size]), header[:size])

    def test_bad(self) -> None:
        """Anything else is refused, as soon as it can be told."""
        for header in BAD:
            with self.assertRaises(ValueError, msg=repr(header)):
                read(header)

    @given(st.one_of(st.binary(), st.sampled_from(list(GOOD)).flatmap(lambda good: st.binary().map(good[:14].__add__))))
    def test_anything(self, data: bytes) -> None:
        """Any bytes are a header, part of one, or refused."""
        try:
            header = read(data)
        except ValueError:
            return
        self.assertTrue(header is None or 0 < header.size <= len(data))


class FakeServer(FakeStream):
    """A connection whose protocol can be replaced, as that of Twisted."""

    protocol: Protocol

    def dataReceived(self, data: bytes) -> None:
        """The peer sends."""
        self.protocol.dataReceived(data)


class BalancedTests(StreamCase):
    """Connections through a balancer."""

    def setUp(self) -> None:
        super().setUp()
        self.tcp = self.transport(FewLimits(), balancers=[ip_network("10.0.0.0/24")])

    def connect(self, host: str = BALANCER) -> FakeServer | None:
        """Somebody connects; None when nobody answers."""
        factory: ServerFactory = self.reactor.adoptedPorts[-1][2]
        protocol = factory.buildProtocol(IPv4Address("TCP", host, 50_000))
        if protocol is None:
            return None
        server = FakeServer()
        server.protocol = cast(Protocol, protocol)
        protocol.makeConnection(server)
        return server

    def balanced(self) -> FakeServer:
        """The balancer connects."""
        server = self.connect()
        assert server is not None
        return server

    def test_the_peer_is_whom_it_names(self) -> None:
        """What is received, limited and answered is what the header names, and the rest of its segment counts."""
        server = self.balanced()
        server.dataReceived(b"PROXY TCP4 198.51.100.7 203.0.113.1 40000 5060\r\n" + OPTIONS)
        server.dataReceived(OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS, OPTIONS])
        flow = self.receiver.flows[0]
        self.assertEqual((flow.remote, flow.host), (("198.51.100.7", 40_000), b"198.51.100.7"))
        self.assertIs(self.tcp.flow_back("198.51.100.7", 40_000), flow)
        self.tcp.send(b"answer", flow)
        self.assertEqual(server.sent, b"answer")
        self.reactor.pump([5.0] * 3)
        self.assertFalse(server.disconnected)

    def test_byte_by_byte(self) -> None:
        """The header may come in pieces, of version 2 as well."""
        server = self.balanced()
        for byte in binary(0x21, 0x21, V6) + OPTIONS:
            server.dataReceived(b"%c" % byte)
        self.assertEqual(self.receiver.messages, [OPTIONS])
        self.assertEqual(self.receiver.flows[0].host, b"[2001:db8::7]")

    def test_who_speaks_for_himself(self) -> None:
        """The balancer may look whether we are there, as itself."""
        server = self.balanced()
        server.dataReceived(binary(0x20, 0, b"") + OPTIONS)
        self.assertEqual(self.receiver.flows[0].remote, (BALANCER, 50_000))

    def test_only_listed_sources(self) -> None:
        """Nobody else is let in, with a header or without; the log has one line for all of them."""
        for _ in range(3):
            self.assertIsNone(self.connect("10.0.1.1"))
        with capturedLogs() as logged:
            self.reactor.pump([5.0] * 2)
        self.assertEqual([(event["count"], event["reason"]) for event in logged], [(3, REFUSED)])
        self.assertEqual(self.tcp.refused, 3)

    def test_malformed(self) -> None:
        """What is no header is cut, with one line in the log and nothing handed on."""
        for header in BAD:
            server = self.balanced()
            with capturedLogs() as logged:
                server.dataReceived(header + OPTIONS)
            self.assertTrue(server.disconnected)
            self.assertEqual([event["peer"] for event in logged], [f"{BALANCER}:50000"])
            server.protocol.connectionLost(Failure(ConnectionAborted()))
        self.assertEqual(self.receiver.messages, [])

    def test_silence(self) -> None:
        """A header is waited for five seconds, whatever drips in."""
        server = self.balanced()
        for byte in b"PROXY":
            self.reactor.advance(0.9)
            server.dataReceived(b"%c" % byte)
        self.assertFalse(server.disconnected)
        self.reactor.advance(0.5)
        self.assertTrue(server.disconnected)

    def test_who_leaves_before(self) -> None:
        """A balancer that goes without a word leaves nothing behind."""
        server = self.balanced()
        server.protocol.connectionLost(Failure(ConnectionDone()))
        with capturedLogs() as logged:
            self.reactor.pump([1.0] * 6)
        self.assertEqual(logged, [])

    def test_limits(self) -> None:
        """Limits are those of the peers, not of the balancer; and there may be so many without a header."""
        for port, host in enumerate(("198.51.100.7", "198.51.100.7", "198.51.100.8")):
            server = self.balanced()
            server.dataReceived(b"PROXY TCP4 %b 203.0.113.1 %d 5060\r\n" % (host.encode(), port + 1))
            self.assertEqual(server.disconnected, port == 2)
        for _ in range(256):
            self.balanced()
        self.assertIsNone(self.connect())

    def test_stop(self) -> None:
        """Whoever has not sent a header yet is cut when nobody listens any more."""
        server = self.balanced()
        factory: ServerFactory = self.reactor.adoptedPorts[-1][2]
        factory.doStart()
        factory.doStop()
        self.assertTrue(server.disconnected)

    def test_beneath_a_layer(self) -> None:
        """The header comes before TLS or whatever else there is."""
        self.tcp = self.transport(FewLimits(), FakeLayer(), [ip_network("10.0.0.0/24")])
        server = self.balanced()
        server.dataReceived(b"PROXY TCP4 198.51.100.7 203.0.113.1 40000 5060\r\n" + OPTIONS)
        self.assertIsInstance(server.protocol, ProtocolWrapper)
        self.assertEqual(self.receiver.flows[0].remote, ("198.51.100.7", 40_000))
