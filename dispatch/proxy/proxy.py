"""The proxy: what comes in from the engine, what the route decides, and the names and branches both need."""

from __future__ import annotations

import math
import os
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from dispatch.errors import ParseError, TransportError
from dispatch.proxy import request as request_
from dispatch.proxy import response as response_
from dispatch.proxy import stateless
from dispatch.proxy.context import Context
from dispatch.proxy.dialog import Identity, Routing
from dispatch.proxy.request import OURS
from dispatch.sip import build
from dispatch.sip.effects import Core, Locator
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message
from dispatch.sip.server_transaction import ServerTransaction, State, server_key
from dispatch.sip.timers import Timers

_MOST_RECENT: Final = 4000
_LONGEST_HOP: Final = 200  # bytes of one that is remembered: strangers choose them
Route = Callable[[Context], None]
"""Who decides: it is called once per request and says `relay`, `forward`, `reply` or `answer`."""


class Network(Core, Locator, Protocol):
    """What the proxy needs of the engine."""

    def find_server(self, key: bytes) -> ServerTransaction | None:
        """The server transaction of that key, see `server_key`."""


class Proxy:
    """RFC 3261 §16 for one target or several at once; knows neither sets nor failover.

    Args:
        core: the engine.
        me: our sockets, names and secret.
        timers: durations.
        route: decides on every request that is not a copy, a CANCEL or the ACK of a refusal.

    Attributes:
        prefix: how every branch of ours begins, by which a request that was here before is told.
        retry_after: header line of the 503 to a request that is one too many; empty for none.
        udp_mtu: bytes of a request above which TCP is tried in place of UDP; 0 for never.
        failover_time: seconds after which no further machine of a name is tried.
        hands_over: the route sees to what is checked of a request, to CANCEL and to Max-Forwards (Kamailio scripts).
        hears_reply: called with each response before anybody else; False drops it. None where nobody wants to.
    """

    def __init__(self, core: Network, me: Identity, timers: Timers, route: Route) -> None:
        self.retry_after = b""
        self.core = core
        self.me = me
        self.timers = timers
        self.route = route
        run = os.urandom(6).hex().encode()
        self.prefix = b"%bs%b." % (OURS, run)
        self._stateless_prefix = stateless.prefix(me.listeners)
        self._prefixes = (self.prefix, self._stateless_prefix)
        self._tag = b"ds.%b." % run
        self.udp_mtu = 0
        self.failover_time = math.inf
        self.hands_over = False
        self.hears_reply: Callable[[Message, Flow], bool] | None = None
        self._streams = {one: _beside(one, me.listeners) for one in me.listeners if not one.transport.reliable}
        self._count = 0
        # Where responses to what was forwarded without memory a moment ago go: only to save the work of `way_back`.
        self._recent: dict[bytes, tuple[Flow, bytes]] = {}
        self._before: dict[bytes, tuple[Flow, bytes]] = {}
        self._listener_numbers = {one: number for number, one in enumerate(me.listeners)}
        self._answered: OrderedDict[bytes, ServerTransaction] = OrderedDict()

    def twin(self, core: Network, me: Identity, route: Route) -> Proxy:
        """One with the same names for branches and the same limits, and nothing remembered, to try things with."""
        other = Proxy(core, me, self.timers, route)
        other.prefix, other._prefixes, other._tag = self.prefix, self._prefixes, self._tag
        other.retry_after, other.udp_mtu = self.retry_after, self.udp_mtu
        return other

    def request(self, message: Message, flow: Flow) -> None:
        """A request that belongs to no transaction of ours.

        Raises:
            ParseError: it can't be carried; `refuse` answers it.
            Exception: whatever the route raised; the request has got its 500.
        """
        if self.hands_over:
            request_.check_readable(message)
            must_be_safe = False
        else:
            must_be_safe = request_.check(message)
        if must_be_safe and not flow.listener.is_secure:
            raise ParseError("sips by a way that is not safe", status=416)
        routing = Routing(message, self.me, flow.listener)
        routing.must_be_safe = must_be_safe
        digest = request_.loop_hash(message, routing.leftover)
        if message.raw.find(OURS, 0, message.head) >= 0 and request_.is_loop(message, self._prefixes, digest):
            raise ParseError("the request comes round", status=482)
        if message.method == b"ACK" and (message.to_tag or b"").startswith(self._tag):
            return  # it acknowledges a refusal of our own
        context = Context(self, message, flow, routing, digest)
        try:
            self.route(context)
        except ParseError as error:
            if not context.is_open:
                raise
            context.abort(error.status)
        except Exception:
            context.abort()
            raise

    def refuse(self, message: Message, flow: Flow, error: ParseError) -> None:
        """Answer what `request` raised, as far as the request can be answered at all."""
        if message.method == b"ACK" or message.first_line(b"via") < 0:
            return  # without a Via nobody knows an answer for one of theirs, and it is hardly SIP
        headers = b""
        if error.status == 420:
            headers = b"Unsupported: %b\r\n" % b", ".join(message.proxy_require)
        elif error.status == 503:
            headers = self.retry_after
        try:
            received, to_tag, back = self._answering(message, flow)
        except ParseError:  # the Via is broken: only the source tells who asked
            received, to_tag, back = None, self._tag + b"0", flow
        self.send(build.response(message, error.status, received=received, to_tag=to_tag, headers=headers), back)

    def cancel(self, message: Message, flow: Flow, invite: ServerTransaction | None) -> None:
        """A CANCEL: for a transaction of ours it ends here (§16.10), else the route decides."""
        if invite is None or self.hands_over:
            self.request(message, flow)
            return
        received, to_tag, back = self._answering(message, flow)
        self.send(build.response(message, 200, received=received, to_tag=to_tag), back)
        if invite.user is not None:
            invite.user.cancelled(message.header(b"reason") or b"")

    def _answering(self, message: Message, flow: Flow) -> tuple[tuple[int, int, bytes] | None, bytes, Flow]:
        return request_.received_edit(message, flow), self.own_tag(message), self.way_back(message, flow)

    def response(self, message: Message, flow: Flow) -> None:
        """A response that no transaction waits for: only what we forwarded without memory passes (§16.11)."""
        if message.status == 100 and not self.hands_over:
            return
        branch = message.branch
        recent = self._recent.get(branch) or self._before.get(branch)
        if recent is not None and message.goes_on_to(recent[1]):
            self.send(response_.without_via(message), recent[0])
            return
        below = message.second_via
        if below is None:
            return
        way = stateless.way_back(message, below, self._stateless_prefix, self.me)
        if way is None or way[0] >= len(self.me.listeners):
            return
        number, host, port = way
        listener = self.me.listeners[number]
        transport = listener.transport
        back = transport.flow_back(host, port)
        if back is None:
            if listener.is_websocket:
                return  # nobody can be called there
            back = transport.flow_to(host, below.port or transport.default_port)
        self.send(response_.without_via(message, by_stream=transport.reliable), back)

    def way_back(self, message: Message, flow: Flow) -> Flow:
        """Where a response to `message` goes: its connection, or by UDP the port that its Via names (§18.2.2).

        The port that it came from is meant only where the Via says ``rport`` (RFC 3581 §4).
        """
        via = message.via
        host, port = flow.remote
        if via.rport is not None or (via.port or 5060) == port or flow.listener.transport.reliable:
            return flow
        return flow.listener.transport.flow_to(host, via.port or 5060)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send what nobody waits for; where the network refuses it is lost, as it might be on the way."""
        try:
            flow.listener.transport.send(data, flow)
        except TransportError:
            return

    def stream_beside(self, flow: Flow) -> Flow | None:
        """The way by TCP to where a datagram would go; None where we have no socket for it."""
        listener = self._streams.get(flow.listener)
        return listener.transport.flow_to(*flow.remote) if listener is not None else None

    def new_branch(self, loop_hash: bytes) -> bytes:
        """A branch that was never used (§8.1.1.7), with the loop hash at its end."""
        self._count += 1
        return b"%b%x.%b" % (self.prefix, self._count, loop_hash)

    def stateless_branch(self, message: Message, back: Flow, loop_hash: bytes) -> bytes:
        """The branch of a request that is not remembered; `back` is where its response goes, see `way_back`."""
        number = self._listener_numbers[back.listener]
        branch = stateless.branch(message, self._stateless_prefix, number, back, loop_hash, self.me)
        if not back.listener.transport.reliable and len(message.hop) <= _LONGEST_HOP:
            if len(self._recent) >= _MOST_RECENT:
                self._before, self._recent = self._recent, {}
            self._recent[branch] = (back, message.hop)
        return branch

    def own_tag(self, message: Message) -> bytes:
        """The To tag of our own responses to `message`; the same for its copies (§8.2.6.2)."""
        return b"%b%08x" % (self._tag, zlib.crc32(message.branch))

    def is_merged(self, message: Message) -> bool:
        """Whether we answer the same request already, come to us by another path (§8.2.2.2)."""
        answered = self._answered
        while answered and next(iter(answered.values())).state is State.TERMINATED:
            answered.popitem(last=False)
        other = answered.get(_merge_key(message))
        return other is not None and other.key != server_key(message)

    def remember(self, message: Message, server: ServerTransaction) -> None:
        """We are the endpoint of this request: `is_merged` knows it from now on."""
        self._answered[_merge_key(message)] = server


def _beside(listener: Listener, listeners: tuple[Listener, ...]) -> Listener | None:
    """The TCP socket of the same address, and port if there is one; else the first of the same family."""
    streams = [one for one in listeners if one.transport.name == b"TCP" and (":" in one.host) == (":" in listener.host)]
    streams.sort(key=lambda one: (one.host != listener.host, one.port != listener.port))
    return streams[0] if streams else None


def _merge_key(message: Message) -> bytes:
    return b"%b %b %d %b" % (message.from_tag or b"", message.call_id, *message.cseq)
