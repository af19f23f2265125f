"""Tests of dispatch.transport.udp."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from select import EPOLLERR, EPOLLHUP, EPOLLIN
from typing import cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.errors import TransportError
from dispatch.test.transport.fakes import OPTIONS, FewLimits, Recorder
from dispatch.transport.interfaces import IReactor, ISipReceiver, ISipTransport
from dispatch.transport.udp import UdpTransport

PEER = ("192.0.2.7", 5060)


class FakeSocket:
    """A datagram socket: a queue to read from, a list of what was sent, an error to raise."""

    def __init__(self, host: str = "192.0.2.1", number: int = 99) -> None:
        self.host = host
        self.number = number
        self.waiting: list[tuple[bytes, tuple[str | int, ...]]] = []
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.error = 0
        self.is_open = True

    def getsockname(self) -> tuple[str, int]:
        return self.host, 5060

    def fileno(self) -> int:
        return self.number

    def recvfrom_into(self, buffer: bytearray) -> tuple[int, tuple[str | int, ...]]:
        if self.error or not self.waiting:
            number = self.error or errno.EAGAIN
            raise OSError(number, os.strerror(number))
        data, address = self.waiting.pop(0)
        buffer[: len(data)] = data
        return len(data), address

    def sendto(self, data: bytes, remote: tuple[str, int]) -> int:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        self.sent.append((data, remote))
        return len(data)

    def close(self) -> None:
        self.is_open = False


class UdpCase(SynchronousTestCase):
    """A transport on a fake socket."""

    host = "192.0.2.1"

    def setUp(self) -> None:
        self.receiver = Recorder()
        self.reactor = MemoryReactorClock()
        self.socket = FakeSocket(self.host)
        self.udp = UdpTransport(self.host, 5060, self.receiver, FewLimits())
        self.udp.adopt(cast(socket.socket, self.socket))
        self.udp.start(cast(IReactor, self.reactor))

    def arrive(self, *datagrams: bytes) -> None:
        """Let datagrams come in, and the reactor see it once."""
        self.socket.waiting += [(datagram, PEER) for datagram in datagrams]
        self.udp.doRead()


class ReceivingTests(UdpCase):
    def test_provides_its_interfaces(self) -> None:
        """It is a transport to the engine, and something to read from to the reactor."""
        verifyObject(ISipTransport, self.udp)
        verifyObject(IReadDescriptor, self.udp)
        verifyObject(ISipReceiver, self.receiver)

    def test_a_message_comes_with_the_way_back(self) -> None:
        """The receiver gets the bytes as they came, and a flow to their sender."""
        self.arrive(OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS])
        flow = self.receiver.flows[0]
        self.assertEqual((flow.remote, flow.connection), (PEER, None))
        self.assertIs(flow.listener, self.udp.listener)

    def test_the_same_peer_has_the_same_flow(self) -> None:
        """Flows can be compared by identity, whether they came in or were asked for."""
        asked = self.udp.flow_to(*PEER)
        self.arrive(OPTIONS)
        self.arrive(OPTIONS)
        self.assertIs(self.receiver.flows[0], asked)
        self.assertIs(self.receiver.flows[1], asked)
        self.assertIs(self.udp.flow_to("192.0.2.7", 5060), asked)
        self.assertIsNot(self.udp.flow_to("192.0.2.7", 5061), asked)

    def test_flows_are_bounded(self) -> None:
        """However many addresses send, memory stays bounded."""
        for number in range(50_000):
            self.udp.datagramReceived(OPTIONS, (f"10.0.{number >> 8}.{number & 255}", 5060))
        self.assertLessEqual(len(self.udp._flows.known), 20_001)
        self.assertEqual(len(self.receiver.messages), 50_000)

    def test_keep_alives_end_here(self) -> None:
        """Datagrams of line ends, NULs and blanks, and STUN, never reach the receiver (RFC 5626 §3.5)."""
        stun = b"\0\1\0\0\x21\x12\xa4\x42" + b"x" * 12
        self.arrive(b"\r\n\r\n")
        for datagram in (b"", b"\r\n", b"\0\0\0\0", b"  ", b"\n", stun, b"\1\1\0\0"):
            self.arrive(datagram)
        self.assertEqual(self.receiver.messages, [])
        self.assertEqual(self.udp.ignored, 8)

    def test_port_0(self) -> None:
        """A datagram from port 0 is forged and ignored: nothing can be sent back there."""
        self.udp.datagramReceived(OPTIONS, ("192.0.2.7", 0))
        self.assertEqual((self.receiver.messages, self.udp.ignored), ([], 1))

    def test_line_ends_before_a_message(self) -> None:
        """Line ends before the start line are ignored (RFC 3261 §7.5)."""
        self.arrive(b"\r\n\r\n" + OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS])

    def test_other_rubbish_is_for_the_receiver(self) -> None:
        """What begins with a blank but is no keep-alive is judged by who knows SIP."""
        self.arrive(b" OPTIONS")
        self.assertEqual(self.receiver.messages, [b" OPTIONS"])

    def test_one_bad_message_does_not_hurt_the_next(self) -> None:
        """An error in the receiver is logged, and the socket goes on."""
        self.receiver.broken = RuntimeError("boom")
        self.arrive(OPTIONS)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.receiver.broken = None
        self.arrive(OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS])

    def test_a_queue_is_drained(self) -> None:
        """On a reactor without epoll each wake-up reads until nothing waits, up to a bound."""
        self.arrive(*[OPTIONS] * 100)
        self.assertEqual(len(self.receiver.messages), 64)
        self.udp.doRead()
        self.assertEqual((len(self.receiver.messages), self.socket.waiting), (100, []))

    def test_an_error_leaves_the_socket_in_the_reactor(self) -> None:
        """What the kernel reports on reading is logged, and never raised to the reactor."""
        self.socket.error = errno.ECONNREFUSED
        self.udp.doRead()
        self.socket.error = 0
        self.arrive(OPTIONS)
        self.assertEqual(self.receiver.messages, [OPTIONS])


class EpollReactor(MemoryReactorClock):
    """A reactor with an epoll: what it will report, round by round, and how long it was asked to wait.

    Attributes:
        wait: seconds to the next call; None without one.
        rounds: what is ready, round by round, by descriptor; nothing is when there are no more.
        waited: the longest waits that were asked for, -1 for no end.
        between: called in each round before it is reported.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wait: float | None = 5.0
        self.rounds: list[list[tuple[int, int]]] = []
        self.waited: list[float] = []
        self.between: Callable[[], object] | None = None
        self._poller = self

    def timeout(self) -> float | None:
        return self.wait

    def poll(self, seconds: float, most: int) -> list[tuple[int, int]]:
        self.waited.append(seconds)
        if self.between is not None:
            self.between()
        return self.rounds.pop(0) if self.rounds else []


