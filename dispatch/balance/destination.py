"""A destination: what its line in the list says, and its condition."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from dispatch.balance import attributes
from dispatch.balance.health import Condition
from dispatch.balance.latency import Latency
from dispatch.balance.tally import Tally
from dispatch.sip import uri as sip_uri
from dispatch.sip.host import canonical, host_port

_SHORTEST: Final = 5  # of what gets a "sip:" put in front
_LONGEST: Final = 500
_LONGEST_HOST: Final = 254
_HIGHEST_WEIGHT: Final = 100
_LISTED: Final = 0xFFFFFFFF  # a list gives 32 bits, those of a negative number too

# socket = [ proto ":" ] host [ ":" port ]; host in brackets where it is an IPv6 address
_SOCKET: Final = re.compile(rb"(?i)(?:(udp|tcp|tls|sctp|ws|wss):)?(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?")


class LocalSocket(NamedTuple):
    """A socket that we listen on: ``("udp", "127.0.0.1", 5060)``, IPv6 without brackets."""

    proto: str
    host: str
    port: int


class Row(NamedTuple):
    """One line of a list file or one row of a table, before anything was made of it.

    Attributes:
        line: where it stands, from 1.
    """

    group: int
    uri: bytes
    flags: int
    priority: int
    attrs: bytes
    line: int


class Destination:
    """A gateway that requests can be sent to.

    Attributes:
        group: id of its set.
        uri: as stored, listed and matched: what the list says, ``sip:`` put in front where it had no scheme.
        host: of the URI, as written.
        port: of the URI; 0 where it has none.
        transport: upper case, by scheme and ``transport`` parameter; ``UDP`` where the URI says nothing.
        priority: highest first.
        attrs: text of the attributes.
        attributes: the same, read.
        duid: its unique id; empty when it has none.
        maxload: calls that it takes at a time; 0 is no limit, a negative number none at all.
        weight: for algorithm 9, 1 to 100; 0 where it has none that counts.
        rweight: for algorithm 11, likewise.
        socket: the local socket to send from; None where any will do.
        ping_socket: the one to send probes from; None where `socket` does.
        listed: flags as the list gives them.
        line: where the list names it.
        condition: state and counters, handed on when the list is read again.
        listed_uri: what the list says, where this is one of the machines that answer for that name; else `uri`.
        slot: number of it among these.
    """

    __slots__ = (
        "attributes",
        "attrs",
        "condition",
        "duid",
        "group",
        "host",
        "line",
        "listed",
        "listed_uri",
        "maxload",
        "ping_socket",
        "port",
        "priority",
        "rweight",
        "slot",
        "socket",
        "transport",
        "uri",
        "weight",
    )

    def __init__(
        self,
        row: Row,
        uri: bytes,
        parsed: sip_uri.Uri,
        attrs: bytes,
        named: Mapping[bytes, bytes],
        socket: LocalSocket | None,
        ping_socket: LocalSocket | None,
    ) -> None:
        self.group = row.group
        self.uri = self.listed_uri = uri
        self.slot = 0
        self.host = parsed.host
        self.port = parsed.port_number
        self.transport = transport(parsed)
        self.priority = row.priority
        self.attrs = attrs
        self.attributes = named
        self.duid = named.get(b"duid", b"")
        self.maxload = attributes.integer(named.get(b"maxload", b""))
        self.weight = _hundredth(named.get(b"weight", b""))
        self.rweight = _hundredth(named.get(b"rweight", b""))
        self.socket = socket
        self.ping_socket = ping_socket
        self.listed = row.flags & _LISTED
        self.line = row.line
        self.condition = self.fresh(self.listed, Tally(row.group))

    def fresh(self, flags: int, tally: Tally) -> Condition:
        """The condition of a destination of which no more is known than the list says."""
        return Condition(flags, tally, Latency(attributes.integer(self.attributes.get(b"latency", b""))))

    @property
    def row(self) -> Row:
        """What it can be made of again."""
        attrs = self.attrs + b";" * self.attrs.endswith(b";")  # one is taken off when it is read
        return Row(self.group, self.uri, self.listed, self.priority, attrs, self.line)

    @property
    def share(self) -> int:
        """Its relative weight as it is now: `rweight`, or what congestion has left of `weight`."""
        share = self.condition.share
        return share if share is not None else self.rweight

    @property
    def flags(self) -> int:
        """The state bits as they are now."""
        return self.condition.flags

    def __repr__(self) -> str:
        return f"<{self.uri.decode('latin-1')} of set {self.group}>"


def _hundredth(text: bytes) -> int:
    """A weight; what is no number from 1 to 100 counts as 0."""
    weight = attributes.integer(text)
    return weight if 1 <= weight <= _HIGHEST_WEIGHT else 0


def transport(parsed: sip_uri.Uri) -> bytes:
    """What a URI says, upper case."""
    return b"TLS" if parsed.scheme == b"sips" else parsed.transport.upper() or b"UDP"


def make(row: Row, sockets: Collection[LocalSocket]) -> Destination:
    """The destination that a row describes.

    Args:
        row: as read.
        sockets: what we listen on, for ``socket=``.

    Raises:
        ValueError: it can't be used, and why.
    """
    text = row.uri
    parsed = sip_uri.parse(text)
    if parsed is None and _SHORTEST <= len(text) < _LONGEST and not text.startswith(b"sip:"):
        text = b"sip:" + text
        parsed = sip_uri.parse(text)
    if parsed is None:
        raise ValueError(f"{row.uri[:60]!r} is no SIP URI; write e.g. 'sip:192.0.2.1:5060'")
    if len(parsed.host) > _LONGEST_HOST:
        raise ValueError(f"the host of {row.uri[:60]!r} is longer than {_LONGEST_HOST} bytes")
    attrs = row.attrs.removesuffix(b";")
    named = attributes.parse(attrs)
    if named.get(b"sockname"):
        raise ValueError(
            f"no socket is called {named[b'sockname'][:40]!r}; name it by address: 'socket=udp:192.0.2.1:5060'"
        )
    # An empty one is as good as none.
    socket, ping_socket = (
        find_socket(wanted, sockets) if (wanted := named.get(name)) else None for name in (b"socket", b"ping_socket")
    )
    return Destination(row, text, parsed, attrs, named, socket, ping_socket)


def find_socket(text: bytes, sockets: Collection[LocalSocket]) -> LocalSocket:
    """The first of `sockets` that ``socket=text`` (or ``ping_socket=text``) fits; protocol and port may be left out.

    Raises:
        ValueError: none does.
    """
    found = _SOCKET.fullmatch(text)
    if found is not None:
        proto, bracketed, plain, port = found.groups(b"")
        host = _comparable((bracketed or plain).decode("latin-1"))
        for socket in sockets:
            if (
                (not proto or socket.proto == proto.decode("ascii").lower())
                and _comparable(socket.host) == host
                and (not port or socket.port == int(port))
            ):
                return socket
    known = ", ".join(f"{proto}:{host_port(host, port)}" for proto, host, port in sockets)
    raise ValueError(
        f"socket {text[:80].decode('latin-1')!r} is not one that we listen on ({known or 'there are none'})"
    )


def _comparable(host: str) -> str:
    return canonical(host) or host.lower()
