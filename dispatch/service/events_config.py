"""``[events]``: who is told what happens to destinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dispatch.events import function, webhook
from dispatch.service.reading import Place, Reader, file_name, optional, text


@dataclass(frozen=True, slots=True)
class EventsConfig:
    """``[events]``: who is told what happens to destinations.

    Attributes:
        dst_down: ``module:function``, called when one goes down; empty for nobody.
        dst_up: likewise, when one comes back.
        log: file that gets a line of JSON for each event; None for none.
        webhook: URL that each event is posted to; empty for none.
    """

    dst_down: str = ""
    dst_up: str = ""
    log: Path | None = None
    webhook: str = ""


def _function(value: object, place: Place) -> object:
    return text(lambda path: function.checked(path, place.file.absolute().parent), "alarms:went_down", value, place)


def _webhook(value: object, place: Place) -> object:
    return text(webhook.checked, "https://alarms.example.com/dispatch", value, place)


EVENT_READERS: Final[Mapping[str, Reader]] = {
    "dst_down": optional(_function),
    "dst_up": optional(_function),
    "log": optional(file_name),
    "webhook": optional(_webhook),
}
