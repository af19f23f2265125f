"""Hears of every change of a state, and sees to it that ten thousand at once hold nobody up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from twisted.logger import Logger

from dispatch.balance.change import Change

log: Final = Logger()

_AT_ONCE: Final = 50  # changes; a command or a list seldom makes more, and it takes a quarter of a millisecond


class Observing:
    """Tells changes in the order in which they happen: at once, or a little at a time where many come together.

    Args:
        tell: called with each change, and the time of day at which it happened.
        now: the time of day, in seconds since 1970.
        run: does what takes long a little at a time.
    """

    def __init__(
        self, tell: Callable[[Change, float], None], now: Callable[[], float], run: Callable[[Iterator[None]], None]
    ) -> None:
        self._tell = tell
        self._now = now
        self._run = run
        self._waiting: deque[tuple[Iterator[Change], float]] = deque()

    def one(self, change: Change) -> None:
        """Something has changed."""
        self.many(iter((change,)))

    def many(self, changes: Iterator[Change]) -> None:
        """All these have changed now."""
        self._waiting.append((changes, self._now()))
        if len(self._waiting) > 1:
            return  # whoever tells the first of those that wait comes to it
        errand = self._hand_on()
        for _ in islice(errand, _AT_ONCE):
            pass
        if self._waiting:
            self._run(errand)

    def _hand_on(self) -> Iterator[None]:
        while self._waiting:
            changes, time = self._waiting[0]
            for change in changes:
                try:
                    self._tell(change, time)
                except Exception:
                    log.failure("{change} could not be told", change=str(change))
                yield
            self._waiting.popleft()

    def stop(self) -> None:
        """Tell what waits; the errands have ended."""
        for _ in self._hand_on():
            pass
