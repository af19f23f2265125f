"""Listens to what becomes of requests, and counts it for each destination (``[health] statistics``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dispatch.balance.counts import Counts
from dispatch.balance.destination import Destination
from dispatch.sip.message import Message

_SILENT: Final = 408

Outcome = Callable[[int, Message | None], None]


class Statistics:
    """Listens to what becomes of requests, and counts.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def follow(self, destination: Destination, algorithm: str, then: Outcome | None) -> Sent:
        """A request goes to a destination now.

        Args:
            destination: from a selection.
            algorithm: name of what picked it.
            then: told of its end too; None for nobody.
        """
        return Sent(self._clock, destination, algorithm, then)


class Sent:
    """A request on its way; called with what comes back, see `dispatch.proxy.context.Outcome`.

    Attributes:
        algorithm: as given.
        destination: where it went.
    """

    __slots__ = ("_at", "_clock", "_has_answered", "_then", "algorithm", "destination")

    def __init__(
        self, clock: Callable[[], float], destination: Destination, algorithm: str, then: Outcome | None
    ) -> None:
        self._clock = clock
        self._then = then
        self._at = clock()
        self._has_answered = False
        self.algorithm = algorithm
        self.destination = destination

    def __call__(self, status: int, response: Message | None) -> None:
        condition = self.destination.condition
        counts = condition.counts
        if counts is None:
            counts = condition.counts = Counts()
        if response is not None and not self._has_answered:
            self._has_answered = True
            counts.answered_after(self._clock() - self._at)
        if status < 200:
            return
        if response is not None:
            counts.answers[min(status // 100, 6) - 2] += 1
        elif status == _SILENT:
            counts.timeouts += 1
        else:
            counts.unreachable += 1
        if self._then is not None:
            self._then(status, response)
