"""Routing by Record-Route and Route: our own entry, the cookie in it, and whose requests inside a dialog we carry.

Our Record-Route URI is ``sip:host:port;lr;ds=COOKIE``, the cookie being a keyed hash of the Call-ID: a request that
shows it belongs to a call that was set up through us or through a neighbour with the same secret, also after a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Final

from dispatch.proxy.flow_token import FlowTokens
from dispatch.sip import route_set
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.host import bracketed, canonical, comparable
from dispatch.sip.message import Message
from dispatch.sip.route_set import Entry

COOKIE: Final = b"ds"
_MOST_URIS: Final = 20_000
_WILDCARDS: Final = ("0.0.0.0", "::")
_LONGEST_URI: Final = 200  # bytes of one that is remembered: strangers choose them


class Identity:
    """Who we are: our sockets, our names and our secret.

    Args:
        listeners: every local socket.
        aliases: further names, ``host`` (any port) or ``host:port``, lower case, IPv6 in brackets.
        secret: key of the hashes; nodes that share it know each other's calls.
        is_local: whether this machine has an address; asked where a socket is bound to all of them.
    """

    def __init__(
        self,
        listeners: Iterable[Listener],
        aliases: Iterable[bytes],
        secret: bytes,
        is_local: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self.listeners = tuple(listeners)
        self.secret = secret
        self._is_local = is_local
        self._any = frozenset((":" in one.host, one.port) for one in self.listeners if one.host in _WILDCARDS)
        self._any_families = frozenset(is_ipv6 for is_ipv6, _ in self._any)
        self._hosts = frozenset(
            host for one in self.listeners for host in (_in_uri(one.host), one.sent_by.rpartition(b":")[0].lower())
        )
        self._uris: dict[bytes, bool] = {}
        # Kept apart: who chooses a Call-ID is told its cookie, and must not learn a branch by it.
        self.tokens = FlowTokens(secret)
        self._cookies = hashlib.blake2s(key=secret, digest_size=8)
        self._branches = hashlib.blake2s(key=secret, digest_size=8, person=b"branch")
        self._by_sent_by = {
            (b"WS" if one.is_websocket else one.transport.name, one.sent_by.lower()): one for one in self.listeners
        }
        self._aliases = frozenset(alias.lower() for alias in aliases)
        self._names = set(self._aliases)
        for one in self.listeners:
            self._names.update((b"%b:%d" % (_in_uri(one.host), one.port), one.sent_by.lower()))

    def twin(self, listeners: Iterable[Listener]) -> Identity:
        """The same with other sockets, in the same order."""
        return Identity(listeners, self._aliases, self.secret, self._is_local)

    def is_me(self, host: bytes, port: int) -> bool:
        """Whether a request to this host and port is for us; port 0 stands for 5060."""
        host = comparable(host)
        port = port or 5060
        if host in self._names or b"%b:%d" % (host, port) in self._names:
            return True
        return (host[:1] == b"[", port) in self._any and self._has_machine(host)

    def is_my_host(self, host: bytes) -> bool:
        """Whether one of our sockets has this address."""
        host = comparable(host)
        return host in self._hosts or ((host[:1] == b"[") in self._any_families and self._has_machine(host))

    def _has_machine(self, host: bytes) -> bool:
        address = canonical(host.decode("latin-1"))
        return address is not None and self._is_local(address)

    def is_my_source(self, host: bytes, port: int) -> bool:
        """Whether what comes from this address comes from us: an alias says so.

        The addresses of our sockets are not enough: an advertised one may be that of a NAT, and strangers come from
        there too, as they do from other programs beside us.
        """
        host = comparable(host)
        return host in self._aliases or b"%b:%d" % (host, port) in self._aliases

    def is_my_uri(self, text: bytes) -> bool:
        """Whether this SIP URI names us; remembered, since gateways have few Contacts."""
        known = self._uris.get(text)
        if known is None:
            parsed = sip_uri.parse(text)
            known = parsed is not None and self.is_me(parsed.host, parsed.usual_port)
            if len(self._uris) >= _MOST_URIS:
                self._uris.clear()
            if len(text) <= _LONGEST_URI:
                self._uris[text] = known
        return known

    def listener_of(self, uri: sip_uri.Uri) -> Listener | None:
        """The socket that a URI of ours names."""
        transport = (uri.transport or (b"tls" if uri.scheme == b"sips" else b"udp")).upper()
        return self._by_sent_by.get((transport, b"%b:%d" % (comparable(uri.host), uri.usual_port)))

    def cookie(self, call_id: bytes) -> bytes:
        """What proves that a dialog was set up through us."""
        digest = self._cookies.copy()
        digest.update(call_id)
        return digest.hexdigest().encode()

    def branch_hash(self, text: bytes) -> bytes:
        """What proves that a branch was made by us: 16 hex digits."""
        digest = self._branches.copy()
        digest.update(text)
        return digest.hexdigest().encode()

    def record_route(
        self,
        call_id: bytes,
        inbound: Listener,
        outbound: Listener,
        back: Flow | None = None,
        *,
        must_be_safe: bool = False,
        parameters: bytes = b";lr",
        is_double: bool = True,
    ) -> bytes:
        """The Record-Route lines for a request from `inbound` that leaves by `outbound` (RFC 3261 §16.6 step 4).

        Two of them when the sides differ, so that each side finds a socket that it can reach (RFC 5658).

        Args:
            back: the connection that leads back to the sender, where nothing else does. Then there are two as well,
                which tells the way to him from the way away from him.
            must_be_safe: the dialog is one of ``sips:`` (RFC 3261 §16.6 step 4, RFC 5630).
            parameters: of each, with their semicolons.
            is_double: whether there are two where the sides differ.
        """
        cookie = self.cookie(call_id)
        near, far = (inbound.secure_uri, outbound.secure_uri) if must_be_safe else (inbound.uri, outbound.uri)
        if back is not None:
            scheme, _, rest = near.partition(b":")
            return b"Record-Route: <%b;r2=on%b;ds=%b>\r\nRecord-Route: <%b:%b@%b;r2=on%b;ds=%b>\r\n" % (
                *(far, parameters, cookie),
                *(scheme, self.tokens.make(back, call_id), rest, parameters, cookie),
            )
        if inbound is outbound or not is_double:
            return b"Record-Route: <%b%b;ds=%b>\r\n" % (near, parameters, cookie)
        return b"Record-Route: <%b;r2=on%b;ds=%b>\r\nRecord-Route: <%b;r2=on%b;ds=%b>\r\n" % (
            *(far, parameters, cookie),
            *(near, parameters, cookie),
        )


def _in_uri(host: str) -> bytes:
    return bracketed(host).lower().encode()


class Routing:
    """Where a request goes by its Route headers (RFC 3261 §16.4).

    Attributes:
        uri: Request-URI to go on with.
        next_hop: URI to send to: the next Route, else the Request-URI.
        cuts: edits that take our own Route values away, and the repair after a strict router.
        listener: the socket that our Route value names, to send from; None without one.
        is_ours: a Route value of ours carried the right cookie.
        flow: the connection to send by, which the last Route value of ours names.
        is_lost: that connection is gone, and there is no other way: RFC 5626 §5.3 wants 430.
        leftover: Route lines that stay, for the loop hash.
        must_be_safe: the request may only go by TLS, and so may all that follows it (RFC 5630).
    """

    __slots__ = ("cuts", "flow", "is_lost", "is_ours", "leftover", "listener", "must_be_safe", "next_hop", "uri")

    def __init__(self, message: Message, me: Identity, inbound: Listener) -> None:
        """Take our own Route values off, and repair what a strict router did to the Request-URI (§16.6 step 6).

        Args:
            inbound: the socket that the request came on.
        """
        self.uri = self.next_hop = message.uri
        self.cuts: list[tuple[int, int, bytes]] = []
        self.listener: Listener | None = None
        self.is_ours = False
        self.flow: Flow | None = None
        self.is_lost = False
        self.leftover = b""
        self.must_be_safe = False
        at = message.first_line(b"route")
        if at >= 0 and not _is_only_ours(message, me, inbound, at, self):
            self.leftover = message.lines(b"route")
            _preprocess(message, me, self)


def _preprocess(message: Message, me: Identity, routing: Routing) -> None:
    routes = message.routes
    first, last = 0, len(routes)
    if (
        COOKIE in message.uri
        and (ours := sip_uri.parse(message.uri)) is not None
        and sip_uri.param(ours, COOKIE) is not None
        and _is_own_route(ours, message, me, routing)
    ):
        # A strict router put our URI into the request line: the real one is the last Route value.
        last -= 1
        routing.uri = routing.next_hop = routes[last].uri
        start = len(message.method) + 1
        routing.cuts.append((start, start + len(message.uri), routes[last].uri))
    gone = set(range(last, len(routes)))
    token = None
    while first < last:
        parsed = sip_uri.parse(routes[first].uri)
        if parsed is None or not _is_own_route(parsed, message, me, routing):
            break
        token = parsed.user
        gone.add(first)
        first += 1
    if token is not None and routing.listener is not None and me.tokens.is_one(token, message.call_id):
        routing.flow = me.tokens.flow(token, routing.listener)
        routing.is_lost = routing.flow is None and routing.listener.is_websocket
    if first < last and _follow(message, routing, routes[first:last]):
        gone.add(first)
    routing.cuts += [(start, stop, b"") for start, stop in route_set.cuts(message.raw, routes, gone)]


def _is_only_ours(message: Message, me: Identity, inbound: Listener, at: int, routing: Routing) -> bool:
    """The usual case, by comparing bytes: one Route, exactly what we wrote into Record-Route."""
    line = b"Route: <%b;lr;ds=%b>\r\n" % (inbound.uri, me.cookie(message.call_id))
    raw = message.raw
    stop = at + len(line)
    if not raw.startswith(line, at) or not message.usual or raw.startswith(b"Route:", stop):
        return False
    if COOKIE in message.uri:
        return False  # perhaps the repair is needed
    routing.cuts.append((at, stop, b""))
    routing.listener = inbound
    routing.is_ours = True
    return True


def _is_own_route(parsed: sip_uri.Uri, message: Message, me: Identity, routing: Routing) -> bool:
    if not me.is_me(parsed.host, parsed.usual_port):
        return False
    cookie = sip_uri.param(parsed, COOKIE)
    if cookie is not None and cookie == me.cookie(message.call_id):
        routing.is_ours = True
    routing.listener = me.listener_of(parsed) or routing.listener
    return True


def _follow(message: Message, routing: Routing, rest: list[Entry]) -> bool:
    """The next hop is the first Route that is left; whether that becomes the Request-URI, for a strict router."""
    target = rest[0]
    routing.next_hop = target.uri
    parsed = sip_uri.parse(target.uri)
    if parsed is None or sip_uri.param(parsed, b"lr") is not None:
        return False
    at = len(message.method) + 1
    routing.cuts = [cut for cut in routing.cuts if cut[0] != at]
    routing.cuts.append((at, at + len(message.uri), target.uri))
    last = rest[-1]
    end = message.raw.find(b"\r\n", last.stop) + 2
    routing.cuts.append((end, end, b"Route: <%b>\r\n" % routing.uri))
    routing.uri = target.uri
    return True
