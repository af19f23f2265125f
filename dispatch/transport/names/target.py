"""What is wanted of a name, and what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from dispatch.errors import TransportError
from dispatch.sip.uri import Uri
from dispatch.transport.sockets import canonical

# RFC 1123 §2.1, and the underscore that names in the wild have; anything else is not worth a question. The system's
# resolver would read digits and dots as an address in disguise: 1.2 as 1.0.0.2.
NAME: Final = re.compile(r"(?=.{1,254}\Z)(?![0-9.]*\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?")
_LITERAL: Final = frozenset("[0123456789")
_PORTS: Final = {b"TLS": 5061, b"WS": 80, b"WSS": 443}


class Want(NamedTuple):
    """A host as a URI names it, and what the URI says beside.

    Attributes:
        host: lower case.
        port: 0 where it says none; with one, only addresses are wanted (RFC 3263 §4.2).
        transport: upper case; empty where it says none.
        secure: whether it is ``sips``.
    """

    host: str
    port: int = 0
    transport: bytes = b""
    secure: bool = False


class Place(NamedTuple):
    """One machine that answers for a name.

    Attributes:
        transport: upper case.
        port: of it.
        addresses: of it, at least one, in the usual spelling.
        priority: the lowest first (RFC 2782); 0 where there is no SRV record.
        weight: its part of what comes to its priority.
    """

    transport: bytes
    port: int
    addresses: tuple[str, ...]
    priority: int = 0
    weight: int = 0


class Target(NamedTuple):
    """Where a request can be sent."""

    transport: bytes
    address: str
    port: int


def wanted(uri: Uri) -> Want:
    """What is wanted of the host of a URI."""
    return Want(uri.host.decode("latin-1").lower(), uri.port_number, uri.transport.upper(), uri.scheme == b"sips")


def transport_of(want: Want) -> bytes:
    """The transport where DNS has nothing to say about it (RFC 3263 §4.1)."""
    if want.secure:
        return b"WSS" if want.transport in (b"WS", b"WSS") else b"TLS"
    return want.transport or b"UDP"


def default_port(transport: bytes) -> int:
    """The port of a transport (RFC 3261 §19.1.2, RFC 7118 §5.5)."""
    return _PORTS.get(transport, 5060)


def place_of(want: Want, addresses: tuple[str, ...]) -> Place:
    """A host without SRV records."""
    transport = transport_of(want)
    return Place(transport, want.port or default_port(transport), addresses)


def literal(host: str) -> str | None:
    """The address that a host is, in the usual spelling; None where it is a name."""
    if host[:1] not in _LITERAL and ":" not in host:
        return None
    try:
        return canonical(host)
    except TransportError:
        return None  # 1.gw.example.com


def targets(places: Iterable[Place]) -> Iterator[Target]:
    """All that can be tried, in this order."""
    for place in places:
        for address in place.addresses:
            yield Target(place.transport, address, place.port)
