"""A stream transport in a reactor of memory, and both ends of its connections."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IConnector, IProtocolFactory
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip.flow import Flow
from dispatch.test.transport.fakes import FakeStream, FewLimits, Recorder
from dispatch.transport.connection import Connection
from dispatch.transport.interfaces import IReactor, Layer
from dispatch.transport.proxy_protocol import Network
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


@dataclass
class FakeLayer:
    """Says who passed, and changes nothing."""

    name: bytes = b"TLS"
    default_port: int = 5061
    called: list[Flow] = field(default_factory=list)

    def answering(self, factory: IProtocolFactory) -> IProtocolFactory:
        return WrappingFactory(factory)

    def calling(self, factory: IProtocolFactory, flow: Flow) -> IProtocolFactory:
        self.called.append(flow)
        return WrappingFactory(factory)


class StreamCase(SynchronousTestCase):
    """A transport in a reactor of memory."""

    def setUp(self) -> None:
        self.receiver = Recorder()
        self.reactor = MemoryReactorClock()
        self.socket = FakeListening()
        self.tcp = self.transport(FewLimits())

    def transport(
        self, limits: FewLimits, layer: Layer | None = None, balancers: Sequence[Network] = ()
    ) -> StreamTransport:
        """A transport that runs; its callers come by the last port that the reactor adopted."""
        transport = StreamTransport("192.0.2.1", 5060, self.receiver, limits, layer=layer)
        transport.balancers = balancers
        transport.adopt(cast(socket.socket, self.socket))
        transport.start(cast(IReactor, self.reactor))
        return transport

    def attempt(self, port: int = 40_000, host: str = "192.0.2.9") -> tuple[Connection, FakeStream] | None:
        """Somebody connects; None when we don't answer."""
        factory: ServerFactory = self.reactor.adoptedPorts[-1][2]
        connection = factory.buildProtocol(IPv4Address("TCP", host, port))
        if connection is None:
            return None
        stream = FakeStream()
        connection.makeConnection(stream)
        return cast(Connection, connection), stream

    def caller(self, port: int = 40_000, host: str = "192.0.2.9") -> tuple[Connection, FakeStream]:
        """Somebody connects and is answered."""
        found = self.attempt(port, host)
        assert found is not None
        return found

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
