"""The one place where objects meet: a configuration becomes a tree of services.

DispatcherService            top
  TransportService           one for each socket
  EngineService              transactions and their timers
  DoorService                one for each endpoint of control
  HomerService               exports messages, where a collector is named
  Reloading                  puts lists in force
    Retry                    asks a source again that was away
  LoadService                calls that are counted and never end, where calls are counted
  TimerService               what time brings to destinations that live traffic keeps out
  Draining                   tells when a destination that takes no new calls is empty
  Keeper                     keeps state over restarts, where a state file is named
  Prober                     probes, where `ds_ping_interval` is set
  Guard                      stops a script that runs on and on, where one is named
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Final

from twisted.application.internet import TimerService
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import Cooperator, SchedulerStopped
from twisted.logger import Logger

from dispatch import __version__
from dispatch.balance import history, pace
from dispatch.balance.admin import DRAIN, MAINTENANCE
from dispatch.balance.change import COMMAND, Change
from dispatch.balance.destination import Destination
from dispatch.balance.membership import ANY_PROTOCOL, Membership
from dispatch.balance.selection import find_algorithm
from dispatch.control.command import Control
from dispatch.control.commands import TABLE
from dispatch.control.pinging import Pinger
from dispatch.control.text import printable
from dispatch.control.tracing.tracer import Tracer
from dispatch.engine import Engine
from dispatch.errors import ConfigError, ConfigErrors, TransportError
from dispatch.events.hub import Hub
from dispatch.probe import Prober
from dispatch.proxy.context import Context
from dispatch.proxy.dialog import Identity
from dispatch.proxy.proxy import Proxy
from dispatch.script.default import DefaultRoute
from dispatch.script.route import Router
from dispatch.service import doors, lists, secret, telling
from dispatch.service.config import Config
from dispatch.service.descriptors import make_room, needed
from dispatch.service.draining import Draining
from dispatch.service.foretelling import Foretelling
from dispatch.service.functions import (
    make_dispatcher,
    make_gate,
    make_manner,
    make_parameters,
    make_probing,
    retry_after,
)
from dispatch.service.guard import Guard
from dispatch.service.keeper import Keeper
from dispatch.service.listen import Listen, local_sockets
from dispatch.service.naming import Naming, ability_of, make_resolver
from dispatch.service.observing import Observing
from dispatch.service.reloading import Reloading
from dispatch.service.runners import DoorService, EngineService, HomerService, LoadService, TransportService
from dispatch.service.scripting import Scripting
from dispatch.service.scripts import Scripts
from dispatch.service.sip_config import Sip
from dispatch.service.trust import Trust
from dispatch.sip.overload import offering
from dispatch.store.state_file import StateFile
from dispatch.transport import TRANSPORTS
from dispatch.transport.connection import Connection
from dispatch.transport.interfaces import ISipTransport, Layer
from dispatch.transport.sockets import is_local, source_towards
from dispatch.transport.stream import StreamTransport
from dispatch.transport.websocket import WebSocketLayer

log: Final = Logger()

_TICK: Final = 1.0  # seconds from one look at who may come back to the next


class DispatcherService(MultiService):
    """The whole.

    Args:
        config: what was read.
        reactor: Twisted's.

    Attributes:
        dispatcher: the sets.
        lists: what puts other lists in force.
        scripts: the route in force.
        probing: who is probed, and what an answer does.
        engine: transactions.
        router: what hands requests to the route; its `observer` is told every decision.
        tracer: who sees every message and decision, while somebody wants to.
        trust: certificates, and who is expected where; None where no socket speaks TLS.

    Raises:
        ConfigErrors: the list or the secret can't be used, or a socket can't be had.
    """

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self._config = config
        self._reactor = reactor
        self._errands = Cooperator(_slice, scheduler=lambda step: reactor.callLater(pace.PAUSE, step), started=False)
        source = lists.source_of(config)
        cache = lists.cache_of(config, source)
        start = lists.begin(config, source, cache)
        self._origin = source.name if start.failed is None else f"the copy in {config.lists.cache}"

        route, parameters = config.route, config.dispatcher
        self.dispatcher = make_dispatcher(parameters, random.Random(), time.monotonic, _warn, config.health)
        self.dispatcher.replace(start.roster)
        self._observing = Observing(self._observed, time.time, self._run)
        self.dispatcher.observer, self.dispatcher.observer_of_many = self._observing.one, self._observing.many
        self._keeper: Keeper | None = None
        self.trust: Trust | None = None
        self.probing = make_probing(config, self.dispatcher)
        self._resolver = make_resolver(config, reactor)
        self._resolver.setServiceParent(self)
        counts_calls = self.dispatcher.calls is not None
        algorithm = find_algorithm(route.algorithm)
        script = DefaultRoute(route, algorithm, failover=self.dispatcher.failover, counts_calls=counts_calls)
        self.router = Router(self.dispatcher, script, make_parameters(config))
        self.router.pause = self._pause
        self.scripts = Scripts(config, self.router)
        self._scripting = Scripting(config, config.script, self.router) if config.script is not None else None
        self.router.membership = Membership(self.dispatcher.groups)
        self.router.lookup = self._address_of
        self._naming = Naming(config, self._resolver, self.dispatcher, self.router, reactor)
        self.lists = Reloading(
            config, reactor, source, cache, start, self.dispatcher, self.router, self._naming, self._run
        )
        self.lists.setServiceParent(self)
        self.router.reload = self.lists.reload

        self.engine = Engine(reactor, time.monotonic, self._resolver, config.sip.timers, config.sip.limits)
        self._hub = Hub(telling.sinks(config, reactor), parameters.ds_ping_method, self._run)
        key = _secret(config.sip.secret_file)
        if any(listen.is_secure for listen in config.sip.listen):
            self.trust = Trust(config.sip.tls, reactor, self.dispatcher, self.router)
            self.engine.peer_of = self.trust.peer_of
        self._transports = _bind(config, self.engine, self.trust, reactor)
        self.tracer = Tracer(time.time, source_towards)
        self.tracer.install = self._trace
        control = Control(
            dispatcher=self.dispatcher,
            steering=self.lists,
            source=source.name,
            version=__version__,
            commands=TABLE,
            now=time.time,
            probing=self.probing,
            started=time.time(),
            address_of=self._naming.address_of,
            tracer=self.tracer,
            foresight=Foretelling(config, self.router, self.engine, reactor),
            destination_at=self._destination_at,
            engine=self.engine,
            ping=Pinger(self.engine, make_manner(config), time.monotonic),
            standing=self._naming.standing,
            counters=self._counters,
            sockets=tuple(local_sockets(config.sip.listen)),
            reload_script=self.scripts.reload,
        )
        ports = self._open_doors(control)
        for transport in self._transports:
            if isinstance(transport, StreamTransport):
                transport.is_known = self._is_destination
                if config.sip.tcp_alias and transport.name == b"TCP":
                    transport.may_share = self._is_of_destination
        listeners = tuple(transport.listener for transport in self._transports)
        self._resolver.ability = ability_of(listeners, asks_naptr=config.sip.dns.naptr)
        me = Identity(listeners, map(_alias, config.sip.alias), key, is_local)
        self.engine.proxy = Proxy(self.engine, me, config.sip.timers, self.router)
        self.scripts.install(self.engine.proxy)
        self.engine.proxy.udp_mtu = config.sip.udp_mtu
        self.engine.proxy.failover_time = config.route.failover_time
        self.engine.proxy.retry_after = retry_after(config.sip.limits)
        self.engine.gate = make_gate(config.sip.limits, lambda: self.router.membership)
        if self._scripting is not None:
            self._scripting.begin(self.engine.proxy, listeners[0])
        self.engine.listeners = listeners
        self.engine.source_towards = source_towards
        self.engine.is_multihomed = config.sip.mhomed
        self._draining = Draining(
            self.dispatcher, reactor, time.time, self.engine.waited_for, self._naming.sockets_of, self._run
        )
        self._draining.setServiceParent(self)
        if config.state.file is not None:
            store = StateFile(config.state.file)
            self._keeper = Keeper(self.dispatcher, store, config.state.interval, reactor, time.time, self._run)
            self._keeper.restore(self.lists.remember)
            self._keeper.setServiceParent(self)
        EngineService(self.engine).setServiceParent(self)
        if counts_calls:
            LoadService(self._expire_load, parameters.ds_hash_check_interval, reactor).setServiceParent(self)
        if self.dispatcher.live is not None:
            ticking = TimerService(_TICK, self.dispatcher.live.tick)
            ticking.clock = reactor
            ticking.setServiceParent(self)
        if config.health.overload_control:
            for listener in listeners:
                listener.via = offering(listener.via)
        for transport in self._transports:
            TransportService(transport, reactor).setServiceParent(self)
        for port in ports:
            DoorService(port).setServiceParent(self)
        if config.trace.hep is not None:
            HomerService(config.trace, self.tracer).setServiceParent(self)
        if parameters.ds_ping_interval:
            manner, seconds, chance = make_manner(config), time.monotonic, random.Random()
            prober = Prober(self.engine, self.dispatcher, self.probing, manner, reactor, seconds, chance)
            if self._scripting is not None:
                self._scripting.follow(prober)
            prober.setServiceParent(self)
        if route.script is not None or self._scripting is not None:
            Guard(self._script_files, lambda: self.engine.timers.now).setServiceParent(self)

    def _script_files(self) -> Collection[str]:
        return self._scripting.stage.files if self._scripting is not None else self.scripts.files

    def _open_doors(self, control: Control) -> list[IListeningPort]:
        try:
            return doors.open_all(self._config, control, self._reactor)
        except ConfigErrors:
            for transport in self._transports:
                transport.stop()
            raise

    def startService(self) -> None:
        """Begin, and say so in one line."""
        sip = self._config.sip
        problem = make_room(needed([one.proto for one in sip.listen], sip.limits))
        if problem:
            log.warn("{problem}", problem=problem)
        super().startService()
        self._errands.start()
        sets = self.dispatcher.groups
        log.info(
            "listening on {sockets}; {destinations} destinations in {sets} sets from {source}",
            sockets=", ".join(map(str, self._config.sip.listen)),
            destinations=sum(len(one.members) for one in sets.values()),
            sets=len(sets),
            source=self._origin,
        )
        if self.trust is not None:
            self.trust.start()

    def hang_up(self) -> None:
        """What SIGHUP asks for: read certificates and lists again."""
        if self.trust is not None:
            self.trust.renew()
        self.lists.reload()

    def stopService(self) -> Deferred[object]:
        """Take no new calls, let open requests be answered, then stop."""
        return self.engine.close().addCallback(self._stop)

    def _stop(self, _: None) -> Deferred[object]:
        self._errands.stop()
        self._observing.stop()
        self._hub.stop()
        stopped: Deferred[object] = super().stopService()
        return stopped

    def _run(self, errand: Iterator[None]) -> None:
        """Do what takes long a little at a time."""
        self._errands.coiterate(errand).addErrback(_report_unfinished)

    def _pause(self, context: Context, step: object) -> None:
        self.engine.pause(context, step)

    def _observed(self, change: Change, now: float) -> None:
        """A state has changed, or a person decided something about a destination."""
        self._hub.tell(change, history.note(change, now))
        if self._scripting is not None:
            self._scripting.changed(change)
        if change.event:
            log.info("{change}", change=printable(str(change)))
        if change.event in (DRAIN, MAINTENANCE):
            self._draining.begin()
        if self._keeper is not None:
            self._keeper.changed(by_person=change.cause == COMMAND)

    def _trace(self, is_wanted: bool) -> None:
        """Put the tracer into the packet path, or take it out."""
        tracer = self.tracer if is_wanted else None
        self.engine.tracer = tracer
        for transport in self._transports:
            transport.tracer = tracer
        self.router.observer = tracer.decided if tracer is not None else None

    def _counters(self) -> dict[str, int]:
        """By the original's names where it counts the same."""
        engine = self.engine
        return {
            "core:rcv_requests": engine.request_count,
            "core:rcv_replies": engine.response_count,
            "core:bad_msg_hdr": engine.malformed_count,
            "dispatcher:refused_requests": engine.refused_count,
            "dispatcher:stray_replies": engine.stray_count,
            "tmx:inuse_transactions": engine.open_transactions,
        }

    def _destination_at(self, address: str, port: int) -> Destination | None:
        return self.router.membership.find(address, port, b"", mode=ANY_PROTOCOL)

    def _is_destination(self, address: str) -> bool:
        return self.router.membership.has_address(address)

    def _is_of_destination(self, connection: Connection) -> bool:
        return self._is_destination(connection.flow.remote[0])

    def _expire_load(self) -> None:
        self._run(_until_done(self.dispatcher.expire_load))

    def _address_of(self, name: str) -> str | None:
        """What is known of a name without waiting; one that is new is asked for, for the next time."""
        address = self._resolver.lookup(name)
        if address is None:
            self._resolver.resolve(name).addErrback(lambda failure: failure.trap(TransportError) and None)
        return address


