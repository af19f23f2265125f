"""SIP over TCP (RFC 3261 §18): connections that came, and those that we opened to send."""

from __future__ import annotations

import socket
from typing import Final, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.interfaces import IAddress, IConnector, IListeningPort
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.host import host_port
from dispatch.transport.connection import FIRST, Connection
from dispatch.transport.flows import Flows, listener_of
from dispatch.transport.interfaces import IReactor, ISipReceiver, ISipTransport, Limits
from dispatch.transport.sockets import bound, family

log = Logger()

_CONNECT: Final = 10.0  # seconds until a peer that doesn't answer is given up
_LOOK: Final = 10.0  # seconds between two looks for idle connections
_WILDCARDS: Final = ("0.0.0.0", "::")


@implementer(ISipTransport)
class StreamTransport:
    """One listening TCP socket, and the connections that are opened from its address.

    A request goes by the one connection that we hold to its destination, opened when needed. A response goes by the
    connection that its request came on; a caller's connection carries nothing else.

    Args:
        host: address to bind to, and to call from.
        port: port to bind to; 0 takes a free one. Calls leave from free ports.
        receiver: gets the messages.
        limits: the longest message, and how many may be connected to us.
        advertised: host and port for Via and Record-Route instead of the bound ones; port 0 stands for the bound port.

    Attributes:
        refused: connections over the limit.
    """

    name = b"TCP"
    reliable = True
    listener: Listener

    def __init__(
        self,
        host: str,
        port: int,
        receiver: ISipReceiver,
        limits: Limits,
        advertised: tuple[str, int] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._advertised = advertised
        self._receiver = receiver
        self._limits = limits
        self._reactor: IReactor | None = None
        self._socket: socket.socket | None = None
        self._listening: IListeningPort | None = None
        self._connections: set[Connection] = set()
        self._calls: dict[tuple[str, int], Connection] = {}
        self._callers = 0
        self._answering: dict[tuple[str, int], Connection] = {}
        self._gone: Deferred[None] | None = None
        self._looking = LoopingCall(self._look)
        self.refused = 0

    def bind(self) -> None:
        """See `ISipTransport`."""
        self.adopt(bound(socket.SOCK_STREAM, self._host, self._port))

    def adopt(self, made: socket.socket) -> None:
        """Use a socket that is bound, listens and does not block."""
        self._socket = made
        self.listener = listener_of(self, made, self._advertised)
        self._flows = Flows(self.listener)

    def start(self, reactor: IReactor) -> None:
        """See `ISipTransport`."""
        self._reactor = reactor
        if self._socket is not None:  # the reactor has its own copy
            kind = family(self.listener.host)
            self._listening = reactor.adoptStreamPort(self._socket.fileno(), kind, _Callers(self))
            self._socket.close()
            self._socket = None
        self._looking.clock = reactor
        self._looking.start(_LOOK, now=False)

    def stop(self) -> Deferred[None]:
        """See `ISipTransport`."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._reactor is None:
            return succeed(None)
        self._reactor = None
        self._looking.stop()
        ended: list[Deferred[None]] = []
        if self._listening is not None:
            ended.append(self._listening.stopListening() or succeed(None))
        if self._connections:
            self._gone = Deferred()
            ended.append(self._gone)
            for connection in tuple(self._connections):
                connection.end()
        return gatherResults(ended).addCallback(lambda _: None)

    def flow_to(self, host: str, port: int) -> Flow:
        """See `ISipTransport`."""
        return self._flows.to(host, port)

    def flow_back(self, host: str, port: int) -> Flow | None:
        """See `ISipTransport`."""
        connection = self._answering.get((host, port))
        return connection.flow if connection is not None and not connection.is_closed else None

    def send(self, message: bytes, flow: Flow) -> None:
        """See `ISipTransport`."""
        connection = flow.connection
        if not isinstance(connection, Connection):
            held = self._calls.get(flow.remote)
            connection = self._call(flow.remote) if held is None or held.is_closed else held
        connection.send(message, flow)

    def answer(self, remote: tuple[str, int]) -> Connection | None:
        """The connection for a new caller; None when there are too many."""
        if self._reactor is None or self._callers >= self._limits.connections:
            self.refused += 1
            return None
        self._callers += 1
        self._answering[remote] = connection = self._connection(remote, self._reactor)
        return connection

    def _call(self, remote: tuple[str, int]) -> Connection:
        if self._reactor is None:
            raise TransportError(f"{host_port(*remote)}: not connected, and we are stopping")
        self._calls[remote] = connection = self._connection(remote, self._reactor)
        source = None if self.listener.host in _WILDCARDS else (self.listener.host, 0)
        connection.connector = self._reactor.connectTCP(*remote, _Call(connection), _CONNECT, source)
        return connection

    def _connection(self, remote: tuple[str, int], reactor: IReactor) -> Connection:
        deadline = reactor.seconds() + FIRST
        connection = Connection(self.listener, remote, self._receiver, self._limits.message, self._closed, deadline)
        self._connections.add(connection)
        return connection

    def _closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection.connector is None:
            self._callers -= 1
            if self._answering.get(connection.flow.remote) is connection:
                del self._answering[connection.flow.remote]
        elif self._calls.get(connection.flow.remote) is connection:
            del self._calls[connection.flow.remote]
        if connection.loss and connection.connector is not None:
            self._report(connection)
        if self._gone is not None and not self._connections:
            gone, self._gone = self._gone, None
            gone.callback(None)

    def _report(self, connection: Connection) -> None:
        for flow in connection.used:
            try:
                self._receiver.transport_failed(flow, connection.loss)
            except Exception:
                log.failure("the loss of {peer} could not be handled", peer=flow.remote)

    def _look(self) -> None:
        if self._reactor is None:
            return
        now = self._reactor.seconds()
        for connection in tuple(self._connections):
            connection.look(now)


class _Callers(ServerFactory):
    """Makes connections for those who call us."""

    noisy = False

    def __init__(self, owner: StreamTransport) -> None:
        self._owner = owner

    def buildProtocol(self, address: IAddress | None) -> Connection | None:
        peer = cast("IPv4Address | IPv6Address", address)
        return self._owner.answer((peer.host, peer.port))


class _Call(ClientFactory):
    """Opens one connection."""

    noisy = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def buildProtocol(self, address: IAddress | None) -> Connection:
        return self._connection

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self._connection.connectionLost(reason)
