"""``[sip]``: where we listen, who we are, and how much we take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dispatch.service.listen import SIP_PORT, Listen, default_route_address, parse_host_port, parse_listen
from dispatch.service.reading import WRONG, Place, Reader, expected, file_name, integer, many, seconds, text
from dispatch.sip.timers import Timers


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything is taken from the network.

    Attributes:
        message: bytes of one message.
        headers: header lines of one message.
        connections: open streams that others made, for each listening socket.
        transactions: open transactions.
    """

    message: int = 65535
    headers: int = 256
    connections: int = 4096
    transactions: int = 200_000


@dataclass(frozen=True, slots=True)
class Sip:
    """``[sip]``: where we listen and who we are.

    Attributes:
        listen: sockets to open.
        alias: further names, ``host`` or ``host:port``, that are us.
        advertise: what goes into Via and Record-Route in place of the address of a socket.
        secret_file: key of what we sign; made at the first start.
        timers: seconds.
        limits: against too much of anything.
    """

    listen: tuple[Listen, ...] = ()
    alias: tuple[str, ...] = ()
    advertise: Mapping[Listen, tuple[str, int]] = field(default_factory=dict)
    secret_file: Path = Path("secret")
    timers: Timers = field(default_factory=Timers)
    limits: Limits = field(default_factory=Limits)

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
    return value if text(parse_host_port, "sip.example.com:5080", value, place) is not WRONG else WRONG


def _advertise(value: object, place: Place) -> object:
    if not isinstance(value, dict):
        return expected('a table: { "udp:10.0.0.5:5060" = "203.0.113.7:5060" }', value, place)
    names = {
        text(parse_listen, "udp:10.0.0.5:5060", key, place.at(key)): text(
            _parse_sent_by, "203.0.113.7:5060", item, place.at(key)
        )
        for key, item in value.items()
    }
    return WRONG if WRONG in names or WRONG in names.values() else names


def _parse_sent_by(written: str) -> tuple[str, int]:
    host, port = parse_host_port(written)
    return host, SIP_PORT if port is None else port


SIP_READERS: Final[Mapping[str, Reader]] = {
    "listen": _listens,
    "alias": many(_alias, of=str),
    "advertise": _advertise,
    "secret_file": file_name,
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
    "connections": integer(1),
    "transactions": integer(1),
}