class StayingTests(SynchronousTestCase):
    """On Twisted's epoll reactor, reading goes on until there is something else to do."""

    def setUp(self) -> None:
        self.receiver = Recorder()
        self.reactor = EpollReactor()
        self.first, self.second = self.make(99), self.make(98)

    def make(self, number: int) -> UdpTransport:
        made = FakeSocket(number=number)
        made.waiting += [(OPTIONS, PEER)] * 100
        udp = UdpTransport(made.host, 5060, self.receiver, FewLimits())
        udp.adopt(cast(socket.socket, made))
        udp.start(cast(IReactor, self.reactor))
        self.addCleanup(udp.stop)
        return udp

    def read(self) -> int:
        """Wake the first up; how many messages that gave."""
        self.first.doRead()
        return len(self.receiver.messages)

    def test_datagrams_alone(self) -> None:
        """While nothing but datagrams comes in, they are read in one wake-up; silence until a call is due ends it."""
        self.reactor.rounds = [[(99, EPOLLIN)]] * 5
        self.assertEqual(self.read(), 1 + 5)
        self.assertEqual(self.reactor.waited, [5.0] * 6)

    def test_several_sockets(self) -> None:
        """Every socket of ours that is ready is read."""
        self.reactor.rounds = [[(99, EPOLLIN), (98, EPOLLIN)]] * 2
        self.assertEqual(self.read(), 1 + 4)
        self.assertEqual({flow.listener for flow in self.receiver.flows}, {self.first.listener, self.second.listener})

    def test_a_call_is_due(self) -> None:
        """A call that is due is left to the reactor at once."""
        self.reactor.wait = 0.0
        self.reactor.rounds = [[(99, EPOLLIN)]]
        self.assertEqual((self.read(), self.reactor.waited), (1, []))

    def test_no_call(self) -> None:
        """Without any call to come it waits without end."""
        self.reactor.wait = None
        self.read()
        self.assertEqual(self.reactor.waited, [-1.0])

    def test_another_descriptor(self) -> None:
        """What is ready and not ours, or is no datagram, is left to the reactor; datagrams beside it are read."""
        for other in ((1_000_000, EPOLLIN), (98, EPOLLERR), (98, EPOLLIN | EPOLLHUP)):
            self.receiver.messages.clear()
            self.reactor.rounds = [[other, (99, EPOLLIN)], [(99, EPOLLIN)]]
            self.assertEqual(self.read(), 1 + 1, other)

    def test_stopped(self) -> None:
        """A transport that was stopped meanwhile does not wait again."""
        self.reactor.rounds = [[(98, EPOLLIN)]] * 5
        self.reactor.between = self.first.stop
        self.assertEqual(self.read(), 1 + 1)
        self.assertEqual(len(self.reactor.waited), 1)

    def test_stopped_at_once(self) -> None:
        """A message whose receiver stops the transport is the last."""
        self.receiver.then = self.first.stop
        self.assertEqual((self.read(), self.reactor.waited), (1, []))

    def test_a_descriptor_is_used_again(self) -> None:
        """Once stopped, a socket's number means nothing: another program part may have it."""
        self.second.stop()
        self.reactor.rounds = [[(98, EPOLLIN)]]
        self.assertEqual((self.read(), len(self.reactor.waited)), (1, 1))


