"""The engine: the only place where what machines ask for becomes packets and delayed calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from typing import Final, Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import classImplements

from dispatch.errors import ParseError, TransportError
from dispatch.proxy.context import Context
from dispatch.proxy.gate import Gate
from dispatch.proxy.proxy import Proxy
from dispatch.proxy.steering import Steering
from dispatch.sip import bounds, client_transaction, server_transaction
from dispatch.sip import uri as sip_uri
from dispatch.sip.bounds import Bounds
from dispatch.sip.client_transaction import ClientTransaction, client_key
from dispatch.sip.effects import Socket
from dispatch.sip.flow import Flow, Listener, Peer
from dispatch.sip.message import Message
from dispatch.sip.server_transaction import ServerTransaction, invite_key, server_key
from dispatch.sip.timers import Queues, Timers
from dispatch.transport.interfaces import ISipReceiver, Tracer
from dispatch.transport.names.order import by_hash, ordered
from dispatch.transport.names.target import Place, Target, Want, targets, wanted


class Names(Protocol):
    """What the engine needs of `dispatch.transport.names.resolver.Resolver`."""

    def find(self, want: Want) -> Sequence[Place] | None:
        """What a host stands for, when it is known."""

    def seek(self, want: Want) -> Deferred[tuple[Place, ...]]:
        """What a host stands for, asked for."""


class Limits(bounds.Limits, Protocol):
    """What the engine needs of ``[sip.limits]``."""

    @property
    def message(self) -> int:
        """The longest message, in bytes."""

    @property
    def transactions(self) -> int:
        """The most open server transactions."""

    @property
    def when_full(self) -> str:
        """What a request gets that is one too many: ``503``, or ``silence``."""


log: Final = Logger()
_TICK: Final = 0.05  # seconds between two looks at the timers
_MOST_WAYS: Final = 20_000  # remembered ways; all are forgotten when there are more
_LONGEST_URI: Final = 200  # bytes of one that is remembered: strangers choose them


class Engine:
    """Finds the transaction of each message and keeps every transaction's time.

    Args:
        clock: the reactor.
        seconds: a clock that is never set back.
        resolver: finds addresses for names.
        timers: durations.
        limits: of messages and of open transactions.

    Attributes:
        peer_of: who is expected at a host, as a URI or Via names it, of that address and port; asked where the
            transport can tell.
        gate: who is heard; None: everybody.
        tracer: sees every message that is heard; None while nobody wants to.
        proxy: set by whoever builds the tree, before the first message.
        listeners: local sockets; the first that fits sends where nothing else decides.
        source_towards: the address that the kernel would send from to another one.
        is_multihomed: that address says which of several sockets sends, also where the one a request came on would fit.
        request_count: requests received, copies included.
        response_count: responses received.
        malformed_count: what was no SIP.
        refused_count: requests turned away because too many were open.
        stray_count: responses that no transaction waited for, or not from there.
        unheard_count: what the gate kept out.
    """

    def __init__(
        self, clock: IReactorTime, seconds: Callable[[], float], resolver: Names, timers: Timers, limits: Limits
    ) -> None:
        self._seconds = seconds
        self._resolver = resolver
        self._durations = timers
        self._max_transactions = limits.transactions
        self._max_message = limits.message
        self._is_silent = limits.when_full == "silence"
        self._bounds = Bounds(limits)
        self._short = self._bounds.short
        self.gate: Gate | None = None
        self.tracer: Tracer | None = None
        self.timers = Queues(seconds())
        self.proxy: Proxy
        self.listeners: tuple[Listener, ...] = ()
        self.peer_of: Callable[[bytes, str, int], Peer] = _nobody
        self.source_towards: Callable[[str], str | None] = _unknown
        self.is_multihomed = False
        self._clients: dict[bytes, ClientTransaction] = {}
        # Of requests by the connections of callers, who come and go by the thousand: nobody is searched for in vain.
        self._by_caller: dict[Flow, dict[ClientTransaction, None]] = {}
        self._servers: dict[bytes, ServerTransaction] = {}
        self._ways: dict[tuple[bytes, Listener, Socket | None], Flow] = {}
        self._ticker = LoopingCall(self._tick)
        self._ticker.clock = clock
        self._is_closing = False
        self._drained: Deferred[None] | None = None
        self.request_count = self.response_count = 0
        self.malformed_count = self.refused_count = self.stray_count = self.unheard_count = 0

    @property
    def open_transactions(self) -> int:
        """How many transactions are remembered, of both kinds."""
        return len(self._servers) + len(self._clients)

    def waited_for(self) -> Iterator[tuple[str, int]]:
        """Address and port of each peer that has not answered a request that we relayed, once for each of them."""
        for client in tuple(self._clients.values()):
            if client.state < client_transaction.State.COMPLETED and isinstance(client.user, Context):
                yield client.flow.remote

    def ringing(self) -> Iterator[tuple[ClientTransaction, Context]]:
        """Each INVITE that we relayed and nobody has answered."""
        for client in tuple(self._clients.values()):
            is_waiting = client.method == b"INVITE" and client.state < client_transaction.State.COMPLETED
            if is_waiting and isinstance(client.user, Context):
                yield client, client.user

    def start(self) -> None:
        """Begin to look at the timers."""
        self.timers.advance(self._seconds())
        self._ticker.start(_TICK, now=False)

    def close(self) -> Deferred[None]:
        """Take no new calls; fires when every request is answered, or the grace is over."""
        self._is_closing = True
        if not self._ticker.running or not self._unanswered():
            return succeed(None)
        self._drained = Deferred()
        self.timers.start(self._durations.grace, _Deadline(self._end_grace), 0)
        log.info(
            "closing: {count} requests have until {grace} s to be answered",
            count=self._unanswered(),
            grace=self._durations.grace,
        )
        return self._drained

    def stop(self) -> None:
        """Leave nothing in the reactor."""
        if self._ticker.running:
            self._ticker.stop()

    def _unanswered(self) -> int:
        return sum(not server.is_answered for server in self._servers.values())

    def _end_grace(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None:
            drained.callback(None)

    def _tick(self) -> None:
        """One look at the timers; never raises, so that there is a next one."""
        try:
            self.timers.advance(self._seconds())
            if self._drained is not None and not self._unanswered():
                self._end_grace()
        except Exception:
            log.failure("a timer failed")

    # -- what comes in

    def received(self, data: bytes, flow: Flow) -> None:
        """One message from a transport."""
        self.timers.now = self._seconds()
        if self.gate is not None and self._is_kept_out(flow):
            return
        if self.tracer is not None:
            self.tracer.received(data, flow)
        message = None
        try:
            if len(data) > self._max_message:
                raise ParseError(f"a message of {len(data)} bytes", status=513)
            message = Message(data)
            if message.head > self._short:
                self._bounds.check(message)
            if message.is_request:
                self._request(message, flow)
            else:
                self._response(message, flow)
        except ParseError as error:
            if message is None:
                self._malformed(data, flow, error)
                return
            self.malformed_count += 1
            if message.is_request:
                self.proxy.refuse(message, flow, error)
        except Exception:
            log.failure("a message failed: {data!r}", data=data[:400])

    def malformed(self, data: bytes, flow: Flow, error: ParseError) -> None:
        """What came is no message; a request of which enough is left gets its answer."""
        self.timers.now = self._seconds()
        if self.gate is None or not self._is_kept_out(flow):
            self._malformed(data, flow, error)

    def _is_kept_out(self, flow: Flow) -> bool:
        if self.gate is None or self.gate.admits(flow.remote[0], self.timers.now):
            return False
        self.unheard_count += 1
        return True

    def _malformed(self, data: bytes, flow: Flow, error: ParseError) -> None:
        self.malformed_count += 1
        try:
            message = Message(data, salvage=True)
            if message.is_request:
                self.proxy.refuse(message, flow, error)
        except ParseError:
            return
        except Exception:
            log.failure("a broken message failed: {data!r}", data=data[:400])

    def transport_failed(self, flow: Flow, reason: str) -> None:
        """A connection broke: whatever waits for a response by it fails now (RFC 3261 §18.4)."""
        if flow.connection is not None:
            waiting = list(self._by_caller.get(flow, ()))
        else:
            waiting = [client for client in self._clients.values() if client.flow is flow]
        for client in waiting:
            client.break_off()

    def _request(self, message: Message, flow: Flow) -> None:
        self.request_count += 1
        method = message.method
        server = self._servers.get(server_key(message))
        if server is not None and (method != b"ACK" or server.state is not server_transaction.State.ACCEPTED):
            server.feed(server_transaction.Event.ACK if method == b"ACK" else server_transaction.Event.REQUEST)
            return
        if method == b"CANCEL":
            self.proxy.cancel(message, flow, self._servers.get(invite_key(message)))
            return
        if self._is_closing and message.to_tag is None:
            raise ParseError("closing", status=503)
        if len(self._servers) >= self._max_transactions and method != b"ACK":
            self.refused_count += 1
            if self._is_silent:
                return
            raise ParseError("too many transactions", status=503)
        self.proxy.request(message, flow)

    def _response(self, message: Message, flow: Flow) -> None:
        self.response_count += 1
        hears = self.proxy.hears_reply
        if hears is not None and not hears(message, flow):
            return
        branch = message.branch
        client = self._clients.get(branch)
        # Only a CANCEL shares the branch of another request; without one there is no need to look at CSeq (§17.1.3).
        if client is None or (client.cancel_sent and message.cseq[1] == b"CANCEL"):
            client = self._clients.get(client_key(branch, b"CANCEL"))
        if client is not None and (client.flow is flow or _is_from(flow, client.flow)):
            client.receive(message)
        else:
            self.stray_count += 1
            self.proxy.response(message, flow)

    # -- what machines ask for

    def add_client(self, transaction: ClientTransaction) -> None:
        """See `effects.Core`."""
        self._clients[transaction.key] = transaction
        if transaction.flow.connection is not None:
            self._by_caller.setdefault(transaction.flow, {})[transaction] = None

    def forget_client(self, transaction: ClientTransaction) -> None:
        """See `effects.Core`."""
        self._clients.pop(transaction.key, None)
        flow = transaction.flow
        if flow.connection is not None and (waiting := self._by_caller.get(flow)) is not None:
            waiting.pop(transaction, None)
            if not waiting:
                del self._by_caller[flow]

    def add_server(self, transaction: ServerTransaction) -> None:
        """See `effects.Core`."""
        self._servers[transaction.key] = transaction

    def forget_server(self, transaction: ServerTransaction) -> None:
        """See `effects.Core`."""
        self._servers.pop(transaction.key, None)

    def find_server(self, key: bytes) -> ServerTransaction | None:
        """See `proxy.Network`."""
        return self._servers.get(key)

    def respond_anew(self, message: bytes, flow: Flow) -> None:
        """See `effects.Core`: a new connection to where the request came from, and the port of its Via (§18.2.2)."""
        transport = flow.listener.transport
        if not transport.reliable or flow.listener.is_websocket:
            return
        try:
            via, host = Message(message).via, flow.remote[0]
            port = via.port or transport.default_port
            back = transport.flow_to(host, port, self._expected(flow.listener, via.host, host, port))
        except TransportError:
            return
        self.proxy.send(message, back)

    # -- routes that wait

    def pause(self, context: Context, step: object) -> None:
        """Drive a route that waits for something: a coroutine, or a Deferred.

        The request is taken and said to be tried before its first step. A CANCEL answers 487 and stops it, as does
        `fr_timer` with 500; at the end of the service it has its time to finish.
        """
        context.wait(self._durations.fr_timer)
        running = Deferred.fromCoroutine(step) if isinstance(step, Coroutine) else step
        if not isinstance(running, Deferred):
            context.abort()
            raise TypeError(f"a route gave back {step!r}; return nothing, or what can be waited for")
        if context.steering is None:
            context.steering = Steering()
        context.steering.on_cancel = running.cancel
        running.addCallbacks(_thought, _not_thought, callbackArgs=(context,), errbackArgs=(context,))

    # -- the way to a URI

    def locate(
        self, uri: bytes, inbound: Listener, socket: Socket | None = None, message: Message | None = None
    ) -> Flow | None:
        """See `effects.Locator`."""
        way = self._ways.get((uri, inbound, socket))
        if way is not None:
            return way
        return self.locate_other(uri, inbound, socket, message, ())

    def locate_other(
        self, uri: bytes, inbound: Listener, socket: Socket | None, message: Message | None, tried: Collection[Flow]
    ) -> Flow | None:
        """See `effects.Locator`."""
        parsed = sip_uri.parse(uri)
        places = self._resolver.find(wanted(parsed)) if parsed is not None and parsed.host else None
        if parsed is None or places is None:
            return None
        if len(places) > 1:
            places = ordered(places, by_hash(message.call_id if message is not None else b""))
        for target in targets(places):
            way = self._way_to(target, parsed.host, inbound, socket)
            if way is None or way in tried:
                continue
            # A name may stand for another address next time, a route lead elsewhere, another list expect another peer.
            is_fixed = way.host.strip(b"[]") == parsed.host.strip(b"[]") and not self.is_multihomed
            if is_fixed and not way.listener.is_secure and len(uri) <= _LONGEST_URI:
                if len(self._ways) >= _MOST_WAYS:
                    self._ways.clear()
                self._ways[uri, inbound, socket] = way
            return way
        return None

    def _expected(self, listener: Listener, host: bytes, address: str, port: int) -> Peer | None:
        return self.peer_of(host, address, port) if listener.is_secure else None

    def locate_later(
        self, uri: bytes, inbound: Listener, socket: Socket | None, then: Callable[[Flow | None], None]
    ) -> None:
        """See `effects.Locator`."""
        parsed = sip_uri.parse(uri)
        if parsed is None or not parsed.host or self._resolver.find(wanted(parsed)) is not None:
            then(None)  # the name is no problem: no socket fits
            return
        found = self._resolver.seek(wanted(parsed))
        found.addCallbacks(self._located, _not_located, callbackArgs=(uri, inbound, socket, then), errbackArgs=(then,))
        found.addErrback(_report_lookup, parsed.host.decode("latin-1"))

    def _located(
        self,
        _: tuple[Place, ...],
        uri: bytes,
        inbound: Listener,
        socket: Socket | None,
        then: Callable[[Flow | None], None],
    ) -> None:
        then(self.locate(uri, inbound, socket))

    def _way_to(self, target: Target, host: bytes, inbound: Listener, socket: Socket | None) -> Flow | None:
        listener = self._outbound(target.transport, target.address, inbound, socket)
        if listener is None:
            return None
        peer = self._expected(listener, host, target.address, target.port)
        try:
            return listener.transport.flow_to(target.address, target.port, peer)
        except TransportError:
            return None

    def _outbound(self, name: bytes, address: str, inbound: Listener, socket: Socket | None) -> Listener | None:
        """The local socket to send from, of those that fit: asked for, that it came on, on the route, or the first."""
        fitting = [
            one for one in self.listeners if one.transport.name == name and (":" in one.host) == (":" in address)
        ]
        for one in fitting if socket is not None else ():
            if _is_named(one, socket):
                return one
        if len(fitting) > 1 and (self.is_multihomed or inbound not in fitting):
            source = self.source_towards(address)
            fitting = [one for one in fitting if one.host == source] or fitting
        if inbound in fitting:
            return inbound
        return fitting[0] if fitting else None


# Compiled to machine code, a class may have no decorator.
classImplements(Engine, ISipReceiver)


def _is_from(flow: Flow, sent: Flow) -> bool:
    """Whether a response came from where its request went.

    That is the same connection where that proves who it is, or was the peer's own; else any port of the same address,
    as there are peers (SIPp) that answer by a connection of their own what came by ours.
    """
    if sent.listener.is_secure or sent.connection is not None:
        return flow.called is sent
    return flow.remote[0] == sent.remote[0]


def _nobody(host: bytes, address: str, port: int) -> Peer:
    return Peer("")


def _unknown(address: str) -> str | None:
    return None


def _thought(_: object, context: Context) -> None:
    """A route that waited is through."""
    if context.steering is not None:
        context.steering.on_cancel = None
    if context.is_open and not context.is_waiting:
        context.end_unanswered()


def _not_thought(failure: Failure, context: Context) -> None:
    if context.steering is not None:
        context.steering.on_cancel = None
    if failure.check(CancelledError) is None:
        log.failure("a route failed while it waited", failure)
    if not context.is_cancelled:
        context.abort()


def _not_located(_: Failure, then: Callable[[Flow | None], None]) -> None:
    then(None)


def _report_lookup(failure: Failure, host: str) -> None:
    log.failure("after looking up {host}", failure, host=host)


def _is_named(listener: Listener, socket: Socket | None) -> bool:
    return socket == (listener.transport.name.decode().lower(), listener.host, listener.port)


class _Deadline:
    """Waits in the timer queues like a machine."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then

    def expire(self, event: int, due: float) -> None:
        self._then()
