"""``[sip.dns]``: how names are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.errors import TransportError
from dispatch.service.listen import parse_host_port
from dispatch.service.reading import Place, Reader, boolean, many, one_of, seconds, text
from dispatch.transport.sockets import canonical

_PORT: Final = 53


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """Who is asked, for how long, and how long answers hold.

    Attributes:
        servers: addresses and ports of name servers; none for those of resolv.conf(5).
        addresses: ``dns``, or ``system`` for the system's resolver.
        naptr: whether a domain is asked which transport it wants.
        timeout: seconds that a server has for its answer in the first of three rounds.
        min_ttl: seconds that an answer holds at least.
        max_ttl: and at most.
        negative_ttl: seconds after which a name without answer is asked for again.
    """

    servers: tuple[tuple[str, int], ...] = ()
    addresses: str = "dns"
    naptr: bool = True
    timeout: float = 1.0
    min_ttl: float = 5.0
    max_ttl: float = 3600.0
    negative_ttl: float = 10.0


def _parse_server(written: str) -> tuple[str, int]:
    host, port = parse_host_port(written)
    try:
        return canonical(host), _PORT if port is None else port
    except TransportError:
        raise ValueError(f"{host!r} is no IP address") from None


def _server(value: object, place: Place) -> object:
    return text(_parse_server, "192.0.2.53:53", value, place)


DNS_READERS: Final[Mapping[str, Reader]] = {
    "servers": many(_server, of=str),
    "addresses": one_of("dns", "system"),
    "naptr": boolean,
    "timeout": seconds(0.1),
    "min_ttl": seconds(1),
    "max_ttl": seconds(1),
    "negative_ttl": seconds(1),
}
