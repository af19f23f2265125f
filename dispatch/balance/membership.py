"""Which destination an address belongs to (`ds_is_from_list`), by index and without waiting for names."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.group import Group
from dispatch.balance.pace import gently
from dispatch.sip import uri as sip_uri
from dispatch.sip.host import canonical

ANY_PORT: Final = 1  # bits of the mode of `ds_is_from_list`
ANY_PROTOCOL: Final = 2
ONLY_USABLE: Final = 4
ALL_SETS: Final = -1

_UNRESOLVED: Final = 16  # flag of a destination whose name is not looked up
_SIP_PORT: Final = 5060
_IPV4: Final = re.compile(rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_PROTOCOLS: Final = frozenset((b"udp", b"tcp", b"tls", b"sctp", b"ws"))


class Membership:
    """The destinations of one list, by address. Making one takes long for a long list.

    Args:
        groups: the sets, in the order in which they are searched.
        addresses: of names that were looked up before; others come by `resolved`.

    Attributes:
        groups: as given.
    """

    def __init__(self, groups: Mapping[int, Group], addresses: Mapping[bytes, tuple[str, ...]] | None = None) -> None:
        self.groups = groups
        members = [member for group in groups.values() for member in gently(group.members)]
        self._places = {id(member): place for place, member in enumerate(gently(members))}
        self._named: dict[bytes, list[Destination]] = {}
        self._by_address: dict[str, list[Destination]] = {}
        for member in gently(members):
            if member.listed & _UNRESOLVED or not member.host:
                continue
            address = literal(member.host)
            if address is not None:
                self._by_address.setdefault(address, []).append(member)
            else:
                self._named.setdefault(member.host.lower(), []).append(member)
        self._addresses: dict[bytes, tuple[str, ...]] = {}
        for host in self._named:
            if addresses is not None and host in addresses:
                self.resolved(host, *addresses[host])
        hosts = [(_spelt(member.host), member.port) for member in gently(members) if member.host]
        machines = [member for member in gently(members) if member.listed_uri != member.uri]
        hosts += [named for member in gently(machines) if (named := _named(member))]
        self._hosts = frozenset(host for host, _ in gently(hosts))
        self._sockets = frozenset((host, port or _SIP_PORT) for host, port in gently(hosts))

    @property
    def addresses(self) -> Mapping[bytes, tuple[str, ...]]:
        """What is known of the names in the list; hand it on to the next one."""
        return self._addresses

    def resolved(self, host: bytes, *addresses: str) -> None:
        """A name of the list has these addresses from now on.

        Args:
            host: as a URI has it.
            addresses: IPv6 without brackets.
        """
        host = host.lower()
        addresses = tuple(canonical(one) or one for one in addresses)
        before, members = self._addresses.get(host, ()), self._named.get(host)
        if members is None or before == addresses:
            return
        # Ten thousand names may have one address: what is in order is not sorted again for each of them.
        for address in before:
            there = self._by_address[address]
            for member in members:
                del there[bisect_left(there, self._place(member), key=self._place)]
        self._addresses[host] = addresses
        for address in addresses:
            there = self._by_address.setdefault(address, [])
            for member in members:
                insort(there, member, key=self._place)

    def _place(self, member: Destination) -> int:
        """Where it stands in listings."""
        return self._places[id(member)]

    def find(
        self, address: str, port: int, protocol: bytes, group: int = ALL_SETS, mode: int = 0
    ) -> Destination | None:
        """The first destination that a peer is, in the order of listings.

        Args:
            address: of the peer, IPv6 without brackets.
            port: of the peer; 0, and so no port but none, where a URI has none.
            protocol: lower case: ``udp``; empty where a URI says nothing.
            group: the set to search; -1 for all of them.
            mode: sum of 1, any port; 2, any protocol; 4, only destinations that can be selected.
        """
        for member in self._by_address.get(canonical(address) or address, ()):
            if (
                (group in (ALL_SETS, member.group))
                and (mode & ANY_PORT or member.port in (0, port))
                and (mode & ANY_PROTOCOL or _protocol(member) == protocol)
                and not (mode & ONLY_USABLE and member.flags & health.SKIPPED)
            ):
                return member
        return None

    def at(self, address: str) -> Iterable[Destination]:
        """The destinations that have this address, as far as names are known, in the order of listings."""
        return self._by_address.get(address, ())

    def named(self, host: bytes) -> Iterable[Destination]:
        """The destinations that the list gives this name, in its order."""
        return self._named.get(host.lower(), ())

    def find_uri(
        self, text: bytes, group: int, mode: int, lookup: Callable[[str], str | None] = lambda name: None
    ) -> Destination | None:
        """The first destination that a URI names.

        Args:
            text: the URI; none of a list where it is no URI or has no host.
            group: as in `find`.
            mode: as in `find`.
            lookup: the address of a name that is not in the list, as far as it is known.
        """
        uri = sip_uri.parse(text)
        if uri is None or not uri.host:
            return None
        addresses = self._addresses.get(uri.host.lower())
        if addresses is None:
            address = literal(uri.host) or lookup(uri.host.decode("latin-1"))
            addresses = (address,) if address is not None else ()
        found = (self.find(one, uri.port_number, _protocol_of(uri), group, mode) for one in addresses)
        return next(filter(None, found), None)

    def has_address(self, address: str) -> bool:
        """Whether a destination of any set has this address, as the kernel spells it."""
        return bool(self._by_address.get(address))

    def has_host(self, host: bytes, port: int | None = None) -> bool:
        """Whether a destination has this host, or a name with this address, and this port where one is given.

        Args:
            host: as a URI or Via has it.
            port: 0 stands for 5060.
        """
        spelt = _spelt(host)
        named = self._by_address.get(spelt, ())
        if port is None:
            return spelt in self._hosts or bool(named)
        port = port or _SIP_PORT
        return (spelt, port) in self._sockets or any((one.port or _SIP_PORT) == port for one in named)


def literal(host: bytes) -> str | None:
    """The address that a host is, in the usual spelling; None where it is a name.

    As in the original zeros before a number of an IPv4 address mean nothing.
    """
    if _IPV4.fullmatch(host):
        host = b".".join([b"%d" % int(part) for part in host.split(b".")])
    return canonical(host.decode("latin-1"))


def _spelt(host: bytes) -> str:
    return literal(host) or host.lower().decode("latin-1")


def is_usable(members: Iterable[Destination], uri: bytes | None = None) -> bool:
    """Whether one of them can be selected (`ds_is_active`); only those with exactly this URI, where one is given."""
    return any(not one.flags & health.SKIPPED for one in members if uri is None or one.uri == uri)


def _named(member: Destination) -> tuple[str, int] | None:
    """Host and port as the list has them, of one of the machines that answer for a name."""
    uri = sip_uri.parse(member.listed_uri)
    return (_spelt(uri.host), uri.port_number) if uri is not None else None


def _protocol(member: Destination) -> bytes:
    """What its URI says; nothing where it has no ``transport`` parameter, also with ``sips:``."""
    if b"transport" not in member.uri.lower():
        return b""
    uri = sip_uri.parse(member.uri)
    return _protocol_of(uri) if uri is not None else b""


def _protocol_of(uri: sip_uri.Uri) -> bytes:
    """A transport that the original does not know in a URI (``wss`` too) is as good as none."""
    return uri.transport if uri.transport in _PROTOCOLS else b""
