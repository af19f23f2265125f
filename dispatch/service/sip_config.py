"""``[sip]``: where we listen, who we are, and how much we take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from dispatch.service.dns_config import DnsConfig
from dispatch.service.listen import SIP_PORT, USUAL_PORTS, Listen, default_route_address, parse_host_port, parse_listen
from dispatch.service.reading import (
    HIGHEST,
    WRONG,
    Place,
    Reader,
    boolean,
    expected,
    file_name,
    integer,
    many,
    one_of,
    seconds,
    text,
)
from dispatch.service.tls_config import Tls
from dispatch.service.websocket_config import WebSocket
from dispatch.sip.host import bracketed, host_port
from dispatch.sip.timers import Timers
from dispatch.transport.proxy_protocol import Network


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything is taken from the network.

    Attributes:
        message: bytes of one message.
        headers: header lines of one message.
        header: bytes of one header line.
        uri: bytes of a Request-URI.
        vias: Via values of one message.
        routes: Route values of one message.
        connections: open streams, for each listening socket: that others made, and that we made.
        connections_reserved: more of them, for destinations only.
        connections_per_source: open streams of one address that is no destination.
        unsent: bytes that wait for a peer on a stream.
        message_time: seconds from the first byte of a message on a stream to its last.
        idle_time: seconds without a message after which a stream is closed.
        transactions: open transactions.
        when_full: what a request gets that is one too many: ``503`` or ``silence``.
        retry_after: seconds in the Retry-After of that 503; 0 for none.
        rate: messages a second from one source that is no destination; 0 for as many as come.
        burst: so many of them may come at once.
        trust: networks, and numbers of sets, that are heard; with none everybody is.
    """

    message: int = 65535
    headers: int = 256
    header: int = 8192
    uri: int = 2048
    vias: int = 100
    routes: int = 128
    connections: int = 4096
    connections_reserved: int = 256
    connections_per_source: int = 1024
    unsent: int = 1 << 20
    message_time: float = 30.0
    idle_time: float = 3600.0
    transactions: int = 200_000
    when_full: str = "503"
    retry_after: int = 5
    rate: int = 0
    burst: int = 100
    trust: tuple[Network | int, ...] = ()

    @property
    def networks(self) -> tuple[Network, ...]:
        """Those of `trust`."""
        return tuple(one for one in self.trust if not isinstance(one, int))

    @property
    def sets(self) -> tuple[int, ...]:
        """Those of `trust`."""
        return tuple(one for one in self.trust if isinstance(one, int))


@dataclass(frozen=True, slots=True)
class Sip:
    """``[sip]``: where we listen and who we are.

    Attributes:
        listen: sockets to open.
        alias: further names, ``host`` or ``host:port``, that are us.
        advertise: what goes into Via and Record-Route in place of the address of a socket.
        mhomed: the kernel's route says which socket a request leaves by, whatever it came on.
        secret_file: key of what we sign; made at the first start.
        udp_mtu: bytes of a request above which TCP is tried instead of UDP; 0 for never.
        stream_ping: seconds of silence after which streams that we opened get a keep-alive; 0 for never.
        tcp_alias: whether a destination that connects by TCP may ask for its requests by that connection.
        proxy_protocol: who must send the PROXY protocol on which socket.
        timers: seconds.
        limits: against too much of anything.
        tls: certificates, and whom we believe.
        websocket: which pages may connect.
        dns: how names are looked up.
    """

    listen: tuple[Listen, ...] = ()
    alias: tuple[str, ...] = ()
    advertise: Mapping[Listen, tuple[str, int]] = field(default_factory=dict)
    mhomed: bool = False
    secret_file: Path = Path("secret")
    udp_mtu: int = 0
    stream_ping: float = 0.0
    tcp_alias: bool = False
    proxy_protocol: Mapping[Listen, tuple[Network, ...]] = field(default_factory=dict)
    timers: Timers = field(default_factory=Timers)
    limits: Limits = field(default_factory=Limits)
    tls: Tls = field(default_factory=Tls)
    websocket: WebSocket = field(default_factory=WebSocket)
    dns: DnsConfig = field(default_factory=DnsConfig)

    def sent_by(self, listen: Listen) -> tuple[str, int]:
        """Host and port that others are told for one of our sockets: advertised, or bound.

        For a socket on all addresses it is the address that faces the default route.
        """
        if listen in self.advertise:
            return self.advertise[listen]
        return default_route_address(listen.host) if listen.is_any else listen.host, listen.port


