"""The one place where objects meet: a configuration becomes a tree of services.

DispatcherService            top; reads the list again (`reload`)
  TransportService           one for each socket
  EngineService              transactions and their timers
  DoorService                one for each endpoint of control
  Retry                      asks a source again that was away
  LoadService                calls that are counted and never end, where calls are counted
  TimerService               what time brings to destinations that live traffic keeps out
  Draining                   tells when a destination that takes no new calls is empty
  Keeper                     keeps state over restarts, where a state file is named
  Prober                     probes, where `ds_ping_interval` is set
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from twisted.application.internet import TimerService
from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import Cooperator, LoopingCall, SchedulerStopped
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch import __version__
from dispatch.balance import history
from dispatch.balance.admin import DRAIN, MAINTENANCE
from dispatch.balance.change import COMMAND, Change
from dispatch.balance.destination import Destination
from dispatch.balance.membership import Membership, literal
from dispatch.balance.pace import gently
from dispatch.balance.reconcile import Change as ListChange
from dispatch.balance.reconcile import Succession, differences
from dispatch.balance.roster import Roster
from dispatch.balance.selection import find_algorithm
from dispatch.control.amp import ControlFactory
from dispatch.control.command import Control
from dispatch.control.commands import TABLE
from dispatch.control.text import printable
from dispatch.engine import Engine
from dispatch.errors import ConfigError, ConfigErrors, TransportError
from dispatch.events.hub import Hub
from dispatch.probe import Prober
from dispatch.proxy.dialog import Identity
from dispatch.proxy.proxy import Proxy
from dispatch.script.default import DefaultRoute
from dispatch.script.route import Router
from dispatch.service import doors, lists, secret, telling
from dispatch.service.collector import Pause
from dispatch.service.config import Config
from dispatch.service.draining import Draining
from dispatch.service.functions import make_dispatcher, make_manner, make_parameters, make_probing
from dispatch.service.keeper import Keeper
from dispatch.service.retry import Retry
from dispatch.sip.overload import offering
from dispatch.store.state_file import StateFile
from dispatch.transport import TRANSPORTS
from dispatch.transport.dns import Resolver
from dispatch.transport.interfaces import ISipTransport

log: Final = Logger()

_TICK: Final = 1.0  # seconds from one look at who may come back to the next
_SLICE: Final = 0.002  # seconds of an errand at a time

Result = TypeVar("Result")


class TransportService(Service):
    """Runs one socket."""

    def __init__(self, transport: ISipTransport, reactor: Any) -> None:
        self._transport = transport
        self._reactor = reactor

    def startService(self) -> None:
        """Begin to receive."""
        super().startService()
        self._transport.start(self._reactor)

    def stopService(self) -> Deferred[None]:
        """Leave nothing in the reactor."""
        super().stopService()
        return self._transport.stop()


class EngineService(Service):
    """Runs the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def startService(self) -> None:
        """Begin to look at the timers."""
        super().startService()
        self._engine.start()

    def stopService(self) -> None:
        """Leave nothing in the reactor."""
        super().stopService()
        self._engine.stop()