class SendingTests(UdpCase):
    def test_bytes_go_out_as_they_are(self) -> None:
        """What is sent is one datagram to the flow's remote end."""
        self.udp.send(OPTIONS, self.udp.flow_to(*PEER))
        self.assertEqual(self.socket.sent, [(OPTIONS, PEER)])

    def test_a_full_buffer_loses_the_message(self) -> None:
        """When the kernel has no room the message is lost as on the network, and counted."""
        for number in (errno.EAGAIN, errno.ENOBUFS):
            self.socket.error = number
            self.udp.send(OPTIONS, self.udp.flow_to(*PEER))
        self.assertEqual(self.udp.dropped, 2)

    def test_a_refusal_names_the_peer(self) -> None:
        """Where the network refuses at once, the sender learns it and can try the next destination."""
        flow = self.udp.flow_to(*PEER)
        for number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.EMSGSIZE, errno.ECONNREFUSED):
            self.socket.error = number
            error = self.assertRaises(TransportError, self.udp.send, OPTIONS, flow)
            self.assertEqual(str(error), f"192.0.2.7:5060: {os.strerror(number)}")

    def test_only_addresses_are_sent_to(self) -> None:
        """A name, an address of the other kind, or a port out of range is refused: the kernel would ask DNS."""
        for host, port in (("gw.example.com", 5060), ("::1", 5060), ("", 5060), ("192.0.2.7", 0), ("192.0.2.7", 65536)):
            self.assertRaises(TransportError, self.udp.flow_to, host, port)


class Ipv6Tests(UdpCase):
    host = "2001:db8::1"

    def test_scope_and_flow_are_left_out(self) -> None:
        """A peer is host and port, and has one flow, though the kernel tells four parts (RFC 3493 §3.3)."""
        self.socket.waiting.append((OPTIONS, ("2001:db8::7", 5060, 0, 0)))
        self.udp.doRead()
        self.assertEqual(self.receiver.flows[0].remote, ("2001:db8::7", 5060))
        self.assertIs(self.udp.flow_to("[2001:DB8:0::7]", 5060), self.receiver.flows[0])

    def test_sent_by_has_brackets(self) -> None:
        """An IPv6 address stands in brackets in Via (RFC 3261 §25.1)."""
        self.assertEqual(self.udp.listener.sent_by, b"[2001:db8::1]:5060")
        self.assertEqual(self.udp.listener.host, "2001:db8::1")


class LifeTests(UdpCase):
    def test_start_and_stop(self) -> None:
        """Between start and stop the reactor watches the socket; then it is closed."""
        self.assertEqual(self.reactor.getReaders(), [self.udp])
        self.successResultOf(self.udp.stop())
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertFalse(self.socket.is_open)
        self.successResultOf(self.udp.stop())

    def test_the_end_of_the_reactor(self) -> None:
        """The socket is closed when the reactor lets go of it."""
        self.udp.connectionLost(Failure(ConnectionDone()))
        self.assertFalse(self.socket.is_open)

    def test_advertised(self) -> None:
        """What is advertised goes into Via instead of what is bound; port 0 stands for the bound one."""
        for advertised, sent_by in (
            (("203.0.113.7", 5080), b"203.0.113.7:5080"),
            (("203.0.113.7", 0), b"203.0.113.7:5060"),
            (("2001:db8::9", 5080), b"[2001:db8::9]:5080"),
        ):
            udp = UdpTransport("192.0.2.1", 5060, self.receiver, FewLimits(), advertised)
            udp.adopt(cast(socket.socket, self.socket))
            self.assertEqual(udp.listener.sent_by, sent_by)
            self.assertEqual((udp.listener.host, udp.listener.port), ("192.0.2.1", 5060))
            self.assertIs(udp.listener.transport, udp)
