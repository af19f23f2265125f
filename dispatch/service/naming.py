"""The names of the list: followed by the resolver, told to whoever must know, complained about when DNS fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.expansion import Machine
from dispatch.balance.membership import literal as of_host
from dispatch.control.text import printable
from dispatch.script.route import Router
from dispatch.service.config import Config
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Listener
from dispatch.sip.host import host_port
from dispatch.transport.names.client import Client
from dispatch.transport.names.files import Hosts, Servers
from dispatch.transport.names.records import AAAA, A, Answer, Question
from dispatch.transport.names.resolver import Ask, Entry, Lifetime, Resolver
from dispatch.transport.names.steps import Ability
from dispatch.transport.names.system import System
from dispatch.transport.names.target import Want, literal, targets, wanted

log: Final = Logger()

_KNOWS: Final = 1 | 2 | 4  # bits of ds_dns_mode
_BY_TIMER: Final = 4
_SETTLE: Final = 0.2  # seconds in which changes are gathered
_MOST_LINES: Final = 10  # of the log, at a time


def make_resolver(config: Config, reactor: Any) -> Resolver:
    """The resolver that ``[sip.dns]`` describes."""
    dns, parameters = config.sip.dns, config.dispatcher
    servers = dns.servers
    client = Client(reactor, (lambda: servers) if servers else Servers(), timeout=dns.timeout)
    least, most = dns.min_ttl, dns.max_ttl
    if parameters.ds_dns_ttl:
        least = most = float(parameters.ds_dns_ttl)
    if parameters.ds_dns_mode & _BY_TIMER:
        most = min(most, parameters.ds_dns_interval)
    is_system = dns.addresses == "system"
    ask = _of_both(client.ask, System(reactor).ask) if is_system else _with_hosts(client.ask, Hosts())
    return Resolver(reactor, ask, Lifetime(min(least, most), most, dns.negative_ttl))


def ability_of(listeners: Iterable[Listener], *, asks_naptr: bool) -> Ability:
    """What can be sent from these sockets."""
    ours = tuple(listeners)
    is_v6 = {":" in one.host for one in ours}
    kinds = tuple(kind for kind, is_wanted in ((A, False in is_v6), (AAAA, True in is_v6)) if is_wanted)
    return Ability(frozenset(one.transport.name for one in ours), kinds, asks_naptr)


def _with_hosts(ask: Ask, hosts: Hosts) -> Ask:
    def asked(question: Question) -> Deferred[Answer]:
        known = hosts.answer(question)
        return succeed(known) if known is not None else ask(question)

    return asked


def _of_both(ask: Ask, ask_system: Ask) -> Ask:
    return lambda question: (ask_system if question.kind in (A, AAAA) else ask)(question)


class Naming:
    """Has the names of the list looked up ahead of calls.

    Args:
        config: what was read.
        resolver: looks them up.
        dispatcher: the sets.
        router: knows who is a destination.
        clock: the reactor.

    Attributes:
        changed: called when a name of the list stands for something else.
    """

    def __init__(self, config: Config, resolver: Resolver, dispatcher: Dispatcher, router: Router, clock: Any) -> None:
        self._resolver = resolver
        self._dispatcher = dispatcher
        self._router = router
        self._clock = clock
        self._tells_members = bool(config.dispatcher.ds_dns_mode & _KNOWS)
        self._wants: dict[bytes, list[Want]] = {}  # by host, as they are told to the membership
        self._news: list[str] = []
        self.changed: Callable[[], None] = lambda: None
        resolver.changed = self._changed

    def follow(self) -> Iterator[None]:
        """See which names the list in force has; a step at a time."""
        wants: dict[bytes, set[Want]] = {}
        for member in self._dispatcher.destinations():
            want = _want_of(member)
            if want is not None:
                wants.setdefault(want.host.encode("latin-1"), set()).add(want)
            yield
        self._wants = {host: sorted(some) for host, some in wants.items()}
        for host in wants:
            self._tell_members(host)
            yield
        yield from self._resolver.follow([want for some in wants.values() for want in some])

    def machines_of(self, member: Destination) -> list[Machine] | None:
        """Who answers for a destination of the list; nobody where it stands for itself, None where that isn't known."""
        want = _want_of(member)
        if want is None or member.listed & health.NO_DNS:
            return []
        entry = self._resolver.entry(want)
        if entry is None or (entry.is_old and not entry.places):
            return None
        return [
            Machine(place.transport, address, place.port, place.priority, place.weight)
            for place in entry.places
            for address in place.addresses
        ]

    def address_of(self, host: bytes) -> str | None:
        """An address of a host of the list, as far as it is known."""
        addresses = self._router.membership.addresses.get(host.lower(), ())
        return of_host(host) or next(iter(addresses), None)

    def sockets_of(self, member: Destination) -> list[tuple[str, int]]:
        """Addresses and ports that a destination stands for, as far as they are known."""
        places = self._resolver.find(wanted(_parsed(member.uri))) or ()
        return [(one.address, one.port) for one in targets(places)]

    def standing(self, member: Destination) -> str:
        """What a destination given by name stands for, in words; empty where it is an address."""
        want = _want_of(member)
        entry = self._resolver.entry(want) if want is not None else None
        if entry is None:
            return "" if want is None else "not known yet"
        found = " ".join(host_port(one.address, one.port) for one in targets(entry.places)) or "nothing"
        if member.listed_uri != member.uri:
            found = f"of {printable(member.listed_uri.decode('latin-1'))}"
        age = f" ({self._age(entry)} s old, DNS fails)" if entry.is_old else ""
        return found + age

    def _age(self, entry: Entry) -> int:
        return int(self._resolver.seconds() - entry.confirmed)

    def _tell_members(self, host: bytes) -> None:
        """Let requests from the addresses of a host be known as its destinations'."""
        entries = [entry for want in self._wants.get(host, ()) if (entry := self._resolver.entry(want)) is not None]
        if entries and self._tells_members:
            addresses = [target.address for entry in entries for target in targets(entry.places)]
            self._router.membership.resolved(host, *dict.fromkeys(addresses))

    def _changed(self, want: Want, entry: Entry, before: Entry | None) -> None:
        self._tell_members(want.host.encode("latin-1"))
        if before is None or before.places != entry.places:
            self.changed()
        if not entry.places:
            self._tell(f"no address for {want.host!r}")
        elif entry.is_old:
            self._tell(f"DNS fails for {want.host!r}: its last good answer is {self._age(entry)} s old and stays")

    def _tell(self, line: str) -> None:
        if not self._news:
            self._clock.callLater(_SETTLE, self._tell_all)
        self._news.append(line)

    def _tell_all(self) -> None:
        news, self._news = self._news, []
        for line in news[:_MOST_LINES]:
            log.warn("{problem}", problem=line)
        if len(news) > _MOST_LINES:
            log.warn("and {count} names more", count=len(news) - _MOST_LINES)


def _parsed(uri: bytes) -> sip_uri.Uri:
    parsed = sip_uri.parse(uri)
    assert parsed is not None  # or it would be in no list
    return parsed


def _want_of(member: Destination) -> Want | None:
    """What is wanted of the host that the list gives; None where that is an address."""
    if member.listed_uri is member.uri and (not member.host or literal(member.host.decode("latin-1")) is not None):
        return None
    return wanted(_parsed(member.listed_uri))
