"""``[sip.websocket]``: which pages may connect, and how often their browsers are asked whether they are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.service.reading import Place, Reader, many, seconds, text

# RFC 6454 §6.2: scheme "://" host [":" port], or what a page has that belongs to nobody.
_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(?::[0-9]{1,5})?|null")


@dataclass(frozen=True, slots=True)
class WebSocket:
    """``[sip.websocket]``.

    Attributes:
        origins: pages that may connect, lower case; empty for any.
        ping: seconds from one ping to the next; 0 for none.
    """

    origins: tuple[str, ...] = ()
    ping: float = 30.0


def _origin(value: object, place: Place) -> object:
    return text(_parse_origin, "https://phone.example.com", value, place)


def _parse_origin(written: str) -> str:
    if _ORIGIN.fullmatch(written) is None:
        raise ValueError(f"{written!r} is no origin; write scheme and host, with no path: 'https://phone.example.com'")
    return written.lower()


WEBSOCKET_READERS: Final[Mapping[str, Reader]] = {"origins": many(_origin, of=str), "ping": seconds(0)}
