"""``[events]``: who is told what happens to destinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dispatch.events import function, webhook
from dispatch.service.reading import Place, Reader, file_name, many, optional, text


@dataclass(frozen=True, slots=True)
class EventsConfig:
    """``[events]``: who is told what happens to destinations.

    Attributes:
        dst_down: ``module:function``, called when one goes down; empty for nobody.
        dst_up: likewise, when one comes back.
        log: file that gets a line of JSON for each event; None for none.
        webhook: URL that each event is posted to; empty for none.
        sinks: ``module:function`` of functions that make an `IEventSink` each.
    """

    dst_down: str = ""
    dst_up: str = ""
    log: Path | None = None
    webhook: str = ""
    sinks: tuple[str, ...] = ()


def _function(example: str) -> Reader:
    def read(value: object, place: Place) -> object:
        return text(lambda path: function.checked(path, place.file.absolute().parent), example, value, place)

    return read


def _webhook(value: object, place: Place) -> object:
    return text(webhook.checked, "https://alarms.example.com/dispatch", value, place)


EVENT_READERS: Final[Mapping[str, Reader]] = {
    "dst_down": optional(_function("alarms:went_down")),
    "dst_up": optional(_function("alarms:went_down")),
    "log": optional(file_name),
    "webhook": optional(_webhook),
    "sinks": many(_function("alarms:make_sink"), of=str),
}