def _slice() -> Callable[[], bool]:
    """Tells when an errand has had its time."""
    end = time.monotonic() + pace.SLICE
    return lambda: time.monotonic() > end


def _until_done(do: Callable[[], bool]) -> Iterator[None]:
    while do():
        yield


def _warn(problem: str) -> None:
    log.warn("{problem}", problem=problem)


def _report_unfinished(failure: Any) -> None:
    if not failure.check(SchedulerStopped):
        log.failure("an errand failed", failure)


def make_service(config: Config, reactor: Any) -> DispatcherService:
    """The service of a configuration; see `DispatcherService` for what it raises."""
    return DispatcherService(config, reactor)


def _secret(path: Path) -> bytes:
    try:
        return secret.read_or_make(path)
    except ConfigError as error:
        raise ConfigErrors([error]) from None


def _bind(config: Config, engine: Engine, trust: Trust | None, reactor: Any) -> list[ISipTransport]:
    """Take every socket; what was taken is given back when one can't be had."""
    transports: list[ISipTransport] = []
    sip = config.sip
    for index, one in enumerate(sip.listen):
        transport: ISipTransport
        layer = _layer(sip, one, trust, reactor)
        if layer is not None:
            transport = StreamTransport(one.host, one.port, engine, sip.limits, sip.sent_by(one), layer)
        else:
            transport = TRANSPORTS[one.proto](one.host, one.port, engine, sip.limits, sip.sent_by(one))
        if isinstance(transport, StreamTransport):
            transport.balancers = sip.proxy_protocol.get(one, ())
            transport.ping_interval = sip.stream_ping
        try:
            transport.bind()
        except TransportError as error:
            for taken in transports:
                taken.stop()
            raise ConfigErrors([config.problem(str(error), "sip", "listen", index)]) from None
        transports.append(transport)
    return transports


def _layer(sip: Sip, listen: Listen, trust: Trust | None, reactor: Any) -> Layer | None:
    """What lies between TCP and SIP on a socket."""
    secure = trust.layer(listen) if trust is not None and listen.is_secure else None
    if not listen.is_websocket:
        return secure
    return WebSocketLayer(sip.limits.message, sip.websocket.origins, sip.websocket.ping, reactor, secure)


def _alias(name: str) -> bytes:
    return name.encode()
