"""Peers that could not be reached are left alone for a moment, so that what is sent there goes elsewhere at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow

_FIRST: Final = 0.25
"""Seconds after the first failure."""

_LONGEST: Final = 4.0
"""Seconds after many: a peer that comes back should not wait for its calls."""

_REMEMBERED: Final = 60.0
"""Seconds without a further failure after which the next one is the first again."""

_MOST: Final = 20_000  # all are forgotten when there are more: strangers choose addresses inside dialogs


@dataclass(slots=True)
class _Trouble:
    pause: float
    until: float
    reason: str


class Backoff:
    """Who failed, and when he may be tried again: after a pause that doubles with each failure in a row."""

    def __init__(self) -> None:
        self._troubles: dict[Flow, _Trouble] = {}

    def check(self, flow: Flow, now: float) -> None:
        """See that he may be tried.

        Raises:
            TransportError: not yet; why.
        """
        trouble = self._troubles.get(flow)
        if trouble is not None and now < trouble.until:
            raise TransportError(f"{trouble.reason}; not tried again for {trouble.until - now:.2g} seconds")

    def failed(self, flow: Flow, reason: str, now: float) -> bool:
        """He could not be reached, or let us go before he said anything; whether that is new."""
        before = self._troubles.get(flow)
        pause = _FIRST if before is None else min(before.pause * 2, _LONGEST)
        if len(self._troubles) >= _MOST:
            self._troubles.clear()
        self._troubles[flow] = _Trouble(pause, now + pause, reason)
        return before is None

    def forget(self, flow: Flow) -> None:
        """He was there."""
        self._troubles.pop(flow, None)

    def look(self, now: float) -> None:
        """Forget what was long ago; called every few seconds."""
        for flow in [flow for flow, trouble in self._troubles.items() if trouble.until + _REMEMBERED < now]:
            del self._troubles[flow]
