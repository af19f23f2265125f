"""One request on its way through us: the response context of RFC 3261 §16.7."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatch.errors import TransportError
from dispatch.proxy import request as request_
from dispatch.proxy import response as response_
from dispatch.proxy.dialog import Identity, Routing
from dispatch.proxy.flow_token import hides
from dispatch.sip import build
from dispatch.sip import edits as edits_
from dispatch.sip.client_transaction import ClientTransaction
from dispatch.sip.effects import Socket
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message, splice
from dispatch.sip.server_transaction import ServerTransaction, invite_key, server_key
from dispatch.sip.timers import Timers

if TYPE_CHECKING:
    from dispatch.proxy.branch import Branch
    from dispatch.proxy.proxy import Proxy
    from dispatch.proxy.steering import Steering


Outcome = Callable[[int, Message | None], None]
"""Called once with the status and the final answer; without one, with 408, or 503 where the network refused."""


@dataclass(slots=True)
class Target:
    """Where to send a request.

    Attributes:
        next_hop: URI of the host to send to.
        uri: new Request-URI; None leaves it.
        socket: protocol, host and port of the local socket to send from; None: the one that fits.
        outcome: told what became of the request there, see `Outcome`; None where nobody wants to know.
        branch: where a script follows what becomes of it; None for the built-in route.
        flow: the connection to send by; None: whatever way leads to the next hop.
        breadth: the edit that gives it its part of Max-Breadth; None where it goes to nobody else meanwhile.
        accepted: told that the first 2xx to the request came from there, be it after it was given up; None likewise.
    """

    next_hop: bytes
    uri: bytes | None = None
    socket: Socket | None = None
    outcome: Outcome | None = None
    branch: Branch | None = None
    flow: Flow | None = None
    breadth: tuple[int, int, bytes] | None = None
    accepted: Callable[[], None] | None = None


_UNANSWERED: Final = 0  # timers of our own
_THOUGHT: Final = 1
_ELSEWHERE: Final = b'SIP;cause=200;text="Call completed elsewhere"'
_MOST_TRIES: Final = 8  # machines of one name
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
        on_final: told the status of the final answer to the caller, once; None where nobody wants to know.
        wants_record_route: whether our Record-Route goes into what is sent.
        steering: what a script wants beyond where it goes; None where nothing.
    """

    __slots__ = (
        "_accepted",
        "_back",
        "_best",
        "_best_status",
        "_branches",
        "_expected",
        "_loop_hash",
        "_outcomes",
        "_oversize",
        "_proxy",
        "_received",
        "_round",
        "_server",
        "_started",
        "_tried",
        "attempts",
        "flow",
        "is_cancelled",
        "message",
        "on_failure",
        "on_final",
        "routing",
        "steering",
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
        self._branches: tuple[ClientTransaction, ...] = ()  # those that may still answer
        self._expected = 0  # branches to come beside these
        self._accepted: dict[ClientTransaction, Callable[[], None]] | None = None  # the same, of the first 2xx
        self._outcomes: dict[ClientTransaction, Outcome] | None = None  # who is to be told of which branch
        self._tried: dict[ClientTransaction, tuple[Target, tuple[Flow, ...]]] | None = None  # of targets given by name
        self._oversize: dict[ClientTransaction, tuple[Target, Flow]] | None = None  # by TCP; and where else
        self._round: tuple[int, bool] | None = None  # the best that came of the branches so far
        self._best: bytes = b""
        self._best_status = 0
        self._started = proxy.core.timers.now
        self.attempts = 0
        self.is_cancelled = False
        self.on_failure: OnFailure | None = None
        self.on_final: Callable[[int], None] | None = None
        self.wants_record_route = False
        self.steering: Steering | None = None

    @property
    def me(self) -> Identity:
        """Who we are."""
        return self._proxy.me

    @property
    def is_open(self) -> bool:
        """Whether a server transaction waits for the answer, or has had it."""
        return self._server is not None

    @property
    def _is_by_stream(self) -> bool:
        return self._back.listener.transport.reliable

    @property
    def age(self) -> float:
        """Seconds since the request came."""
        return self._proxy.core.timers.now - self._started

    def reply(self, status: int, reason: bytes = b"", headers: bytes = b"", body: bytes = b"") -> None:
        """Answer the request ourselves; an ACK is never answered."""
        if self.message.method == b"ACK":
            return
        server = self._server
        if server is not None:
            if server.is_answered:
                return
            server.respond(status, self._own_response(status, reason, headers, body))
            if status >= 200:
                self._release(status)
            return
        self._proxy.send(self._own_response(status, reason, headers, body), self._back)
        self._tell_final(status)

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
        self.reply(status)
        self._cancel_others(None)

    def drop_routes(self) -> None:
        """Take every Route value off: an initial request goes where we say, wherever it was told to go."""
        if self.message.routes:
            self.routing.cuts = request_.route_cuts(self.message)

    def relay(self, target: Target) -> None:
        """Send the request to `target`, and whatever comes back to where the request came from."""
        if self._server is None and self.message.method != b"ACK":
            self._open()
        self._relay(target)

    def fork(self, targets: Sequence[Target]) -> None:
        """Send the request to all of `targets` at once: the first 2xx wins, else the best of what all say (§16.7).

        More of them than its Max-Breadth allows are refused (RFC 5393 §5.3.3).
        """
        if self.message.method == b"ACK":
            self.relay(targets[0])  # nothing would tell its branches from those of others
            return
        shares = request_.breadth_edits(self.message, len(targets))
        if not shares:
            self.reply(440)
            return
        for target, share in zip(targets, shares, strict=True):
            target.breadth = share
        if self._server is None:
            self._open()
        self._expected += len(targets)
        for target in targets:
            self._relay(target)

    def try_all(self, targets: Sequence[Target]) -> bool:
        """As `fork`, for a script; False when not one of them could be sent, of which `on_failure` is not told then."""
        if self._server is None:
            if self.message.method == b"ACK":
                self._relay(targets[0])
                return True
            self._open()
        elif self.attempts == 0:
            self._say_trying()
        self._expected += len(targets) + 1
        for target in targets:
            self._relay(target)
        self._expected -= 1
        if self._branches or self._expected:
            return True
        self._round = None
        return False

    def open(self) -> None:
        """Make the server transaction, and say nothing yet."""
        message = self.message
        self._server = ServerTransaction(
            self._proxy.core, self._back, server_key(message), message.method, self._proxy.timers
        )
        self._server.user = self

    def end_unanswered(self) -> None:
        """Nobody has said what becomes of an open request: it ends by its timer, without a word."""
        timers = self._proxy.core.timers
        timers.start(self._proxy.timers.fr_timer, self, _UNANSWERED)

    def expire(self, event: int, due: float) -> None:
        """See `end_unanswered` and `wait`."""
        server = self._server
        if server is None or server.is_answered or self.attempts:
            return
        if event == _THOUGHT:
            if self.steering is not None and self.steering.on_cancel is not None:
                self.steering.on_cancel()
            self.reply(500)
            return
        self.end()

    def end(self) -> None:
        """End without an answer."""
        server = self._server
        if server is not None and not server.is_answered:
            self._release(408)
            server.end()

    def answer_to_source(self) -> None:
        """Answer to where the request came from, and note the port in its Via, as if it had asked for it (RFC 3581)."""
        if self.message.via.rport is not None:
            return
        via = self.message.via
        text = b";rport=%d" % self.flow.remote[1]
        if via.host != self.flow.host:
            text += b";received=%b" % self.flow.host.strip(b"[]")
        span = via.received_span or (via.stop, via.stop)
        self._received = (*span, text)
        self._back = self.flow

    @property
    def is_waiting(self) -> bool:
        """Whether some branch may still answer, or is still to be sent."""
        return bool(self._branches or self._expected)

    def reread(self, message: Message) -> list[tuple[int, int, bytes]]:
        """Go on with another text of the request; gives what following its Route headers takes off."""
        cuts = self.routing.cuts
        self.message = message
        self.routing = Routing(message, self._proxy.me, self.flow.listener)
        if self._received is not None:
            self._received = request_.received_edit(message, self.flow)
        if cuts:
            return self.routing.cuts
        cuts, self.routing.cuts = self.routing.cuts, []
        return cuts

    @property
    def timers(self) -> Timers:
        """Durations of all requests."""
        return self._proxy.timers

    def wait(self, seconds: float) -> None:
        """Somebody thinks about this request: take it, say so, and answer 500 when he thinks too long."""
        if self.message.method == b"ACK":
            return
        if self._server is None:
            self._open()
        self._proxy.core.timers.start(seconds, self, _THOUGHT)

    def cancel_branches(self) -> None:
        """Let nobody ring on."""
        self._cancel_others(None)

    @property
    def server(self) -> ServerTransaction | None:
        """The transaction; None before there is one."""
        return self._server

    def find_invite(self) -> ServerTransaction | None:
        """The transaction of the INVITE that this CANCEL means (§9.2); None when there is none (any more)."""
        return self._proxy.core.find_server(invite_key(self.message))

    def _relay(self, target: Target) -> None:
        self.attempts += 1
        flow = target.flow or self._locate(target)
        if flow is not None:
            self._relay_to(target, flow)
        else:
            self._locate_later(target, self._relay_to)

    def forward(self, target: Target) -> None:
        """Send the request to `target` without remembering it (§16.11)."""
        flow = target.flow or self._locate(target)
        if flow is not None:
            self._forward_to(target, flow)
        else:
            self._locate_later(target, self._forward_to)

    def _locate(self, target: Target) -> Flow | None:
        inbound = self.routing.listener or self.flow.listener
        return self._proxy.core.locate(target.next_hop, inbound, target.socket, self.message)

    def _locate_later(self, target: Target, then: Callable[[Target, Flow | None], None]) -> None:
        inbound = self.routing.listener or self.flow.listener

        def found(flow: Flow | None) -> None:
            try:
                then(target, None if flow is None else self._locate(target))
            except Exception:
                self.abort()
                raise

        self._proxy.core.locate_later(target.next_hop, inbound, target.socket, found)

    def _open(self) -> None:
        """Make the server transaction; an INVITE gets its 100 at once (§17.2.1)."""
        self.open()
        self._say_trying()

    def _say_trying(self) -> None:
        message = self.message
        if message.method == b"INVITE" and self._server is not None:
            stamp = message.timestamp
            headers = b"" if stamp is None else b"Timestamp: %b\r\n" % stamp  # §8.2.6.1
            self._server.respond(100, build.response(message, 100, received=self._received, headers=headers))

    def _relay_to(self, target: Target, flow: Flow | None) -> None:
        is_unsafe = flow is not None and self.routing.must_be_safe and not flow.listener.is_secure
        if self._server is None:
            if flow is not None and not is_unsafe:  # an ACK has no transaction (§17)
                self._send_off(target, flow, self._proxy.new_branch(self._loop_hash))
            return
        if self._expected:
            self._expected -= 1
        if self._server.is_answered:
            return
        if self.is_cancelled:
            self._ended(487)
            return
        if is_unsafe:
            self._note(480, self._own_response(480, headers=self._unsafe))
            self._ended(503)
            return
        if flow is None:
            if target.outcome is not None:
                target.outcome(503, None)
            if target.branch is not None:
                target.branch.status, target.branch.is_ended = 503, True
            self._note(500, b"")
            self._ended(503)
            return
        branch = self._proxy.new_branch(self._loop_hash)
        data, way = self._made_for(target, flow, branch)
        self._begin(target, way, branch, data, flow)

    def _begin(
        self, target: Target, way: Flow, branch: bytes, data: bytes, flow: Flow, tried: tuple[Flow, ...] = ()
    ) -> None:
        """A new branch by `way`; by `flow` should it be another one, and nobody be there."""
        method = self.message.method
        timers = self._proxy.timers
        if self.steering is not None and self.steering.timers is not None:
            timers = self.steering.timers
        client = ClientTransaction(self._proxy.core, self, way, branch, method, data, timers)
        if self.steering is not None and target.branch is not None:
            self.steering.begins(client, target.branch)
        self._branches += (client,)
        if way is not flow:
            self._oversize = {**(self._oversize or {}), client: (target, flow)}
        if flow.host not in target.next_hop:  # it is a name
            self._tried = {**(self._tried or {}), client: (target, (*tried, flow))}
        if target.outcome is not None:
            self._outcomes = {**(self._outcomes or {}), client: target.outcome}
        if target.accepted is not None:
            self._accepted = {**(self._accepted or {}), client: target.accepted}
        client.begin()

    def _goes_on(self, client: ClientTransaction) -> bool:
        """Send the request to the next machine that answers for the same name (RFC 3263 §4.3); False if none does."""
        target, tried = (self._tried or {}).pop(client, (None, ()))
        server = self._server
        if target is None or len(tried) >= _MOST_TRIES or self.age >= self._proxy.failover_time:
            return False
        if self.is_cancelled or server is None or server.is_answered:
            return False
        inbound = self.routing.listener or self.flow.listener
        flow = self._proxy.core.locate_other(target.next_hop, inbound, target.socket, self.message, tried)
        if flow is None or not self._take_off(client):
            return False
        if self._outcomes is not None:
            self._outcomes.pop(client, None)
        branch = self._proxy.new_branch(self._loop_hash)
        data, way = self._made_for(target, flow, branch)
        self._begin(target, way, branch, data, flow, tried)
        return True

    def _forward_to(self, target: Target, flow: Flow | None) -> None:
        if flow is None:
            self.reply(503)
            return
        if self.routing.must_be_safe and not flow.listener.is_secure:
            self.reply(480, headers=self._unsafe)
            return
        self._send_off(target, flow, self._proxy.stateless_branch(self.message, self._back, self._loop_hash))

    def _send_off(self, target: Target, flow: Flow, branch: bytes) -> None:
        """Send what nobody waits for."""
        data, way = self._made_for(target, flow, branch)
        if way is not flow:
            try:
                way.listener.transport.send(data, way)
            except TransportError:
                data = self.outgoing(target, flow.listener, branch)
            else:
                return
        self._proxy.send(data, flow)

    def _made_for(self, target: Target, flow: Flow, branch: bytes) -> tuple[bytes, Flow]:
        """The request for `flow`; or for TCP to the same peer, where it is too long for a datagram (§18.1.1)."""
        data = self.outgoing(target, flow.listener, branch)
        if self._proxy.udp_mtu and len(data) > self._proxy.udp_mtu:
            stream = self._proxy.stream_beside(flow)
            if stream is not None:
                return self.outgoing(target, stream.listener, branch), stream
        return data, flow

    @property
    def _unsafe(self) -> bytes:
        """Says why a request for ``sips:`` goes nowhere (RFC 5630 §5.3)."""
        return b'Warning: 380 %b "SIPS Not Allowed"\r\n' % self.flow.listener.sent_by

    def outgoing(self, target: Target, outbound: Listener, branch: bytes) -> bytes:
        """The request as it leaves us (§16.6): four edits at most, all other bytes as they came."""
        message = self.message
        steering = self.steering
        if steering is None or steering.counts_hops:
            edits = [*self.routing.cuts, request_.hops_edit(message)]
        else:
            edits = [*self.routing.cuts]
        at = message.first_line(b"via")
        top = outbound.via + branch + b"\r\n"
        if steering is not None and steering.record_route is not None:
            top = steering.record_route(outbound) + top
        elif self.wants_record_route:
            back = self.flow if hides(message, self.flow) else None
            lines = self._proxy.me.record_route(
                message.call_id, self.flow.listener, outbound, back, must_be_safe=self.routing.must_be_safe
            )
            first = message.first_line(b"record-route")
            if 0 <= first < at:
                edits.append((first, first, lines))
            else:
                top = lines + top
        edits.append((at, at, top))
        if self._received is not None:
            edits.append(self._received)
        if target.breadth is not None:
            edits.append(target.breadth)
        if outbound.transport.reliable and message.content_length is None:
            edits.append(response_.length_edit(message))  # by UDP it need not be there (§18.3)
        if target.uri is not None and target.uri != message.uri:
            start = len(message.method) + 1
            edits.append((start, start + len(message.uri), target.uri))
        if steering is None:
            return splice(message.raw, edits)
        asked = [*steering.edits, *(target.branch.edits if target.branch is not None else ())]
        return edits_.apply(message.raw, asked + edits)

    def cancelled(self, reason: bytes = b"") -> None:
        """The caller hung up before the answer (§16.10)."""
        if self.is_cancelled:
            return
        self.is_cancelled = True
        if self.steering is not None and self.steering.on_cancel is not None:
            self.steering.on_cancel()
        for client in self._branches:
            client.cancel(reason)
        if not self._branches:
            self.reply(487)

    def provisional(self, client: ClientTransaction, response: Message) -> None:
        """Pass it on, but for 100, and for anything that RFC 4320 §4.1 forbids."""
        if self.steering is not None and not self.steering.replied(client, response):
            return
        if (
            response.status > 100
            and client in self._branches
            and client.method == b"INVITE"
            and self._server is not None
        ):
            self._server.respond(response.status, response_.without_via(response, by_stream=self._is_by_stream))

    def final(self, client: ClientTransaction, response: Message) -> None:
        """Pass a 2xx on at once; another one is the best so far, or not."""
        status = response.status
        if self.steering is not None:
            self.steering.replied(client, response)
        if self._tried is not None and status == 503 and self._goes_on(client):
            self._note(*response_.upwards(response))
            return
        if self._outcomes is not None:
            self._tell(client, status, response)
        if status < 300:
            if self._accepted is not None:
                accepted = self._accepted.get(client)
                if accepted is not None:
                    accepted()
            if self._server is not None:
                self._server.respond(status, response_.without_via(response, by_stream=self._is_by_stream))
                self._release(status)
            # Also when one that was given up has answered after all (§16.7 step 10).
            self._cancel_others(client, _ELSEWHERE)
            return
        if self._take_off(client):
            self._note(*response_.upwards(response, by_stream=self._is_by_stream))
            if status >= 600 and (self.steering is None or self.steering.stops_at_6xx):
                self._cancel_others(client)  # §16.7 step 5
            self._ended(status, is_answer=True)

    def failed(self, client: ClientTransaction, status: int) -> None:
        """No response came: 408, or 503 where the network refused."""
        if self._oversize is not None and status == 503 and self._relay_by_datagram(client):
            return
        if self.steering is not None:
            self.steering.failed(client, status)
        if self._tried is not None and not client.has_rung and self._goes_on(client):
            return
        if self._outcomes is not None:
            self._tell(client, status, None)
        if self._take_off(client):
            self._note(500 if status == 503 else status, b"")
            self._ended(status)

    def _relay_by_datagram(self, client: ClientTransaction) -> bool:
        """Nobody takes TCP there: try UDP after all (§18.1.1)."""
        assert self._oversize is not None
        found = self._oversize.pop(client, None)
        if found is None or client.has_rung or self.is_cancelled or not self._take_off(client):
            return False
        target, flow = found
        if self._outcomes is not None:
            self._outcomes.pop(client, None)
        _, tried = (self._tried or {}).pop(client, (None, ()))
        branch = self._proxy.new_branch(self._loop_hash)
        self._begin(target, flow, branch, self.outgoing(target, flow.listener, branch), flow, tried[:-1])
        return True

    def _tell(self, client: ClientTransaction, status: int, response: Message | None) -> None:
        """What became of a branch; nothing where it rang, and nobody answered: that is not the destination's doing."""
        assert self._outcomes is not None
        outcome = self._outcomes.pop(client, None)
        if outcome is not None and (response is not None or status != 408 or not client.has_rung):
            outcome(status, response)

    def _take_off(self, client: ClientTransaction) -> bool:
        """Wait for this branch no longer; False when it is one that was given up."""
        before = self._branches
        self._branches = () if before == (client,) else tuple([one for one in before if one is not client])
        return self._branches != before

    def _cancel_others(self, client: ClientTransaction | None, reason: bytes = b"") -> None:
        for one in self._branches:
            if one is not client and one.method == b"INVITE":
                one.cancel(reason)

    def _ended(self, status: int, *, is_answer: bool = False) -> None:
        """One branch has come to nothing; when it is the last, the best of them all decides what follows."""
        best = self._round
        if best is None or response_.rank(status, is_answer) < response_.rank(*best):
            self._round = best = (status, is_answer)
        if self._branches or self._expected:
            return
        self._round = None
        self._failed(*best)

    def _failed(self, status: int, is_answer: bool) -> None:
        server = self._server
        if server is None or server.is_answered:
            return
        steering = self.steering
        hears_all = False
        if steering is not None and steering.forgets_tries:
            winner = steering.winner
            if winner is not None:
                status, is_answer = winner.status, winner.reply is not None
                self._best_status, self._best = steering.upwards(winner, by_stream=self._is_by_stream)
            hears_all = True
        # A 6xx speaks for all (§16.7).
        if self.on_failure is not None and (hears_all or (not self.is_cancelled and status < 600)):
            attempts = self.attempts
            try:
                self.on_failure(self, status, is_answer)
            except Exception:
                self.abort()
                raise
            if server.is_answered or (self.is_waiting if hears_all else self.attempts != attempts):
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
            self._release(status)
            server.end()  # RFC 4320 §4.2: no 408 for a non-INVITE
            return
        server.respond(status, data or self._own_response(status))
        self._release(status)

    def _release(self, status: int) -> None:
        """It is answered: keep nothing but the way back."""
        self._tell_final(status)
        self.message = _ANSWERED
        self._tried = None
        self._best = b""
        self.on_failure = None
        self._accepted = None

    def _tell_final(self, status: int) -> None:
        if self.on_final is not None:
            on_final, self.on_final = self.on_final, None
            on_final(status)

    def _own_response(self, status: int, reason: bytes = b"", headers: bytes = b"", body: bytes = b"") -> bytes:
        if self.steering is not None and status > 100:
            headers += self.steering.reply_headers
        return build.response(
            self.message,
            status,
            reason,
            received=self._received,
            to_tag=b"" if status == 100 else self._proxy.own_tag(self.message),
            headers=headers,
            body=body,
        )
