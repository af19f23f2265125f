"""Tells every sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from twisted.logger import Logger

from dispatch.balance.change import Change
from dispatch.balance.history import Entry
from dispatch.events import event
from dispatch.events.interfaces import IEventSink

log: Final = Logger()


class Hub:
    """Hands each change on as an event; one sink that fails harms neither the others nor the service.

    Args:
        sinks: who is told.
        method: of probes.
    """

    def __init__(self, sinks: Sequence[IEventSink], method: str) -> None:
        self._sinks = tuple(sinks)
        self._method = method

    def tell(self, change: Change, entry: Entry) -> None:
        """Something happened to a destination."""
        if not self._sinks:
            return
        made = event.make(change, entry, self._method)
        for sink in self._sinks:
            try:
                sink.tell(made)
            except Exception:
                log.failure("{sink} failed at {event}", sink=sink.name, event=str(made))

    def stop(self) -> None:
        """Tell nobody any more."""
        for sink in self._sinks:
            sink.stop()
