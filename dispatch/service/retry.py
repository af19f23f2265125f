"""Trying again what failed, later each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.application.service import Service
from twisted.internet.interfaces import IDelayedCall, IReactorTime

_LONGEST: Final = 300.0  # seconds


class Retry(Service):
    """Calls `again` some time after each failure: twice as long as the time before, up to five minutes.

    Args:
        clock: the reactor.
        first: seconds after the first failure; 0 for never.
        again: what to try.
    """

    def __init__(self, clock: IReactorTime, first: float, again: Callable[[], object]) -> None:
        self._clock = clock
        self._first = first
        self._next = first
        self._again = again
        self._call: IDelayedCall | None = None

    def failed(self) -> float:
        """Try again later; tells in how many seconds, 0 for never."""
        self.cancel()
        wait = self._next
        if wait:
            self._call = self._clock.callLater(wait, self._try)
            self._next = min(wait * 2, max(_LONGEST, self._first))
        return wait

    def succeeded(self) -> None:
        """The next failure is the first one."""
        self.cancel()
        self._next = self._first

    def cancel(self) -> None:
        """Don't try: somebody else does."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _try(self) -> None:
        self._call = None
        self._again()

    def stopService(self) -> None:
        """Leave nothing in the reactor."""
        super().stopService()
        self.cancel()
