"""One request on its way through us: the response context of RFC 3261 §16.7, for one target at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatch.proxy import request as request_
from dispatch.proxy import response as response_
from dispatch.sip import build
from dispatch.sip.client_transaction import ClientTransaction
from dispatch.sip.effects import Socket
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message, splice
from dispatch.sip.server_transaction import ServerTransaction, server_key

if TYPE_CHECKING:
    from dispatch.proxy.dialog import Identity, Routing
    from dispatch.proxy.proxy import Proxy


@dataclass(slots=True)
class Target:
    """Where to send a request.

    Attributes:
        next_hop: URI of the host to send to.
        uri: new Request-URI; None leaves it.
        socket: protocol, host and port of the local socket to send from; None: the one that fits.
    """

    next_hop: bytes
    uri: bytes | None = None
    socket: Socket | None = None


_ANSWERED: Final = Message(b"ACK sip:answered.invalid SIP/2.0\r\n\r\n")  # stands where a request was, to free its bytes
OnFailure = Callable[["Context", int, bool], None]
"""Called with the status of a branch that failed, and whether that was an answer; it may call `Context.relay` again."""


class Context:
    """A request, and what becomes of it.

    Attributes:
        message: the request as it came; empty once it is answered for good.
        flow: where it came from.
        routing: what its Route headers say.
        attempts: how many targets it was sent to.
        is_cancelled: the caller has sent CANCEL.
        on_failure: asked when a target failed; None passes the failure on.
        wants_record_route: whether our Record-Route goes into what is sent.
    """

    __slots__ = (
        "_back",
        "_best",
        "_best_status",
        "_client",
        "_loop_hash",
        "_proxy",
        "_received",
        "_server",
        "_started",
        "attempts",
        "flow",
        "is_cancelled",
        "message",
        "on_failure",
        "routing",
        "wants_record_route",
    )

    def __init__(self, proxy: Proxy, message: Message, flow: Flow, routing: Routing, loop_hash: bytes) -> None:
        self._proxy = proxy
        self.message = message
        self.flow = flow
        self.routing = routing
        self._loop_hash = loop_hash
        self._back = flow
        self._received: tuple[int, int, bytes] | None = None
        if not message.is_from(flow.sent_by):
            self._back = proxy.way_back(message, flow)
            self._received = request_.received_edit(message, flow)
        self._server: ServerTransaction | None = None
        self._client: ClientTransaction | None = None
        self._best: bytes = b""
        self._best_status = 0
        self._started = proxy.core.timers.now
        self.attempts = 0
        self.is_cancelled = False
        self.on_failure: OnFailure | None = None
        self.wants_record_route = False

    @property
    def me(self) -> Identity:
        """Who we are."""
        return self._proxy.me

    @property
    def is_open(self) -> bool:
        """Whether a server transaction waits for the answer, or has had it."""
        return self._server is not None

    @property
    def age(self) -> float:
        """Seconds since the request came."""
        return self._proxy.core.timers.now - self._started

    def reply(self, status: int, reason: bytes = b"", headers: bytes = b"") -> None:
        """Answer the request ourselves; an ACK is never answered."""
        if self.message.method == b"ACK":
            return
        server = self._server
        if server is not None:
            if server.is_answered:
                return
            server.respond(status, self._own_response(status, reason, headers))
            if status >= 200:
                self._release()
            return
        self._proxy.send(self._own_response(status, reason, headers), self._back)

    def answer(self, status: int, reason: bytes = b"", headers: bytes = b"") -> None:
        """Be the endpoint of this request: as `reply`, and a merged copy of it gets 482 (§8.2.2.2)."""
        if self._proxy.is_merged(self.message):
            self.reply(482, b"Request merged")
            return
        self._open()
        assert self._server is not None
        self._proxy.remember(self.message, self._server)
        self.reply(status, reason, headers)

    def abort(self, status: int = 500) -> None:
        """Whoever decides has failed: answer for him, and let nobody ring on for an answered call."""
        client = self._client
        self.reply(status)
        if client is not None and client.method == b"INVITE":
            client.cancel()

    def drop_routes(self) -> None:
        """Take every Route value off: an initial request goes where we say, wherever it was told to go."""
        if self.message.routes:
            self.routing.cuts = request_.route_cuts(self.message)

    def relay(self, target: Target) -> None:
        """Send the request to `target`, and whatever comes back to where the request came from."""
        if self._server is None and self.message.method != b"ACK":
            self._open()
        self.attempts += 1
        flow = self._proxy.core.locate(target.next_hop, self.routing.listener or self.flow.listener, target.socket)
        if flow is not None:
            self._relay_to(target, flow)
        else:
            self._locate_later(target, self._relay_to)

    def forward(self, target: Target) -> None:
        """Send the request to `target` without remembering it (§16.11)."""
        flow = self._proxy.core.locate(target.next_hop, self.routing.listener or self.flow.listener, target.socket)
        if flow is not None:
            self._forward_to(target, flow)
        else:
            self._locate_later(target, self._forward_to)

    def _locate_later(self, target: Target, then: Callable[[Target, Flow | None], None]) -> None:
        inbound = self.routing.listener or self.flow.listener

        def found(flow: Flow | None) -> None:
            try:
                then(target, flow)
            except Exception:
                self.abort()
                raise

        self._proxy.core.locate_later(target.next_hop, inbound, target.socket, found)

    def _open(self) -> None:
        """Make the server transaction; an INVITE gets its 100 at once (§17.2.1)."""
        message = self.message
        self._server = ServerTransaction(
            self._proxy.core, self._back, server_key(message), message.method, self._proxy.timers
        )
        self._server.user = self
        if message.method == b"INVITE":
            stamp = message.timestamp
            headers = b"" if stamp is None else b"Timestamp: %b\r\n" % stamp  # §8.2.6.1
            self._server.respond(100, build.response(message, 100, received=self._received, headers=headers))

    def _relay_to(self, target: Target, flow: Flow | None) -> None:
        message = self.message
        if self._server is None:
            if flow is not None:  # an ACK has no transaction (§17)
                self._proxy.send(self.outgoing(target, flow.listener, self._proxy.new_branch(self._loop_hash)), flow)
            return
        if self._server.is_answered or self.is_cancelled:
            return
        if flow is None:
            self._note(500, b"")
            self._failed(503)
            return
        branch = self._proxy.new_branch(self._loop_hash)
        data = self.outgoing(target, flow.listener, branch)
        client = self._client = ClientTransaction(
            self._proxy.core, self, flow, branch, message.method, data, self._proxy.timers
        )
        client.begin()

    def _forward_to(self, target: Target, flow: Flow | None) -> None:
        if flow is None:
            self.reply(503)
            return
        branch = self._proxy.stateless_branch(self.message, self._back, self._loop_hash)
        self._proxy.send(self.outgoing(target, flow.listener, branch), flow)

    def outgoing(self, target: Target, outbound: Listener, branch: bytes) -> bytes:
        """The request as it leaves us (§16.6): four edits at most, all other bytes as they came."""
        message = self.message
        edits = [*self.routing.cuts, request_.hops_edit(message)]
        at = message.first_line(b"via")
        top = outbound.via + branch + b"\r\n"
        if self.wants_record_route:
            lines = self._proxy.me.record_route(message.call_id, self.flow.listener, outbound)
            first = message.first_line(b"record-route")
            if 0 <= first < at:
                edits.append((first, first, lines))
            else:
                top = lines + top
        edits.append((at, at, top))
        if self._received is not None:
            edits.append(self._received)
        if target.uri is not None and target.uri != message.uri:
            start = len(message.method) + 1
            edits.append((start, start + len(message.uri), target.uri))
        return splice(message.raw, edits)

    def cancelled(self) -> None:
        """The caller hung up before the answer (§16.10)."""
        if self.is_cancelled:
            return
        self.is_cancelled = True
        if self._client is not None:
            self._client.cancel()
        else:
            self.reply(487)

    def provisional(self, client: ClientTransaction, response: Message) -> None:
        """Pass it on, but for 100, and for anything that RFC 4320 §4.1 forbids."""
        if response.status > 100 and client is self._client and client.method == b"INVITE" and self._server is not None:
            self._server.respond(response.status, response_.without_via(response))

    def final(self, client: ClientTransaction, response: Message) -> None:
        """Pass a 2xx on at once; another one is the best so far, or not."""
        status = response.status
        if status < 300:
            if self._server is not None:
                self._server.respond(status, response_.without_via(response))
                self._release()
            if self._client is not None and self._client is not client:
                self._client.cancel()  # one that was given up has answered after all (§16.7 step 10)
            return
        if client is not self._client:
            return
        self._note(*response_.upwards(response))
        self._failed(status, is_answer=True)

    def failed(self, client: ClientTransaction, status: int) -> None:
        """No response came: 408, or 503 where the network refused."""
        if client is self._client:
            self._note(500 if status == 503 else status, b"")
            self._failed(status)

    def _failed(self, status: int, *, is_answer: bool = False) -> None:
        self._client = None
        server = self._server
        if server is None or server.is_answered:
            return
        if self.on_failure is not None and not self.is_cancelled and status < 600:  # a 6xx speaks for all (§16.7)
            attempts = self.attempts
            try:
                self.on_failure(self, status, is_answer)
            except Exception:
                self.abort()
                raise
            if self.attempts != attempts or server.is_answered:
                return
        self._give_up()

    def _note(self, status: int, data: bytes) -> None:
        best = self._best_status
        if best == 0 or response_.rank(status, bool(data)) < response_.rank(best, bool(self._best)):
            self._best_status, self._best = status, data

    def _give_up(self) -> None:
        """Nobody is left to ask: the best failure goes up."""
        server = self._server
        assert server is not None
        status, data = self._best_status, self._best
        if self.is_cancelled and not data:
            status = 487
        if status == 408 and server.method != b"INVITE":
            self._release()
            server.end()  # RFC 4320 §4.2: no 408 for a non-INVITE
            return
        server.respond(status, data or self._own_response(status))
        self._release()

    def _release(self) -> None:
        """It is answered: keep nothing but the way back."""
        self.message = _ANSWERED
        self._best = b""
        self.on_failure = None

    def _own_response(self, status: int, reason: bytes = b"", headers: bytes = b"") -> bytes:
        return build.response(
            self.message,
            status,
            reason,
            received=self._received,
            to_tag=b"" if status == 100 else self._proxy.own_tag(self.message),
            headers=headers,
        )
