"""The list in force: read anew, compared with what a source has, and its names resolved ahead of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.balance.destination import Destination, Row
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.expansion import expanded, known
from dispatch.balance.membership import Membership
from dispatch.balance.pace import gently, rest
from dispatch.balance.reconcile import Change, Succession, differences
from dispatch.balance.roster import Roster
from dispatch.errors import ConfigError
from dispatch.script.route import Router
from dispatch.service import collector, lists
from dispatch.service.config import Config
from dispatch.service.listen import local_sockets
from dispatch.service.lists import Start
from dispatch.service.naming import Naming
from dispatch.service.retry import Retry
from dispatch.source.cache import Cache
from dispatch.source.interfaces import IDestinationSource
from dispatch.store.document import Document
from dispatch.store.restore import machines

log: Final = Logger()

_GATHER: Final = 0.25  # seconds in which answers of DNS are gathered
_REST: Final = 4  # times as long as it takes to put them in force nothing is done about the next

Read = tuple[Roster, Succession | None, Membership | None]
"""A list that can come into force, or has errors."""


class _Job(NamedTuple):
    """A list that is to come into force, and who waits for it."""

    load: Callable[[], Deferred[Roster]]
    answers: list[Deferred[Roster]]
    is_reload: bool


class Reloading(MultiService):
    """Puts lists in force.

    Args:
        config: what was read.
        reactor: Twisted's.
        source: where the list comes from.
        cache: its copy for bad days.
        start: what is in force by now.
        dispatcher: the sets.
        router: knows who is a destination.
        naming: keeps the names of destinations fresh.
        run: does an errand a little at a time.
    """

    def __init__(
        self,
        config: Config,
        reactor: Any,
        source: IDestinationSource,
        cache: Cache | None,
        start: Start,
        dispatcher: Dispatcher,
        router: Router,
        naming: Naming,
        run: Callable[[Iterator[None]], None],
    ) -> None:
        super().__init__()
        self._config = config
        self._reactor = reactor
        self._source = source
        self._cache = cache
        self._start = start
        self._dispatcher = dispatcher
        self._router = router
        self._naming = naming
        self._run = run
        self._is_busy = False
        self._sockets = local_sockets(config.sip.listen)
        self._listed = start.roster  # without machines in place of names
        self._took = 0.0  # seconds, the last time that names were put in force
        self._is_renamed = False  # names stand for something else than the list in force has
        if self._names_machines:
            naming.changed = self._renamed
        self._waiting: list[_Job] = []
        self._retry = Retry(reactor, config.lists.retry, self.reload)
        self._retry.setServiceParent(self)

    @property
    def _names_machines(self) -> bool:
        """Whether all machines of a name are put in its place."""
        return self._config.lists.resolve == "all"

    def startService(self) -> None:
        """Tell what is odd about the list that the service begins with, and resolve its names."""
        super().startService()
        roster, failed = self._start
        if failed is not None:
            self._run(_complaints(failed, "the service runs on its last good copy" + self._again(failed)))
        self._run(self._after_reading((*self._config.warnings, *roster.warnings)))

    def reload(self) -> Deferred[Roster]:
        """Read the list again; a bad one leaves the old in force, and open calls are never touched.

        All that takes long is done in a thread or a little at a time, so that the reactor goes on however long the list
        is. Reloads that are asked for meanwhile are one more, after this one.

        Returns:
            Fires with what was read when that is in force, or with what has `errors` and is not.
        """
        if not self._waiting or not self._waiting[-1].is_reload:
            self._waiting.append(_Job(self._read, [], is_reload=True))
        return self._queued()

    def amend(self, change: Callable[[list[Row]], list[Row]]) -> Deferred[Roster]:
        """Change the list in force, in memory only: the next reload ends it. States stay, whatever reloads do to them.

        Args:
            change: makes the rows of the new list of those in force; called in a thread.

        Returns:
            As `reload`; warnings may be those of rows that were there before.
        """
        self._waiting.append(_Job(partial(self._amend, change), [], is_reload=False))
        return self._queued()

    def _queued(self) -> Deferred[Roster]:
        answer: Deferred[Roster] = Deferred()
        self._waiting[-1].answers.append(answer)
        if not self._is_busy:
            self._work()
        return answer

    def _work(self) -> None:
        job = self._waiting.pop(0)
        self._is_busy = True

        def tell(roster: Roster) -> None:
            self._go_on()
            for answer in job.answers:
                answer.callback(roster)

        maybeDeferred(job.load).addErrback(self._unreadable).addCallback(tell)

    def _amend(self, change: Callable[[list[Row]], list[Row]]) -> Deferred[Roster]:
        pool = self._reactor.getThreadPool()
        making: Deferred[Any] = deferToThreadPool(self._reactor, pool, lambda: self._amended(change))
        return making.addCallback(self._take_amended)

    def _amended(self, change: Callable[[list[Row]], list[Row]]) -> Read:
        groups = self._dispatcher.groups
        sets = self._listed.sets if self._names_machines else {one: group.members for one, group in groups.items()}
        rows = change([member.row for members in sets.values() for member in gently(members)])
        return self._ready(lists.built(self._config, rows), keep_state=True)

    def _take_amended(self, made: Read) -> Roster:
        roster, succession, membership = made
        if not self.running:
            return self._refused("amended too late: the service has stopped")
        if succession is not None and membership is not None:
            self._put_in_force(roster, succession, membership)
            self._run(self._after_reading(()))
        return roster

    def remember(self, kept: Document) -> None:
        """Put the machines of a state file in place of names, at start, until DNS has answered."""
        if self._names_machines:
            roster = expanded(self._listed, self._naming.machines_of, machines(kept), self._sockets)
            self._dispatcher.replace(roster)
            self._router.membership = Membership(self._dispatcher.groups)

    def _go_on(self) -> None:
        self._is_busy = False
        if self._waiting:
            self._work()
        elif self._is_renamed and self.running:
            self._rename()

    def _renamed(self) -> None:
        if not self._is_renamed:
            self._is_renamed = True
            self._reactor.callLater(max(_GATHER, _REST * self._took), self._rename_when_idle)

    def _rename_when_idle(self) -> None:
        if self._is_renamed and not self._is_busy and self.running:
            self._rename()

    def _rename(self) -> None:
        """Put the list in force as it was read, with what its names stand for now."""
        self._is_busy, self._is_renamed = True, False
        began = self._reactor.seconds()
        pool = self._reactor.getThreadPool()
        making: Deferred[Any] = deferToThreadPool(
            self._reactor, pool, lambda: self._prepared(self._listed, keep_state=True)
        )
        making.addCallback(lambda made: self._take_machines(*made))
        making.addErrback(lambda failure: log.failure("what names stand for could not be put in force", failure))
        making.addCallback(lambda _: self._renamed_since(began))

    def _take_machines(self, succession: Succession, membership: Membership) -> None:
        if self.running:
            self._succeed(succession, membership)
            count = sum(len(group.members) for group in succession.groups.values())
            log.info("{destinations} destinations, as DNS has them now", destinations=count)

    def _renamed_since(self, began: float) -> None:
        self._took = self._reactor.seconds() - began
        self._go_on()

    def _prepared(self, roster: Roster, *, keep_state: bool) -> tuple[Succession, Membership]:
        succession = self._dispatcher.prepare(self._expanded(roster), keep_state=keep_state)
        membership = Membership(succession.groups, self._router.membership.addresses)
        rest()
        return succession, membership

    def _expanded(self, roster: Roster) -> Roster:
        """Machines in place of names, where that is wanted."""
        if not self._names_machines:
            return roster
        before = known(self._dispatcher.groups.values())
        return expanded(roster, self._naming.machines_of, before, self._sockets)

    def _read(self) -> Deferred[Roster]:
        self._retry.cancel()
        loading: Deferred[Any] = self._source.load(self._reactor, self._prepare)
        return loading.addCallback(self._take)

    def _unreadable(self, failure: Failure) -> Roster:
        log.failure("the list could not be read", failure)
        return self._refused("could not be read; the log says why")

    def _refused(self, reason: str) -> Roster:
        return Roster({}, errors=(ConfigError(self._source.name, 0, reason),))

    def _prepare(self, roster: Roster) -> Read:
        read, succession, membership = self._ready(roster, keep_state=self._config.lists.reload_keeps_state)
        return read if read.errors else lists.kept(read, self._cache), succession, membership

    def _ready(self, roster: Roster, *, keep_state: bool) -> Read:
        if roster.errors:
            rest()
            return roster, None, None
        return roster, *self._prepared(roster, keep_state=keep_state)

    def _take(self, read: Read) -> Roster:
        roster, succession, membership = read
        if not self.running:
            return self._refused("read too late: the service has stopped")
        if succession is None or membership is None:
            self._run(_complaints(roster, "the list before stays in force" + self._again(roster)))
            return roster
        self._retry.succeeded()
        self._put_in_force(roster, succession, membership)
        log.info(
            "{destinations} destinations in {sets} sets from {source}",
            destinations=sum(map(len, roster.sets.values())),
            sets=len(roster.sets),
            source=self._source.name,
        )
        self._run(self._after_reading(roster.warnings))
        return roster

    def _put_in_force(self, roster: Roster, succession: Succession, membership: Membership) -> None:
        if self._names_machines:
            self._run(_let_go([member for members in self._listed.sets.values() for member in members]))
            self._listed = roster
        self._succeed(succession, membership)

    def _succeed(self, succession: Succession, membership: Membership) -> None:
        before, holders = list(self._dispatcher.destinations()), [succession, self._router.membership]
        self._dispatcher.succeed(succession)
        self._router.membership = membership
        collector.keep()
        self._run(_let_go(before, holders))

    def preview(self, text: bytes | None = None) -> Deferred[tuple[Roster, list[Change]]]:
        """What `reload` would change now; it reads and compares in a thread, and changes nothing.

        Args:
            text: of a list file, taken in place of what the source has.

        Returns:
            Fires with what was read, without its destinations, and the changes.
        """
        reading: Deferred[tuple[Roster, list[Change]]]
        if text is None:
            reading = self._source.load(self._reactor, self._compare)
        else:
            reading = deferToThreadPool(
                self._reactor,
                self._reactor.getThreadPool(),
                lambda: self._compare(lists.parse(self._config, text)),
            )
        return reading.addErrback(self._incomparable)

    def _incomparable(self, failure: Failure) -> tuple[Roster, list[Change]]:
        return self._unreadable(failure), []

    def _compare(self, roster: Roster) -> tuple[Roster, list[Change]]:
        if roster.errors:
            rest()
            return roster, []
        keep_state = self._config.lists.reload_keeps_state
        roster = self._expanded(roster)
        changes = differences(self._dispatcher.groups, roster.sets, keep_state=keep_state)
        unused = [member for members in roster.sets.values() for member in gently(members)]
        roster = replace(roster, sets={})
        for _ in gently(_let_go(unused)):
            pass
        rest()
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
        yield from self._naming.follow()


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


def _complaints(roster: Roster, consequence: str) -> Iterator[None]:
    for problem in roster.warnings:
        log.warn("{problem}", problem=problem)
        yield
    for problem in roster.errors:
        log.error("{problem}", problem=problem)
        yield
    log.error("{consequence}", consequence=consequence)
