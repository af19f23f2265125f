"""Events, and sinks that misbehave, for the tests of the room."""

from __future__ import annotations

from zope.interface import implementer

from dispatch.events.event import DOWN, Event
from dispatch.events.interfaces import IEventSink


def event(name: str = DOWN, uri: str = "sip:a") -> Event:
    """One that something may be told of."""
    return Event(name, 1, uri, "AP", "IP", "", "probe", "probe timed out", 1_799_999_940.0, 1_800_000_000.0, "OPTIONS")


@implementer(IEventSink)
class Recorder:
    """Keeps what it is told, or raises."""

    name = "recorder"

    def __init__(self, error: Exception | None = None) -> None:
        self.told: list[Event] = []
        self.is_stopped = False
        self._error = error

    def tell(self, event: Event) -> None:
        self.told.append(event)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        self.is_stopped = True
