"""Where the service listens, as ``proto:host:port``, and by which name it is known there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dispatch.balance.destination import LocalSocket
from dispatch.sip.host import canonical, host_port
from dispatch.transport.sockets import source_towards

SIP_PORT: Final = 5060
PROTOCOLS: Final = ("udp", "tcp", "tls", "ws", "wss")
USUAL_PORTS: Final = {"tls": 5061, "ws": 80, "wss": 443}
"""Where it is not `SIP_PORT`."""

# host [":" port]; IPv6 in brackets, as in a URI (RFC 3261 §25.1, hostport).
_HOST_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*))(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True, order=True)
class Listen:
    """One socket to be opened.

    Attributes:
        proto: one of `PROTOCOLS`.
        host: an address; IPv6 without brackets.
        port: its port.
    """

    proto: str
    host: str
    port: int = SIP_PORT

    @property
    def is_any(self) -> bool:
        """Whether it stands for all addresses of the machine."""
        return ipaddress.ip_address(self.host).is_unspecified

    @property
    def is_secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.proto in ("tls", "wss")

    @property
    def is_websocket(self) -> bool:
        """Whether it takes browsers."""
        return self.proto in ("ws", "wss")

    def __str__(self) -> str:
        return f"{self.proto}:{host_port(self.host, self.port)}"


def parse_host_port(text: str) -> tuple[str, int | None]:
    """Host, IPv6 without brackets, and port of ``host[:port]``; port None where none is written.

    Raises:
        ValueError: what is wrong with it, for the operator.
    """
    found = _HOST_PORT.fullmatch(text)
    if found is None:
        hint = "; write an IPv6 address in brackets" if text.count(":") > 1 and "[" not in text else ""
        raise ValueError(f"{text!r} is not host or host:port{hint}")
    port = int(found[3]) if found[3] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError(f"{text!r}: a port is 1 to 65535")
    if found[1]:
        address = canonical(found[1]) if ":" in found[1] else None
        if address is None:
            raise ValueError(f"{text!r}: [{found[1]}] is not an IPv6 address")
        return address, port
    return found[2], port


def parse_listen(text: str) -> Listen:
    """Read ``proto:host[:port]``.

    Raises:
        ValueError: what is wrong with it, for the operator.
    """
    proto, colon, rest = text.partition(":")
    proto = proto.lower()
    if not colon or proto not in PROTOCOLS:
        raise ValueError(f"{text!r} does not begin with {' or '.join(f'{name}:' for name in PROTOCOLS)}")
    host, port = parse_host_port(rest)
    address = canonical(host)
    if address is None:
        raise ValueError(f"{text!r}: {host!r} is not an IP address of this machine")
    return Listen(proto, address, USUAL_PORTS.get(proto, SIP_PORT) if port is None else port)


def local_sockets(listens: Iterable[Listen]) -> list[LocalSocket]:
    """What a list or a parameter may name as ``socket``."""
    return [LocalSocket(one.proto, one.host, one.port) for one in listens]


def default_route_address(host: str) -> str:
    """The address of this machine that faces its default route, of the same family as `host`; sends nothing.

    Without such a route it is the loopback address.
    """
    beyond, loopback = ("2001:db8::1", "::1") if ":" in host else ("192.0.2.1", "127.0.0.1")
    return source_towards(beyond) or loopback
