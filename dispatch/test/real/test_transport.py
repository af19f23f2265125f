"""Transports with real sockets on loopback and the real reactor."""

from __future__ import annotations

import socket
from typing import cast

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from dispatch.errors import ParseError, TransportError
from dispatch.sip.flow import Flow
from dispatch.test.transport.fakes import FewLimits
from dispatch.transport.connection import Connection
from dispatch.transport.interfaces import IReactor, ISipReceiver, ISipTransport
from dispatch.transport.stream import StreamTransport
from dispatch.transport.udp import UdpTransport

reactor = cast(IReactor, real_reactor)


def message(number: int, body: int = 0) -> bytes:
    return b"OPTIONS sip:%d@127.0.0.1 SIP/2.0\r\nContent-Length: %d\r\n\r\n%b" % (number, body, b"x" * body)


@implementer(ISipReceiver)
class Inbox:
    """A receiver that can be waited for.

    Attributes:
        echo: send everything back.
    """

    def __init__(self, echo: bool = False) -> None:
        self.echo = echo
        self.messages: list[bytes] = []
        self.flows: list[Flow] = []
        self.failures: list[tuple[Flow, str]] = []
        self._waiting: tuple[int, Deferred[None]] | None = None

    def received(self, data: bytes, flow: Flow) -> None:
        self.messages.append(data)
        self.flows.append(flow)
        if self.echo:
            flow.listener.transport.send(data, flow)
        self._tell()

    def malformed(self, data: bytes, flow: Flow, error: ParseError) -> None:
        self.received(data, flow)

    def transport_failed(self, flow: Flow, reason: str) -> None:
        self.failures.append((flow, reason))
        self._tell()

    def all(self, count: int) -> Deferred[None]:
        """Fires when this many messages or failures are there."""
        done: Deferred[None] = Deferred()
        self._waiting = count, done
        self._tell()
        return done

    def _tell(self) -> None:
        if self._waiting is not None and len(self.messages) + len(self.failures) >= self._waiting[0]:
            _, done = self._waiting
            self._waiting = None
            done.callback(None)


class LoopbackCase(TestCase):
    timeout = 30

    def up(
        self, kind: type[UdpTransport] | type[StreamTransport], inbox: Inbox, host: str = "127.0.0.1"
    ) -> ISipTransport:
        """A transport that runs."""
        transport = kind(host, 0, inbox, FewLimits(message=100_000))
        try:
            transport.bind()
        except TransportError as error:
            self.skipTest(str(error))
        transport.start(reactor)
        self.addCleanup(transport.stop)
        return cast(ISipTransport, transport)


class LoopbackTests(LoopbackCase):
    async def there_and_back(self, kind: type[UdpTransport] | type[StreamTransport], host: str) -> None:
        """Five hundred messages to another transport and back."""
        here, there = Inbox(), Inbox(echo=True)
        ours, theirs = self.up(kind, here, host), self.up(kind, there, host)
        flow = ours.flow_to(theirs.listener.host, theirs.listener.port)
        sent = [message(number, number) for number in range(500)]
        for one in sent:
            ours.send(one, flow)
        await here.all(len(sent))
        self.assertEqual(there.messages, sent)
        self.assertEqual(here.messages, sent)
        self.assertEqual(len(set(map(id, there.flows))), 1)

    async def test_udp(self) -> None:
        """Datagrams go and come in order on loopback, more than fit a wake-up."""
        await self.there_and_back(UdpTransport, "127.0.0.1")

    async def test_udp6(self) -> None:
        """The same over IPv6."""
        await self.there_and_back(UdpTransport, "::1")

    async def test_tcp(self) -> None:
        """Messages go by one connection and come back by it."""
        await self.there_and_back(StreamTransport, "127.0.0.1")

    async def test_tcp6(self) -> None:
        """The same over IPv6."""
        await self.there_and_back(StreamTransport, "::1")


class BusyTests(LoopbackCase):
    async def test_others_have_their_turn(self) -> None:
        """While datagrams come in without a pause, delayed calls, calls from threads and connections are served."""
        here, there, caller, called = Inbox(echo=True), Inbox(echo=True), Inbox(), Inbox(echo=True)
        ours, theirs = self.up(UdpTransport, here), self.up(UdpTransport, there)
        ours.send(message(0), ours.flow_to(theirs.listener.host, theirs.listener.port))  # to and fro until the end
        await here.all(100)
        await deferLater(cast(IReactorTime, reactor), 0.01)
        await deferToThread(lambda: None)
        client, server = self.up(StreamTransport, caller), self.up(StreamTransport, called)
        client.send(message(1), client.flow_to(server.listener.host, server.listener.port))
        await caller.all(1)
        self.assertEqual(caller.messages, [message(1)])
        await here.all(len(here.messages) + 100)


class StreamTests(LoopbackCase):
    async def test_nobody_there(self) -> None:
        """A refused connection is reported with the flow that was given."""
        free = socket.socket()
        self.addCleanup(free.close)
        free.bind(("127.0.0.1", 0))  # bound, but it does not listen
        inbox = Inbox()
        ours = self.up(StreamTransport, inbox)
        flow = ours.flow_to(*free.getsockname())
        ours.send(message(1), flow)
        await inbox.all(1)
        self.assertIs(inbox.failures[0][0], flow)

    async def test_much_at_once(self) -> None:
        """What the socket doesn't take at once arrives all the same, in order."""
        here, there = Inbox(), Inbox()
        ours, theirs = self.up(StreamTransport, here), self.up(StreamTransport, there)
        flow = ours.flow_to(theirs.listener.host, theirs.listener.port)
        ours.send(message(0), flow)
        await there.all(1)
        sent = [message(number, 60_000) for number in range(200)]
        for number, one in enumerate(sent):
            ours.send(one, flow)
            if number % 10 == 9:
                await there.all(number + 2)
        self.assertEqual(there.messages[1:], sent)

    async def test_stop_ends_everything(self) -> None:
        """After stop, both ends of every connection are gone."""
        here, there = Inbox(), Inbox(echo=True)
        ours, theirs = self.up(StreamTransport, here), self.up(StreamTransport, there)
        ours.send(message(1), ours.flow_to(theirs.listener.host, theirs.listener.port))
        await here.all(1)
        await ours.stop()
        connection = here.flows[0].connection
        assert isinstance(connection, Connection)
        self.assertTrue(connection.is_closed)
        await theirs.stop()
        self.assertRaises(TransportError, theirs.send, message(1), there.flows[0])