def _listens(value: object, place: Place) -> object:
    if value == []:
        return place.wrong(f'{place} is empty; write e.g. {place.path[-1]} = ["udp:127.0.0.1:5060"]')
    taken: set[Listen] = set()

    def read_one(item: object, at: Place) -> object:
        listen = text(parse_listen, "udp:127.0.0.1:5060", item, at)
        if listen is not WRONG and listen in taken:
            return at.wrong(f"{place} has {listen} twice; remove one")
        taken.add(listen)
        return listen

    return many(read_one, of=str)(value, place)


def _alias(value: object, place: Place) -> object:
    return text(_parse_alias, "sip.example.com:5080", value, place)


def _parse_alias(written: str) -> str:
    host, port = parse_host_port(written)
    return bracketed(host).lower() if port is None else host_port(host, port).lower()


def _advertise(value: object, place: Place) -> object:
    if not isinstance(value, dict):
        return expected('a table: { "udp:10.0.0.5:5060" = "203.0.113.7:5060" }', value, place)
    names = {
        text(parse_listen, "udp:10.0.0.5:5060", key, place.at(key)): text(
            partial(_parse_sent_by, key.partition(":")[0].lower()), "203.0.113.7:5060", item, place.at(key)
        )
        for key, item in value.items()
    }
    return WRONG if WRONG in names or WRONG in names.values() else names


def _parse_sent_by(proto: str, written: str) -> tuple[str, int]:
    host, port = parse_host_port(written)
    return host, USUAL_PORTS.get(proto, SIP_PORT) if port is None else port


def _trusted(value: object, place: Place) -> object:
    return text(_parse_trusted, "192.0.2.0/24", value, place)


def _parse_trusted(written: str) -> Network | int:
    kind, colon, number = written.partition(":")
    if colon and kind == "set":
        if not (number.isascii() and number.isdigit() and int(number[:11]) <= HIGHEST):
            raise ValueError(f"{written!r} names no set; write 'set:2' for set 2")
        return int(number)
    try:
        return ip_network(written)
    except ValueError as error:
        raise ValueError(f"{written!r} is neither an address, nor a network, nor a set ({error})") from None


def _proxy_protocol(value: object, place: Place) -> object:
    if not isinstance(value, dict):
        return expected('a table: { "tcp:203.0.113.7:5060" = ["10.0.0.0/24"] }', value, place)
    sources = many(_network, of=str)
    read = {
        text(parse_listen, "tcp:203.0.113.7:5060", key, place.at(key)): sources(item, place.at(key))
        for key, item in value.items()
    }
    return WRONG if WRONG in read or WRONG in read.values() else read


def _network(value: object, place: Place) -> object:
    return text(_parse_network, "10.0.0.0/24", value, place)


def _parse_network(written: str) -> Network:
    try:
        return ip_network(written)
    except ValueError as error:
        raise ValueError(f"{written!r} is no address or network: {error}") from None


SIP_READERS: Final[Mapping[str, Reader]] = {
    "listen": _listens,
    "alias": many(_alias, of=str),
    "advertise": _advertise,
    "mhomed": boolean,
    "secret_file": file_name,
    "udp_mtu": integer(0),
    "stream_ping": seconds(0),
    "tcp_alias": boolean,
    "proxy_protocol": _proxy_protocol,
}
TIMER_READERS: Final[Mapping[str, Reader]] = {
    "t1": seconds(0.01),
    "t2": seconds(0.01),
    "t4": seconds(0.01),
    "fr_timer": seconds(0.1),
    "fr_inv_timer": seconds(0.1),
    "grace": seconds(0),
}
LIMIT_READERS: Final[Mapping[str, Reader]] = {
    "message": integer(1024),
    "headers": integer(16),
    "header": integer(256),
    "uri": integer(256),
    "vias": integer(2),
    "routes": integer(2),
    "connections": integer(1),
    "connections_reserved": integer(0),
    "connections_per_source": integer(1),
    "unsent": integer(65536),
    "message_time": seconds(1),
    "idle_time": seconds(10),
    "transactions": integer(1),
    "when_full": one_of("503", "silence"),
    "retry_after": integer(0, 3600),
    "rate": integer(0),
    "burst": integer(1),
    "trust": many(_trusted, of=str),
}
