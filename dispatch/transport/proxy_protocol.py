"""The PROXY protocol, versions 1 and 2: a balancer before us says for whom it has opened a connection.

Read once, before TLS and SIP, and only from sources that the configuration lists: whoever may send such a header may
take any address. After it the connection is as if its peer had opened it. Twisted's parsers are private to it, and take
no LOCAL command.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple, cast

from twisted.internet import address, tcp
from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.errors import TransportError
from dispatch.sip.host import host_port
from dispatch.transport.sockets import canonical

log = Logger()

_TIME: Final = 5.0
"""Seconds for the header; a balancer sends it at once."""

# "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port CRLF
# "PROXY" SP "UNKNOWN" anything CRLF
_LINE: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP([46]) ([0-9A-Fa-f:.]+) [0-9A-Fa-f:.]+ ([0-9]{1,5}) [0-9]{1,5})\r\n"
)
_LONGEST_LINE: Final = 107

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED: Final = 16  # signature, version and command, family, length
_LONGEST: Final = 2048  # with all that may follow the addresses
_LOCAL: Final = 0x20
_PROXY: Final = 0x21
_FAMILIES: Final = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}  # over TCP

_MOST: Final = 256
"""Connections that wait for their header at a time."""

Network = IPv4Network | IPv6Network
Peer = address.IPv4Address | address.IPv6Address


class Header(NamedTuple):
    """What a header says.

    Attributes:
        size: its bytes.
        source: address and port of the peer; None when the balancer speaks for itself, or doesn't know.
    """

    size: int
    source: tuple[str, int] | None


def read(data: bytes) -> Header | None:
    """The header that `data` begins with; None when there must be more of it.

    Raises:
        ValueError: it begins with none; why.
    """
    if data[:12] == _SIGNATURE[: len(data)]:
        return _read_binary(data)
    if data[:6] == b"PROXY "[: len(data)]:
        return _read_line(data)
    raise ValueError("there is no PROXY header")


def _read_line(data: bytes) -> Header | None:
    end = data.find(b"\n", 0, _LONGEST_LINE) + 1
    if not end:
        if len(data) >= _LONGEST_LINE:
            raise ValueError("the PROXY header has no end")
        return None
    found = _LINE.fullmatch(data, 0, end)
    if found is None:
        raise ValueError("the PROXY header is malformed")
    if found[1] is None:
        return Header(end, None)
    host = found[2].decode()
    if (":" in host) != (found[1] == b"6"):
        raise ValueError("the PROXY header names an address of another family")
    return Header(end, _source(host, int(found[3])))


def _read_binary(data: bytes) -> Header | None:
    if len(data) < _FIXED:
        return None
    command, family, length = struct.unpack_from("!BBH", data, 12)
    size = _FIXED + length
    if command not in (_LOCAL, _PROXY):
        raise ValueError("the PROXY header has an unknown version or command")
    if size > _LONGEST:
        raise ValueError(f"the PROXY header has {size} bytes")
    if len(data) < size:
        return None
    if command == _LOCAL:
        return Header(size, None)
    if family not in _FAMILIES:
        raise ValueError("the PROXY header is of no TCP connection")
    kind, width = _FAMILIES[family]
    if length < 2 * width + 4:
        raise ValueError("the PROXY header is too short for its addresses")
    host = socket.inet_ntop(kind, data[_FIXED : _FIXED + width])
    return Header(size, _source(host, *struct.unpack_from("!H", data, _FIXED + 2 * width)))


def _source(host: str, port: int) -> tuple[str, int]:
    """As the kernel would name the peer."""
    try:
        host = canonical(host)
    except TransportError as error:
        raise ValueError(f"the PROXY header: {error}") from None
    if not 0 < port < 65536:
        raise ValueError(f"the PROXY header: {port} is no port")
    parsed = ip_address(host)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        host = str(parsed.ipv4_mapped)
    return host, port


class Balanced(ServerFactory):
    """Reads the header of each connection, then has `factory` answer whom it names.

    Args:
        factory: makes what is behind the header.
        sources: who may send one.
        clock: the reactor.
        refuse: told, in a few words, why a connection is not taken.

    Attributes:
        factory: as given.
        clock: as given.
        waiting: connections without their header.
    """

    noisy = False

    def __init__(
        self,
        factory: IProtocolFactory,
        sources: Sequence[Network],
        clock: IReactorTime,
        refuse: Callable[[str], None],
    ) -> None:
        self.factory = factory
        self._sources = sources
        self.clock = clock
        self._refuse = refuse
        self.waiting: set[_Greeting] = set()

    def stopFactory(self) -> None:
        """Twisted: nobody listens any more."""
        for greeting in tuple(self.waiting):
            greeting.end()

    def buildProtocol(self, who: IAddress | None) -> Protocol | None:
        """Twisted: somebody has connected."""
        peer = cast(Peer, who)
        source = ip_address(peer.host.partition("%")[0])
        if not any(source in network for network in self._sources):
            self._refuse("the source is not in proxy_protocol")
            return None
        if len(self.waiting) >= _MOST:
            self._refuse("too many without a PROXY header")
            return None
        return _Greeting(self, peer)


class _Greeting(Protocol):
    """A connection until its header is there; then the protocol that was waited for takes its place."""

    def __init__(self, owner: Balanced, peer: Peer) -> None:
        self._owner = owner
        self._peer = peer
        self._held = b""

    def connectionMade(self) -> None:
        """Twisted: it is up."""
        self._owner.waiting.add(self)
        self._deadline = self._owner.clock.callLater(_TIME, self._fail, f"no PROXY header in {_TIME:g} seconds")

    def dataReceived(self, data: bytes) -> None:
        """Twisted: a piece of the stream."""
        self._held += data
        try:
            header = read(self._held)
        except ValueError as error:
            self._fail(str(error))
            return
        if header is not None:
            self._give_way(header)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: it is gone before its header."""
        self._waited()

    def end(self) -> None:
        """End it now."""
        self._waited()
        cast(tcp.Server, self.transport).abortConnection()

    def _give_way(self, header: Header) -> None:
        peer = self._peer
        if header.source is not None:
            kind = address.IPv6Address if ":" in header.source[0] else address.IPv4Address
            peer = kind("TCP", *header.source)
        behind = self._owner.factory.buildProtocol(peer)
        if behind is None:
            self.end()
            return
        self._waited()
        transport = cast(tcp.Server, self.transport)
        transport.protocol = behind
        behind.makeConnection(transport)
        if rest := self._held[header.size :]:
            behind.dataReceived(rest)

    def _waited(self) -> None:
        if self in self._owner.waiting:
            self._owner.waiting.remove(self)
            if self._deadline.active():
                self._deadline.cancel()

    def _fail(self, reason: str) -> None:
        log.warn("{peer}: {reason}", peer=host_port(self._peer.host, self._peer.port), reason=reason)
        self.end()