class LoadService(Service):
    """Looks after calls that are counted and never end.

    Args:
        expire: what to do.
        interval: seconds from one time to the next (`ds_hash_check_interval`).
        reactor: Twisted's.
    """

    def __init__(self, expire: Callable[[], None], interval: float, reactor: Any) -> None:
        self._interval = interval
        self._loop = LoopingCall(expire)
        self._loop.clock = reactor

    def startService(self) -> None:
        """Begin to wait."""
        super().startService()
        self._loop.start(self._interval, now=False)

    def stopService(self) -> None:
        """Leave nothing in the reactor."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()


class DoorService(Service):
    """Runs a door of control, which is open already."""

    def __init__(self, port: IListeningPort) -> None:
        self._port = port

    def stopService(self) -> Deferred[None] | None:
        """Close it."""
        super().stopService()
        return self._port.stopListening()


class DispatcherService(MultiService):
    """The whole.

    Args:
        config: what was read.
        reactor: Twisted's.

    Attributes:
        dispatcher: the sets.
        probing: who is probed, and what an answer does.
        engine: transactions.
        router: what hands requests to the route; its `observer` is told every decision.

    Raises:
        ConfigErrors: the list or the secret can't be used, or a socket can't be had.
    """

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self._config = config
        self._reactor = reactor
        self._is_reloading = False
        self._waiting: list[Deferred[Roster]] = []  # for the reload after this one
        self._pause = Pause()
        self._errands = Cooperator(_slice, scheduler=lambda step: reactor.callLater(0, step), started=False)
        self._source = lists.source_of(config)
        self._cache = lists.cache_of(config, self._source)
        roster, self._failed = lists.begin(config, self._source, self._cache)
        self._retry = Retry(reactor, config.lists.retry, self.reload)
        self._retry.setServiceParent(self)

        route, parameters = config.route, config.dispatcher
        self.dispatcher = make_dispatcher(parameters, random.Random(), time.monotonic, _warn, config.health)
        self.dispatcher.replace(roster)
        self.dispatcher.observer = self._observed
        self._keeper: Keeper | None = None
        self.probing = make_probing(config, self.dispatcher)
        self._warnings = (*config.warnings, *roster.warnings)
        resolver = Resolver(reactor)
        self.engine = Engine(reactor, time.monotonic, resolver, config.sip.timers, config.sip.limits)
        key = _secret(config.sip.secret_file)
        self._transports = _bind(config, self.engine)
        control = Control(self.dispatcher, self, self._source.name, __version__, TABLE, time.time, self.probing)
        ports = self._open_doors(control)
        listeners = tuple(transport.listener for transport in self._transports)
        me = Identity(listeners, map(_alias, config.sip.alias), key)
        algorithm = find_algorithm(route.algorithm)
        counts_calls = self.dispatcher.calls is not None
        script = DefaultRoute(route, algorithm, failover=self.dispatcher.failover, counts_calls=counts_calls)
        self.router = Router(self.dispatcher, script, make_parameters(config))
        self.router.membership = Membership(self.dispatcher.groups)
        self.router.lookup = self._address_of
        self.router.reload = self.reload
        self.engine.proxy = Proxy(self.engine, me, config.sip.timers, self.router)
        self.engine.listeners = listeners
        self._resolver = resolver
        self._hub = Hub(telling.sinks(config, reactor), parameters.ds_ping_method, self._run)
        self._draining = Draining(
            self.dispatcher, reactor, time.time, self.engine.waited_for, self._address_of_member, self._run
        )
        self._draining.setServiceParent(self)
        if config.state.file is not None:
            store = StateFile(config.state.file)
            self._keeper = Keeper(self.dispatcher, store, config.state.interval, reactor, time.time, self._run)
            self._keeper.restore()
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
        if parameters.ds_ping_interval:
            manner, seconds, chance = make_manner(config), time.monotonic, random.Random()
            prober = Prober(self.engine, self.dispatcher, self.probing, manner, reactor, seconds, chance)
            prober.setServiceParent(self)

    def _open_doors(self, control: Control) -> list[IListeningPort]:
        config, factory = self._config, ControlFactory(self._reactor, control)
        try:
            return doors.open_all(config, factory, self._reactor)
        except ConfigErrors:
            for transport in self._transports:
                transport.stop()
            raise

    def startService(self) -> None:
        """Begin, and say so in one line."""
        super().startService()
        self._errands.start()
        sets = self.dispatcher.groups
        log.info(
            "listening on {sockets}; {destinations} destinations in {sets} sets from {source}",
            sockets=", ".join(map(str, self._config.sip.listen)),
            destinations=sum(len(one.members) for one in sets.values()),
            sets=len(sets),
            source=self._source.name if self._failed is None else f"the copy in {self._config.lists.cache}",
        )
        if self._failed is not None:
            self._run(_complaints(self._failed, "the service runs on its last good copy" + self._again(self._failed)))
        self._run(self._after_reading(self._warnings))

    def stopService(self) -> Deferred[object]:
        """Take no new calls, let open requests be answered, then stop."""
        return self.engine.close().addCallback(self._stop)

    def _stop(self, _: None) -> Deferred[object]:
        self._errands.stop()
        self._hub.stop()
        stopped: Deferred[object] = super().stopService()
        return stopped

    def _run(self, errand: Iterator[None]) -> None:
        """Do what takes long a little at a time."""
        self._errands.coiterate(errand).addErrback(_report_unfinished)

    def _observed(self, change: Change) -> None:
        """A state has changed, or a person decided something about a destination."""
        self._hub.tell(change, history.note(change, time.time()))
        if change.event:
            log.info("{change}", change=printable(str(change)))
        if change.event in (DRAIN, MAINTENANCE):
            self._draining.begin()
        if self._keeper is not None:
            self._keeper.changed(by_person=change.cause == COMMAND)

    def _address_of_member(self, host: bytes) -> str | None:
        return literal(host) or self.router.membership.addresses.get(host.lower())

    def _expire_load(self) -> None:
        self._run(_until_done(self.dispatcher.expire_load))

    def _address_of(self, name: str) -> str | None:
        """What is known of a name without waiting; one that is new is asked for, for the next time."""
        address = self._resolver.lookup(name)
        if address is None:
            self._resolver.resolve(name).addErrback(lambda failure: failure.trap(TransportError) and None)
        return address

    def reload(self) -> Deferred[Roster]:
        """Read the list again; a bad one leaves the old in force, and open calls are never touched.

        All that takes long is done in a thread or a little at a time, so that the reactor goes on however long the list
        is. Reloads that are asked for meanwhile are one more, after this one.

        Returns:
            Fires with what was read when that is in force, or with what has `errors` and is not.
        """
        answer: Deferred[Roster] = Deferred()
        self._waiting.append(answer)
        if not self._is_reloading:
            self._reload()
        return answer

    def _reload(self) -> None:
        answers, self._waiting = self._waiting, []
        self._is_reloading = True

        def tell(roster: Roster) -> None:
            self._is_reloading = False
            if self._waiting:
                self._reload()
            for answer in answers:
                answer.callback(roster)

        maybeDeferred(self._read).addErrback(self._unreadable).addCallback(tell)

    def _read(self) -> Deferred[Roster]:
        self._retry.cancel()
        self._pause.begin()
        loading: Deferred[Any] = self._source.load(self._reactor, self._prepare)
        return loading.addCallback(self._take).addBoth(self._end_pause, kept=True)

    def _end_pause(self, result: Result, *, kept: bool) -> Result:
        self._pause.end(kept=kept)
        return result

    def _unreadable(self, failure: Failure) -> Roster:
        log.failure("the list could not be read", failure)
        return self._refused("could not be read; the log says why")

    def _refused(self, reason: str) -> Roster:
        return Roster({}, errors=(ConfigError(self._source.name, 0, reason),))

    def _prepare(self, roster: Roster) -> tuple[Roster, Succession | None, Membership | None]:
        if roster.errors:
            return roster, None, None
        succession = self.dispatcher.prepare(roster, keep_state=self._config.lists.reload_keeps_state)
        membership = Membership(succession.groups, self.router.membership.addresses)
        return lists.kept(roster, self._cache), succession, membership

    def _take(self, read: tuple[Roster, Succession | None, Membership | None]) -> Roster:
        roster, succession, membership = read
        if not self.running:
            return self._refused("read too late: the service has stopped")
        if succession is None or membership is None:
            self._run(_complaints(roster, "the list before stays in force" + self._again(roster)))
            return roster
        self._retry.succeeded()
        before, holders = list(self.dispatcher.destinations()), [succession, self.router.membership]
        self.dispatcher.succeed(succession)
        self.router.membership = membership
        self._run(_let_go(before, holders))
        log.info(
            "{destinations} destinations in {sets} sets from {source}",
            destinations=sum(map(len, roster.sets.values())),
            sets=len(roster.sets),
            source=self._source.name,
        )
        self._run(self._after_reading(roster.warnings))
        return roster

    def preview(self, text: bytes | None = None) -> Deferred[tuple[Roster, list[ListChange]]]:
        """What `reload` would change now; it reads and compares in a thread, and changes nothing.

        Args:
            text: of a list file, taken in place of what the source has.

        Returns:
            Fires with what was read, without its destinations, and the changes.
        """
        self._pause.begin()
        reading: Deferred[tuple[Roster, list[ListChange]]]
        if text is None:
            reading = self._source.load(self._reactor, self._compare)
        else:
            reading = deferToThreadPool(
                self._reactor,
                self._reactor.getThreadPool(),
                lambda: self._compare(lists.parse(self._config, text)),
            )
        return reading.addErrback(self._incomparable).addBoth(self._end_pause, kept=False)

    def _incomparable(self, failure: Failure) -> tuple[Roster, list[ListChange]]:
        return self._unreadable(failure), []

    def _compare(self, roster: Roster) -> tuple[Roster, list[ListChange]]:
        if roster.errors:
            return roster, []
        keep_state = self._config.lists.reload_keeps_state
        changes = differences(self.dispatcher.groups, roster.sets, keep_state=keep_state)
        unused = [member for members in roster.sets.values() for member in gently(members)]
        roster = replace(roster, sets={})
        for _ in gently(_let_go(unused)):
            pass
        return roster, changes

    def _again(self, roster: Roster) -> str:
        """Ask again later where that may help; says when."""
        seconds = self._retry.failed() if roster.away else 0
        return f"; next try in {seconds:g} seconds" if seconds else ""

    def _after_reading(self, warnings: Iterable[ConfigError]) -> Iterator[None]:
        """Tell what is odd, and have the addresses of all destinations ready before a call asks for them."""
        for problem in warnings:
            log.warn("{problem}", problem=problem)
            yield
        membership = self.router.membership
        for host in {one.host for one in self.dispatcher.destinations()}:
            found = self._resolver.resolve(host.decode("latin-1"))
            found.addCallbacks(partial(membership.resolved, host), _report_unresolved)
            yield


def _slice() -> Callable[[], bool]:
    """Tells when an errand has had its time."""
    end = time.monotonic() + _SLICE
    return lambda: time.monotonic() > end


def _let_go(destinations: list[Destination], holders: list[object] | None = None) -> Iterator[None]:
    """Free what nobody needs any more a little at a time: ten thousand at once take as long as a hundred calls.

    Args:
        destinations: of a list that is not in force any more.
        holders: what would keep them, and goes first.
    """
    while holders:
        del holders[-1]
        yield
    while destinations:
        del destinations[-100:]
        yield


def _until_done(do: Callable[[], bool]) -> Iterator[None]:
    while do():
        yield


def _warn(problem: str) -> None:
    log.warn("{problem}", problem=problem)


def _complaints(roster: Roster, consequence: str) -> Iterator[None]:
    for problem in roster.warnings:
        log.warn("{problem}", problem=problem)
        yield
    for problem in roster.errors:
        log.error("{problem}", problem=problem)
        yield
    log.error("{consequence}", consequence=consequence)


def _report_unresolved(failure: Any) -> None:
    failure.trap(TransportError)
    log.warn("{problem}", problem=failure.getErrorMessage())


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


def _bind(config: Config, engine: Engine) -> list[ISipTransport]:
    """Take every socket; what was taken is given back when one can't be had."""
    transports: list[ISipTransport] = []
    sip = config.sip
    for index, one in enumerate(sip.listen):
        transport = TRANSPORTS[one.proto](one.host, one.port, engine, sip.limits, sip.sent_by(one))
        try:
            transport.bind()
        except TransportError as error:
            for taken in transports:
                taken.stop()
            raise ConfigErrors([config.problem(str(error), "sip", "listen", index)]) from None
        transports.append(transport)
    return transports


def _alias(name: str) -> bytes:
    return name.encode()
