"""What would happen, told without doing it: to a request, and to the spread of calls over a set."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThreadPool

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.forecast import foretell
from dispatch.balance.group import Group
from dispatch.balance.pace import gently, rest
from dispatch.balance.roster import Roster
from dispatch.balance.selection import find_algorithm
from dispatch.balance.tally import Tally
from dispatch.balance.turn import Turn
from dispatch.control.command import BadValue
from dispatch.control.foresight import Plan, Spread
from dispatch.engine import Engine
from dispatch.errors import TransportError
from dispatch.proxy.dialog import Identity
from dispatch.proxy.proxy import Proxy
from dispatch.script.calls import calls
from dispatch.script.default import DefaultRoute
from dispatch.script.rehearsal import Rehearsal, rehearse
from dispatch.script.route import Router, Script
from dispatch.service import lists
from dispatch.service.config import Config
from dispatch.service.functions import make_dispatcher, make_parameters, retry_after
from dispatch.service.health_config import HealthConfig
from dispatch.service.listen import PROTOCOLS, SIP_PORT, Listen, parse_host_port, parse_listen
from dispatch.sip.flow import Flow, Listener, Peer
from dispatch.sip.host import canonical, host_port
from dispatch.sip.message import Message
from dispatch.transport.names.target import Place, Want, default_port, literal, place_of
from dispatch.transport.sockets import is_local, source_towards

_NOWHERE: Final = "192.0.2.9"  # of the addresses for documentation (RFC 5737)


@dataclass(frozen=True, slots=True)
class Foretelling:
    """Rehearses with what is in use.

    Attributes:
        config: what was read.
        router: in use.
        engine: in use; its proxy is there by the first call.
        reactor: Twisted's.
    """

    config: Config
    router: Router
    engine: Engine
    reactor: Any

    def rehearse(
        self, message: Message, source: str | None, group: int | None, algorithm: int | str | None
    ) -> Rehearsal:
        """See `dispatch.control.foresight.Foresight`."""
        if self.engine.proxy.hands_over and group is None and algorithm is None:
            raise BadValue("a Kamailio script decides here, and can't be rehearsed; name a set and an algorithm")
        listener, address = self._from(message, source)
        script = None if group is None and algorithm is None else self._route(group, algorithm)
        return rehearse(self.engine.proxy, self.router, message, listener, address, script)

    def _route(self, group: int | None, algorithm: int | str | None) -> Script:
        """The built-in route with another set or algorithm."""
        config, dispatcher = self.config.route, self.router.dispatcher
        row = find_algorithm(config.algorithm if algorithm is None else algorithm)
        settings = config if group is None else replace(config, set=group)
        counts_calls = dispatcher.calls is not None
        return DefaultRoute(settings, row, failover=dispatcher.failover, counts_calls=counts_calls)

    def _from(self, message: Message, source: str | None) -> tuple[Listener, tuple[str, int]]:
        """Where the request comes in, and from which address: as said, else as its Via says."""
        if source is not None:
            name, address = _source(source)
        else:
            via = message.via
            host = canonical(via.host.decode("latin-1").strip("[]"))
            name, address = via.transport, (host or _NOWHERE, via.port or SIP_PORT)
        listeners = self.engine.listeners
        fitting = [one for one in listeners if one.transport.name == name]
        alike = [one for one in fitting if (":" in one.host) == (":" in address[0])]
        if not fitting and source is not None:
            ours = ", ".join(sorted({one.transport.name.decode().lower() for one in listeners}))
            raise BadValue(f"no socket takes what comes by {name.decode().lower()}; there is {ours}")
        return (alike or fitting or listeners)[0], address

    def spread(self, plan: Plan) -> Deferred[Spread]:
        """See `dispatch.control.foresight.Foresight`; a thread does it."""
        dispatcher = self.router.dispatcher
        turn = dispatcher.groups[plan.set].look_ahead()
        pool = self.reactor.getThreadPool()
        return deferToThreadPool(self.reactor, pool, self._spread, dispatcher.groups[plan.set], turn, plan)

    def _spread(self, group: Group, turn: Turn, plan: Plan) -> Spread:
        try:
            return spread(self.config, group, turn, plan)
        finally:
            rest()


def offline(config: Config, dispatcher: Dispatcher, reactor: Any = None) -> Foretelling:
    """For a configuration that no service runs with: no socket is opened, no name is looked up, no secret is read."""
    timers, limits = config.sip.timers, config.sip.limits
    row, counts_calls = find_algorithm(config.route.algorithm), dispatcher.calls is not None
    script = DefaultRoute(config.route, row, failover=dispatcher.failover, counts_calls=counts_calls)
    router = Router(dispatcher, script, make_parameters(config))
    engine = Engine(Clock(), lambda: 0.0, _Addresses(), timers, limits)
    engine.listeners = tuple(_Closed(one, config.sip.sent_by(one)).listener for one in config.sip.listen)
    engine.source_towards, engine.is_multihomed = source_towards, config.sip.mhomed
    me = Identity(engine.listeners, [name.encode() for name in config.sip.alias], bytes(32), is_local)
    engine.proxy = Proxy(engine, me, timers, router)
    engine.proxy.udp_mtu, engine.proxy.retry_after = config.sip.udp_mtu, retry_after(limits)
    return Foretelling(config, router, engine, reactor)


class _Closed:
    """A transport of which only the address is there."""

    def __init__(self, listen: Listen, sent_by: tuple[str, int]) -> None:
        self.name = listen.proto.upper().encode()
        self.default_port = default_port(self.name)
        self.reliable = listen.proto != "udp"
        self.listener = Listener(self, listen.host, listen.port, host_port(*sent_by).encode())

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        return Flow(self.listener, (host, port), peer=peer)

    def flow_back(self, host: str, port: int) -> Flow | None:
        return self.flow_to(host, port)

    def send(self, message: bytes, flow: Flow) -> None:
        """Nothing leaves."""


class _Addresses:
    """Knows who needs no looking up."""

    def find(self, want: Want) -> tuple[Place, ...] | None:
        address = literal(want.host)
        return (place_of(want, (address,)),) if address is not None else None

    def seek(self, want: Want) -> Deferred[tuple[Place, ...]]:
        return fail(TransportError(f"{want.host} is not looked up"))


def _source(text: str) -> tuple[bytes, tuple[str, int]]:
    """Read ``192.0.2.9``, ``192.0.2.9:5070`` or ``tcp:192.0.2.9:5070``.

    Raises:
        BadValue: it is none of these.
    """
    try:
        if text.partition(":")[0].lower() in PROTOCOLS:
            read = parse_listen(text)
            return read.proto.upper().encode(), (read.host, read.port)
        host, port = parse_host_port(text)
    except ValueError as error:
        raise BadValue(f"source: {error}") from None
    address = canonical(host)
    if address is None:
        raise BadValue(f"source {text!r} is no address; write e.g. 'udp:192.0.2.9:5060'")
    return b"UDP", (address, port or SIP_PORT)


def spread(config: Config, group: Group, turn: Turn, plan: Plan) -> Spread:
    """How calls are spread over a set now, and how they would be after a change.

    Both are found on copies, with the states and the open calls of the set as it is; none of the calls ends.

    Args:
        config: what was read.
        group: the set.
        turn: a clone of its own.
        plan: the change.
    """
    algorithm = find_algorithm(config.route.algorithm if plan.algorithm is None else plan.algorithm)
    trying = _copy(config, group, turn)
    made = list(gently(calls(Random(1), plan.calls)))
    before = foretell(trying, plan.set, algorithm, made)
    roster: Roster | None = None
    if plan.list is not None:
        roster = lists.parse(config, plan.list)
        if roster.errors:
            return Spread(algorithm, roster, before, before, {})
        trying.replace(roster, keep_state=config.lists.reload_keeps_state)
    elif plan.weight is not None:
        is_relative = algorithm.number == _RELATIVE
        members = trying.groups[plan.set].members
        trying.replace(Roster({plan.set: tuple(_weighted(one, plan, is_relative=is_relative) for one in members)}))
    elif plan.flags is not None:
        trying.set_state(plan.set, plan.uri, plan.flags)
    found = trying.groups.get(plan.set)
    if found is None:
        return Spread(algorithm, roster, before, [None] * len(before), {})
    lineup = found.look()
    usable = {
        member.uri: not flags & health.SKIPPED for member, flags in zip(lineup.members, lineup.flags, strict=True)
    }
    return Spread(algorithm, roster, before, foretell(trying, plan.set, algorithm, made), usable)


_RELATIVE: Final = 11  # by `rweight`


def _copy(config: Config, group: Group, turn: Turn) -> Dispatcher:
    """One with a copy of a set, its states and its turn."""
    bare = HealthConfig(panic_threshold=config.health.panic_threshold)  # nobody listens to traffic that there is not
    trying = make_dispatcher(config.dispatcher, Random(1), time.monotonic, lambda line: None, bare)
    trying.replace(Roster({group.number: tuple(_twin(member) for member in gently(group.members))}))
    turn.calls = trying.calls
    trying.groups[group.number].turn = turn
    return trying


def _twin(member: Destination) -> Destination:
    twin = copy(member)
    twin.condition = copy(member.condition)
    twin.condition.tally = Tally(member.group, member.condition.tally.calls)
    return twin


def _weighted(member: Destination, plan: Plan, *, is_relative: bool) -> Destination:
    """As a list would have it with the other weight."""
    twin = copy(member)
    if plan.weight is None or member.uri.lower() != plan.uri.lower():
        return twin
    if is_relative:
        twin.rweight = plan.weight
    else:
        twin.weight = plan.weight
    twin.attributes = {**member.attributes, b"rweight" if is_relative else b"weight": b"%d" % plan.weight}
    return twin
