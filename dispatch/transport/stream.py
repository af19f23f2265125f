"""SIP over streams (RFC 3261 §18): connections that came, and those that we opened to send."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.interfaces import IAddress, IConnector, IDelayedCall, IListeningPort, IProtocolFactory
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow, Listener, Peer
from dispatch.sip.host import host_port
from dispatch.transport.alias import asked_port
from dispatch.transport.backoff import Backoff
from dispatch.transport.connection import Connection
from dispatch.transport.flows import Flows, listener_of
from dispatch.transport.interfaces import IReactor, ISipReceiver, ISipTransport, Layer, Limits, Tracer
from dispatch.transport.proxy_protocol import Balanced, Network
from dispatch.transport.sockets import bound, family

log = Logger()

_CONNECT: Final = 10.0  # seconds until a peer that doesn't answer is given up
_FAREWELL: Final = 2.0  # seconds that peers have at the end to let go
_LOOK: Final = 2.0  # seconds between two looks at all connections
_WILDCARDS: Final = ("0.0.0.0", "::")


@implementer(ISipTransport)
class StreamTransport:
    """One listening socket of TCP, or of what a layer makes of TCP, and the connections opened from its address.

    A request goes by the one connection that we hold for its flow, opened when needed. A response goes by the
    connection that its request came on; a caller's connection carries nothing else, unless he may share it.

    Args:
        host: address to bind to, and to call from.
        port: port to bind to; 0 takes a free one. Calls leave from free ports.
        receiver: gets the messages.
        limits: of messages and connections.
        advertised: host and port for Via and Record-Route instead of the bound ones; port 0 stands for the bound port.
        layer: what lies between TCP and SIP; None for nothing.

    Attributes:
        is_known: whether an address is that of a destination, for which there is always room.
        may_share: whether a caller who asks for it gets requests for his address by his own connection (RFC 5923);
            None for nobody. His address alone proves little: on TLS it is for whose certificate names him.
        balancers: who sends the PROXY protocol before anything else; all others are refused then. Set before `start`.
        ping_interval: seconds of silence after which connections of ours get a keep-alive; 0 for never.
        refused: connections that were not taken.
        tracer: sees what was sent; None while nobody wants to.
    """

    reliable = True
    listener: Listener

    def __init__(
        self,
        host: str,
        port: int,
        receiver: ISipReceiver,
        limits: Limits,
        advertised: tuple[str, int] | None = None,
        layer: Layer | None = None,
    ) -> None:
        self.name = b"TCP" if layer is None else layer.name
        self.default_port = 5060 if layer is None else layer.default_port
        self.is_known: Callable[[str], bool] = lambda host: False
        self.may_share: Callable[[Connection], bool] | None = None
        self.balancers: Sequence[Network] = ()
        self.ping_interval = 0.0
        self.refused = 0
        self.tracer: Tracer | None = None
        self._host = host
        self._port = port
        self._receiver = receiver
        self._limits = limits
        self._advertised = advertised
        self._layer = layer
        self._reactor: IReactor | None = None
        self._socket: socket.socket | None = None
        self._listening: IListeningPort | None = None
        self._connections: set[Connection] = set()
        self._calls: dict[Flow, Connection] = {}
        self._backoff = Backoff()
        self._answering: dict[tuple[str, int], Connection] = {}
        self._callers = 0
        self._by_source: Counter[bytes] = Counter()  # callers
        self._gone: Deferred[None] | None = None
        self._farewell: IDelayedCall | None = None
        self._looking = LoopingCall(self._look)
        self._refusals: Counter[str] = Counter()  # why, since the log was told

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
            factory: IProtocolFactory = _Callers(self)
            if self._layer is not None:
                factory = self._layer.answering(factory)
            if self.balancers:
                factory = Balanced(factory, self.balancers, reactor, self.refuse)
            kind = family(self.listener.host)
            self._listening = reactor.adoptStreamPort(self._socket.fileno(), kind, cast(ServerFactory, factory))
            self._socket.close()
            self._socket = None
        self._looking.clock = reactor
        self._looking.start(_LOOK, now=False)

    def stop(self) -> Deferred[None]:
        """See `ISipTransport`."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        reactor, self._reactor = self._reactor, None
        if reactor is None:
            return succeed(None)
        self._looking.stop()
        ended: list[Deferred[None]] = []
        if self._listening is not None:
            ended.append(self._listening.stopListening() or succeed(None))
        if self._connections:
            self._gone = Deferred()
            ended.append(self._gone)
            for connection in tuple(self._connections):
                connection.leave()
            # TLS waits for the goodbye of the peer.
            self._farewell = reactor.callLater(_FAREWELL, self._cut)
        return gatherResults(ended).addCallback(lambda _: None)

    def _cut(self) -> None:
        for connection in tuple(self._connections):
            connection.cut("it does not let go")

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        """See `ISipTransport`."""
        if self.listener.is_websocket:
            raise TransportError(f"{host_port(host, port)}: peers can't be called by WebSocket")
        return self._flows.to(host, port, peer)

    def flow_back(self, host: str, port: int) -> Flow | None:
        """See `ISipTransport`."""
        connection = self._answering.get((host, port))
        return connection.flow if connection is not None and not connection.is_closed else None

    def send(self, message: bytes, flow: Flow) -> None:
        """See `ISipTransport`."""
        connection = flow.connection
        if not isinstance(connection, Connection):
            connection = self._calls.get(flow) or self._call(flow)
        connection.send(message)
        if self.tracer is not None:
            self.tracer.sent(message, flow)

    # -- those who call us

    def answer(self, remote: tuple[str, int]) -> Connection | None:
        """The connection for a new caller; None when there are too many."""
        if self._reactor is None:
            return None
        source, is_known = _source(remote[0]), self.is_known(remote[0])
        if not self._has_room(source, is_known=is_known):
            self.refuse("too many, see connections in [sip.limits]")
            return None
        begun = None if is_known else self._reactor.seconds()
        connection = Connection(self, remote, self._receiver, self._limits, is_direct=self._layer is None, begun=begun)
        self._callers += 1
        self._by_source[source] += 1
        self._connections.add(connection)
        self._answering[remote] = connection
        return connection

    def _has_room(self, source: bytes, *, is_known: bool) -> bool:
        limits = self._limits
        if is_known:
            return self._callers < limits.connections + limits.connections_reserved
        return self._callers < limits.connections and self._by_source[source] < limits.connections_per_source

    def refuse(self, reason: str) -> None:
        """See `Owner`."""
        self.refused += 1
        self._refusals[reason] += 1

    # -- those whom we call

    def _call(self, flow: Flow) -> Connection:
        reactor, remote = self._reactor, flow.remote
        if reactor is None:
            raise TransportError(f"{host_port(*remote)}: not connected, and we are stopping")
        self._backoff.check(flow, reactor.seconds())
        if len(self._calls) >= self._limits.connections and not self.is_known(remote[0]):
            raise TransportError(f"{host_port(*remote)}: not connected, and there are too many connections")
        connection = Connection(self, remote, self._receiver, self._limits, is_direct=self._layer is None, called=flow)
        self._connections.add(connection)
        self._calls[flow] = connection
        factory: IProtocolFactory = _Call(connection)
        if self._layer is not None:
            factory = self._layer.calling(factory, flow)
        source = None if self.listener.host in _WILDCARDS else (self.listener.host, 0)
        connection.connector = reactor.connectTCP(*remote, cast(ClientFactory, factory), _CONNECT, source)
        return connection

    # -- what connections tell

    def seconds(self) -> float:
        """See `Owner`."""
        return self._reactor.seconds() if self._reactor is not None else 0.0

    def greeted(self, connection: Connection, message: bytes) -> None:
        """See `Owner`."""
        if self.may_share is None or not self.may_share(connection):
            return
        port = asked_port(message, self.default_port)
        if port is None:
            return
        try:
            flow = self.flow_to(connection.flow.remote[0], port)
        except TransportError:
            return  # a balancer has named an address of the other family
        if flow not in self._calls:
            connection.flow.called = flow
            self._calls[flow] = connection

    def ended(self, connection: Connection, reason: str) -> None:
        """See `Owner`."""
        if self._reactor is None:
            return
        flow = connection.called
        if connection.connector is None:
            self._lost(connection.flow, reason)  # requests for a peer that only this leads to
        if flow is None:
            return
        del self._calls[flow]
        is_news = connection.is_cut
        if connection.has_spoken:
            self._backoff.forget(flow)
        else:
            is_news |= self._backoff.failed(flow, reason, self._reactor.seconds())
        if is_news and self.is_known(flow.remote[0]):
            log.warn("{reason}", reason=reason)
        self._lost(flow, reason)

    def _lost(self, flow: Flow, reason: str) -> None:
        try:
            self._receiver.transport_failed(flow, reason)
        except Exception:
            log.failure("the loss of {peer} could not be handled", peer=flow.remote)

    def gone(self, connection: Connection) -> None:
        """See `Owner`."""
        self._connections.discard(connection)
        if connection.connector is None:
            remote = connection.flow.remote
            self._callers -= 1
            source = _source(remote[0])
            self._by_source[source] -= 1
            if not self._by_source[source]:
                del self._by_source[source]
            if self._answering.get(remote) is connection:
                del self._answering[remote]
        if self._gone is not None and not self._connections:
            gone, self._gone = self._gone, None
            if self._farewell is not None and self._farewell.active():
                self._farewell.cancel()
            gone.callback(None)

    def _look(self) -> None:
        if self._reactor is None:
            return
        now = self._reactor.seconds()
        for connection in tuple(self._connections):
            connection.look(now, self.ping_interval)
        self._backoff.look(now)
        for reason, count in self._refusals.items():
            log.warn(
                "{listener}: {count} connections refused: {reason}",
                listener=f"{self.name.decode().lower()}:{host_port(self.listener.host, self.listener.port)}",
                count=count,
                reason=reason,
            )
        self._refusals.clear()


def _source(host: str) -> bytes:
    """Who counts as one: an IPv4 address, or the /64 that a host of IPv6 has for itself."""
    if ":" in host:
        return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])[:8]
    return host.encode()


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
