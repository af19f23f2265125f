"""Events that wait to be delivered, one after the other: few enough to be kept, and tried again when that may help."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.errors import DispatchError
from dispatch.events.event import Event

log: Final = Logger()

MOST: Final = 1000
ATTEMPTS: Final = 10
_FIRST: Final = 1.0  # seconds
_LONGEST: Final = 60.0


class Undelivered(DispatchError):
    """It did not work.

    Attributes:
        may_help: to try it again.
    """

    def __init__(self, problem: str, *, may_help: bool = True) -> None:
        super().__init__(problem)
        self.may_help = may_help


class Outbox:
    """A queue for one receiver.

    Args:
        clock: the reactor.
        name: of the receiver.
        deliver: hands one event over; its Deferred fails with `Undelivered`.
        most: how many wait; the oldest are dropped when there are more.
        attempts: tries for one event.

    Attributes:
        dropped: events that were given up.
    """

    def __init__(
        self,
        clock: IReactorTime,
        name: str,
        deliver: Callable[[Event], Deferred[None]],
        *,
        most: int = MOST,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._clock = clock
        self._name = name
        self._deliver = deliver
        self._most = most
        self._attempts = attempts
        self._waiting: deque[Event] = deque()
        self._current: Event | None = None
        self._tries = 0
        self._trying: Deferred[None] | None = None
        self._pause: IDelayedCall | None = None
        self._is_stopped = False
        self._is_full = False
        self.dropped = 0

    @property
    def size(self) -> int:
        """How many are not delivered yet."""
        return len(self._waiting) + (self._current is not None)

    def put(self, event: Event) -> None:
        """Deliver it when its turn comes."""
        if self._is_stopped:
            return
        self._waiting.append(event)
        if len(self._waiting) > self._most:
            self._drop_oldest()
        if self._current is None:
            self._next()

    def _drop_oldest(self) -> None:
        oldest = self._waiting.popleft()
        self.dropped += 1
        if not self._is_full:  # one line for all that follow
            self._is_full = True
            log.error(
                "{name}: {most} events wait, the oldest are dropped from now on: {event} is the first",
                name=self._name,
                most=self._most,
                event=str(oldest),
            )

    def _next(self) -> None:
        self._current = self._waiting.popleft() if self._waiting else None
        self._tries = 0
        if self._is_full and len(self._waiting) < self._most // 2:
            self._is_full = False
            log.warn("{name}: {count} events were dropped so far", name=self._name, count=self.dropped)
        if self._current is not None:
            self._try(self._current)

    def _try(self, event: Event) -> None:
        self._pause = None
        self._tries += 1
        try:
            self._trying = self._deliver(event)
        except Exception:
            self._trying = None
            self._failed(Failure(), event)
            return
        self._trying.addCallbacks(lambda _: self._done(), self._failed, errbackArgs=(event,))

    def _done(self) -> None:
        # Not at once: many that are delivered without waiting would be calls within calls.
        self._pause = self._clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        if not self._is_stopped:
            self._next()

    def _failed(self, failure: Failure, event: Event) -> None:
        if self._is_stopped:
            return
        problem = failure.value
        text = f"{self._name}: {event}"
        if not isinstance(problem, Undelivered):
            log.failure("{name} failed at {event}", failure, name=self._name, event=str(event))
        elif self._tries < self._attempts and problem.may_help:
            if self._tries == 1:
                log.warn("{text}: {problem}; trying again", text=text, problem=str(problem))
            wait = min(_FIRST * 2 ** (self._tries - 1), _LONGEST)
            self._pause = self._clock.callLater(wait, self._try, event)
            return
        else:
            log.error("{text} is given up: {problem}", text=text, problem=str(problem))
        self.dropped += 1
        self._done()

    def stop(self) -> None:
        """Leave nothing in the reactor, and say how many are lost."""
        self._is_stopped = True
        if self.size:
            log.warn("{name}: {count} events were not delivered", name=self._name, count=self.size)
        if self._pause is not None:
            self._pause.cancel()
        if self._trying is not None:
            self._trying.cancel()
