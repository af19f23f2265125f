"""Routing by Record-Route and Route: our own entry, the cookie in it, and whose requests inside a dialog we carry.

Our Record-Route URI is ``sip:host:port;lr;ds=COOKIE``, the cookie being a keyed hash of the Call-ID: a request that
shows it belongs to a call that was set up through us or through a neighbour with the same secret, also after a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from dispatch.sip import route_set
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Listener
from dispatch.sip.message import Message
from dispatch.sip.route_set import Entry

COOKIE: Final = b"ds"
_MOST_URIS: Final = 20_000


class Identity:
    """Who we are: our sockets, our names and our secret.

    Args:
        listeners: every local socket.
        aliases: further names, ``host`` (any port) or ``host:port``, lower case, IPv6 in brackets.
        secret: key of the hashes; nodes that share it know each other's calls.
    """

    def __init__(self, listeners: Iterable[Listener], aliases: Iterable[bytes], secret: bytes) -> None:
        self.listeners = tuple(listeners)
        self.secret = secret
        self._hosts = frozenset(
            text.lower() for one in self.listeners for text in (_in_uri(one.host), one.sent_by.rpartition(b":")[0])
        )
        self._uris: dict[bytes, bool] = {}
        # Kept apart: who chooses a Call-ID is told its cookie, and must not learn a branch by it.
        self._cookies = hashlib.blake2s(key=secret, digest_size=8)
        self._branches = hashlib.blake2s(key=secret, digest_size=8, person=b"branch")
        self._by_sent_by = {(one.transport.name, one.sent_by.lower()): one for one in self.listeners}
        self._aliases = frozenset(alias.lower() for alias in aliases)
        self._names = set(self._aliases)
        for one in self.listeners:
            self._names.update((b"%b:%d" % (_in_uri(one.host), one.port), one.sent_by.lower()))

    def is_me(self, host: bytes, port: int) -> bool:
        """Whether a request to this host and port is for us; port 0 stands for 5060."""
        host = host.lower()
        return host in self._names or b"%b:%d" % (host, port or 5060) in self._names

    def is_my_host(self, host: bytes) -> bool:
        """Whether one of our sockets has this address."""
        return host.lower() in self._hosts

    def is_my_source(self, host: bytes, port: int) -> bool:
        """Whether what comes from this address comes from us: an alias says so.

        The addresses of our sockets are not enough: an advertised one may be that of a NAT, and strangers come from
        there too, as they do from other programs beside us.
        """
        host = host.lower()
        return host in self._aliases or b"%b:%d" % (host, port) in self._aliases

    def is_my_uri(self, text: bytes) -> bool:
        """Whether this SIP URI names us; remembered, since gateways have few Contacts."""
        known = self._uris.get(text)
        if known is None:
            parsed = sip_uri.parse(text)
            known = parsed is not None and self.is_me(parsed.host, parsed.port_number)
            if len(self._uris) >= _MOST_URIS:
                self._uris.clear()
            self._uris[text] = known
        return known

    def listener_of(self, uri: sip_uri.Uri) -> Listener | None:
        """The socket that a URI of ours names."""
        transport = (uri.transport or b"udp").upper()
        return self._by_sent_by.get((transport, b"%b:%d" % (uri.host.lower(), uri.port_number or 5060)))

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

    def record_route_as(
        self, call_id: bytes, inbound: Listener, outbound: Listener, parameters: bytes, *, is_double: bool
    ) -> bytes:
        """As `record_route`, with other parameters than ``lr`` before the cookie.

        Args:
            parameters: with their semicolons.
            is_double: two of them when the sides differ (`enable_double_rr`).
        """
        tail = b"%b;ds=%b>\r\n" % (parameters, self.cookie(call_id))
        if inbound is outbound or not is_double:
            return b"Record-Route: <%b%b" % (inbound.uri, tail)
        return b"Record-Route: <%b;r2=on%bRecord-Route: <%b;r2=on%b" % (outbound.uri, tail, inbound.uri, tail)

    def record_route(self, call_id: bytes, inbound: Listener, outbound: Listener) -> bytes:
        """The Record-Route lines for a request from `inbound` that leaves by `outbound` (RFC 3261 §16.6 step 4).

        Two of them when the sides differ, so that each side finds a socket that it can reach (RFC 5658).
        """
        cookie = self.cookie(call_id)
        if inbound is outbound:
            return b"Record-Route: <%b;lr;ds=%b>\r\n" % (inbound.uri, cookie)
        return b"Record-Route: <%b;r2=on;lr;ds=%b>\r\nRecord-Route: <%b;r2=on;lr;ds=%b>\r\n" % (
            *(outbound.uri, cookie),
            *(inbound.uri, cookie),
        )


def _in_uri(host: str) -> bytes:
    return b"[%b]" % host.lower().encode() if ":" in host else host.lower().encode()


class Routing:
    """Where a request goes by its Route headers (RFC 3261 §16.4).

    Attributes:
        uri: Request-URI to go on with.
        next_hop: URI to send to: the next Route, else the Request-URI.
        cuts: edits that take our own Route values away, and the repair after a strict router.
        listener: the socket that our Route value names, to send from; None without one.
        is_ours: a Route value of ours carried the right cookie.
        leftover: Route lines that stay, for the loop hash.
    """

    __slots__ = ("cuts", "is_ours", "leftover", "listener", "next_hop", "uri")

    def __init__(self, message: Message, me: Identity, inbound: Listener) -> None:
        """Take our own Route values off, and repair what a strict router did to the Request-URI (§16.6 step 6).

        Args:
            inbound: the socket that the request came on.
        """
        self.uri = self.next_hop = message.uri
        self.cuts: list[tuple[int, int, bytes]] = []
        self.listener: Listener | None = None
        self.is_ours = False
        self.leftover = b""
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
    while first < last and first < 2:
        parsed = sip_uri.parse(routes[first].uri)
        if parsed is None or not _is_own_route(parsed, message, me, routing):
            break
        gone.add(first)
        first += 1
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
    if not me.is_me(parsed.host, parsed.port_number):
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
