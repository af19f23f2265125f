"""Tells every sink."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from twisted.logger import Logger

from dispatch.balance.change import Change
from dispatch.balance.history import Entry
from dispatch.events import event
from dispatch.events.interfaces import IEventSink

log: Final = Logger()


class Hub:
    """Hands changes on as events, a little at a time: one command or list can change ten thousand states at once.

    One sink that fails harms neither the others nor the service.

    Args:
        sinks: who is told.
        method: of probes.
        run: does what takes long a little at a time.
    """

    def __init__(self, sinks: Sequence[IEventSink], method: str, run: Callable[[Iterator[None]], None]) -> None:
        self._sinks = tuple(sinks)
        self._method = method
        self._run = run
        self._waiting: deque[tuple[Change, Entry, str]] = deque()

    def tell(self, change: Change, entry: Entry) -> None:
        """Something happened to a destination."""
        if not self._sinks:
            return
        admin = change.destination.condition.admin
        self._waiting.append((change, entry, admin.word if admin is not None else ""))
        if len(self._waiting) == 1:
            self._run(self._hand_on())

    def _hand_on(self) -> Iterator[None]:
        while self._waiting:
            made = event.make(*self._waiting[0], self._method)
            for sink in self._sinks:
                try:
                    sink.tell(made)
                except Exception:
                    log.failure("{sink} failed at {event}", sink=sink.name, event=str(made))
            self._waiting.popleft()
            yield

    def stop(self) -> None:
        """Hand on what waits, then tell nobody any more; the errands have ended."""
        for _ in self._hand_on():
            pass
        for sink in self._sinks:
            try:
                sink.stop()
            except Exception:
                log.failure("{sink} failed at its end", sink=sink.name)
