"""Names to targets, ahead of the packet path: it asks `Resolver.find` and never waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.errors import TransportError
from dispatch.transport.names.records import Answer, Question
from dispatch.transport.names.steps import Ability, Asking, Found, steps
from dispatch.transport.names.target import NAME, Place, Want, literal, place_of

log: Final = Logger()

_TICK: Final = 0.25  # seconds between two looks at what is due
_MOST_STRANGERS: Final = 10_000  # names remembered that are in no list
_MOST_WAITING: Final = 1_000  # of those: questions not answered yet
_AT_ONCE: Final = 64  # names asked for at the same time
_AHEAD: Final = 48  # of these: names that nobody waits for
_GRACE: Final = 30.0  # seconds that an old answer serves while a new one is asked for

Ask = Callable[[Question], Deferred[Answer]]
"""What a question comes to; it never fails."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long answers hold, in seconds.

    Attributes:
        least: whatever its TTL, an answer is not asked for again before.
        most: and not kept longer.
        negative: until a name is asked for again that had no answer.
    """

    least: float = 5.0
    most: float = 3600.0
    negative: float = 10.0


@dataclass(slots=True)
class Entry:
    """What is known of a host.

    Attributes:
        places: what it stands for; none where there is nothing.
        until: when to ask again.
        confirmed: when this was last heard from DNS.
        is_old: DNS has failed since.
        is_partial: not all that was asked was answered, as by servers that know no NAPTR.
    """

    places: tuple[Place, ...]
    until: float
    confirmed: float
    is_old: bool = False
    is_partial: bool = False


class Resolver(Service):
    """Remembers answers, asks once for each name at a time, and keeps the last good answer while DNS fails.

    Names of a list are asked for ahead and kept fresh (`follow`); others when somebody wants them.

    Args:
        clock: the reactor.
        ask: who is asked.
        lifetime: how long answers hold.
        random: where the jitter comes from.

    Attributes:
        ability: what we can send by; set before the first question.
        changed: told of a host that is followed when what is known of it is new, and what that was before.
    """

    def __init__(
        self,
        clock: IReactorTime,
        ask: Ask,
        lifetime: Lifetime = Lifetime(),
        random: Random | None = None,
    ) -> None:
        self.ability = Ability()
        self.changed: Callable[[Want, Entry, Entry | None], None] = lambda want, entry, before: None
        self._clock = clock
        self._ask = ask
        self._lifetime = lifetime
        self._random = random or Random()
        self._entries: dict[Want, Entry] = {}
        self._strangers: dict[Want, None] = {}  # the one answered longest ago comes first
        self._followed: frozenset[Want] = frozenset()
        self._due: list[tuple[float, Want]] = []
        self._waiting: dict[Want, list[Deferred[tuple[Place, ...]]]] = {}  # asked for, or in a queue to be
        self._urgent: deque[Want] = deque()
        self._ahead: deque[Want] = deque()
        self._running: set[Want] = set()
        self._is_beginning = False
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    def startService(self) -> None:
        """Keep fresh what is followed from now on."""
        super().startService()
        self._loop.start(_TICK, now=False)

    def stopService(self) -> None:
        """Ask nothing more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        self._urgent.clear()
        self._ahead.clear()

    # -- what is known

    def find(self, want: Want) -> Sequence[Place] | None:
        """What a host stands for, as far as it is known; None where it must be asked for: `seek` it."""
        entry = self._entries.get(want)
        if entry is None:
            address = literal(want.host)
            return None if address is None else (place_of(want, (address,)),)
        now = self._clock.seconds()
        if entry.until <= now:
            if entry.until + _GRACE <= now and want not in self._followed:
                return None
            self._queue(want)
        return entry.places or None

    def seek(self, want: Want) -> Deferred[tuple[Place, ...]]:
        """What a host stands for; at once where it is known.

        Fails with:
            TransportError: nothing.
        """
        known = self.find(want)
        if known is not None:
            return succeed(tuple(known))
        entry = self._entries.get(want)
        is_fresh = entry is not None and entry.until > self._clock.seconds()
        if is_fresh or not NAME.fullmatch(want.host):
            return fail(_nothing(want))
        waiting = self._waiting.get(want)
        if waiting is None:
            if want not in self._followed and len(self._waiting) - len(self._ahead) >= _MOST_WAITING:
                return fail(TransportError(f"too many names to look up, {want.host[:80]!r} is left out"))
            waiting = self._waiting[want] = []
        found: Deferred[tuple[Place, ...]] = Deferred()
        if not waiting:
            self._urgent.append(want)
        waiting.append(found)
        self._run()
        return found

    def lookup(self, host: str) -> str | None:
        """An address of a host, as far as it is known; None: `resolve` it first."""
        places = self.find(_address_of(host))
        return places[0].addresses[0] if places else None

    def resolve(self, host: str) -> Deferred[str]:
        """An address of a host; at once where it is known.

        Fails with:
            TransportError: there is none.
        """
        return self.seek(_address_of(host)).addCallback(lambda places: places[0].addresses[0])

    def entry(self, want: Want) -> Entry | None:
        """All that is known of a host."""
        return self._entries.get(want)

    def seconds(self) -> float:
        """The clock of the entries."""
        return self._clock.seconds()

    # -- what is kept fresh

    def follow(self, wants: Sequence[Want]) -> Iterator[None]:
        """Ask for these ahead and keep them fresh, in place of those before; however many, none is left out.

        Returns:
            What is to be gone through for that, a name at a step.
        """
        before, self._followed = self._followed, frozenset(wants)
        for want in before - self._followed:
            if want in self._entries:
                self._strangers[want] = None
        for want in wants:
            if want not in before and want in self._followed and NAME.fullmatch(want.host):
                self._strangers.pop(want, None)
                entry = self._entries.get(want)
                if entry is None:
                    self._queue(want)
                else:
                    heappush(self._due, (entry.until, want))
            yield

    def _look(self) -> None:
        """See what is due; never raises, so that there is a next look."""
        now = self._clock.seconds()
        while self._due and self._due[0][0] <= now:
            _, want = heappop(self._due)
            entry = self._entries.get(want)
            if want in self._followed and entry is not None and entry.until <= now:
                self._queue(want)

    def _queue(self, want: Want) -> None:
        """Ask for it when there is room."""
        if want not in self._waiting:
            self._waiting[want] = []
            self._ahead.append(want)
            self._run()

    # -- asking

    def _run(self) -> None:
        if self._is_beginning:
            return  # an answer came at once
        self._is_beginning = True
        while self._urgent and len(self._running) < _AT_ONCE:
            self._begin(self._urgent.popleft())
        while self._ahead and len(self._running) < _AHEAD:
            self._begin(self._ahead.popleft())
        self._is_beginning = False

    def _begin(self, want: Want) -> None:
        if want in self._running or want not in self._waiting:
            return  # it stood in both queues
        self._running.add(want)
        self._step(want, steps(want, self.ability), None)

    def _step(self, want: Want, asking: Asking, answer: Answer | None) -> None:
        try:
            question = next(asking) if answer is None else asking.send(answer)
        except StopIteration as end:
            self._running.discard(want)
            self._settle(want, end.value)
            return
        asked = self._ask(question)
        asked.addCallback(lambda answer: self._step(want, asking, answer))
        asked.addErrback(self._broken, want)

    def _broken(self, failure: Failure, want: Want) -> None:
        log.failure("looking up {host} failed", failure, host=want.host)
        self._running.discard(want)
        self._settle(want, Found((), 0.0, is_certain=False))

    def _settle(self, want: Want, found: Found) -> None:
        before, now = self._entries.get(want), self._clock.seconds()
        entry = self._remembered(before, found, now)
        self._entries[want] = entry
        if want in self._followed:
            heappush(self._due, (entry.until, want))
            if before is None or before.places != entry.places or before.is_old is not entry.is_old:
                self.changed(want, entry, before)
        else:
            self._strangers.pop(want, None)
            self._strangers[want] = None
            while len(self._strangers) > _MOST_STRANGERS:
                oldest = next(iter(self._strangers))
                del self._strangers[oldest], self._entries[oldest]
        for waiting in self._waiting.pop(want, ()):
            if entry.places:
                waiting.callback(entry.places)
            else:
                waiting.errback(_nothing(want))
        self._run()

    def _remembered(self, before: Entry | None, found: Found, now: float) -> Entry:
        lifetime = self._lifetime
        retry = now + lifetime.negative * self._random.uniform(0.9, 1.1)
        if not found.is_certain:
            if before is not None and before.places and not (before.is_partial and found.places):
                return Entry(before.places, retry, before.confirmed, is_old=True, is_partial=before.is_partial)
            return Entry(found.places, retry, now, is_old=not found.places, is_partial=True)
        if not found.places:
            return Entry((), retry, now)
        ttl = min(max(found.ttl, lifetime.least), lifetime.most)
        return Entry(found.places, now + ttl * self._random.uniform(0.9, 1.0), now)


def _address_of(host: str) -> Want:
    return Want(host.lower(), 5060)


def _nothing(want: Want) -> TransportError:
    return TransportError(f"no address for {want.host[:80]!r}")
