"""``[trace]``: which calls are exported to a collector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from dispatch.control.tracing import homer
from dispatch.control.tracing.filter import Filter
from dispatch.service.reading import Place, Reader, expected, integer, optional, text


@dataclass(frozen=True, slots=True)
class TraceConfig:
    """``[trace]``: which calls are exported to a collector.

    Attributes:
        hep: its address and port; None for none.
        node: who we are there.
        share: one of so many calls is exported.
        filter: only these.
    """

    hep: tuple[str, int] | None = None
    node: int = 1
    share: int = 1
    filter: Filter = field(default_factory=Filter)


def _collector(value: object, place: Place) -> object:
    return text(homer.parse, f"udp:192.0.2.40:{homer.PORT}", value, place)


def _string(value: object, place: Place) -> object:
    return value if isinstance(value, str) else expected("a string", value, place)


TRACE_READERS: Final[Mapping[str, Reader]] = {
    "hep": optional(_collector),
    "node": integer(0, 2**32 - 1),
    "share": integer(1),
}
FILTER_READERS: Final[Mapping[str, Reader]] = {one.name: _string for one in fields(Filter)}
