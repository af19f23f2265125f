"""A listing in pages: one that is all there, and one that goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from dispatch.control.boxes import LONGEST, pack, record
from dispatch.control.command import Live

_RECORDS: Final = 100  # of one page: about a millisecond's work
_GATHER: Final = 0.05  # seconds from the first record to the page: more may follow, and calls come first
BEAT: Final = 1.0
"""Seconds after which a page is answered at the latest, an empty one too: so is noticed that nobody reads it."""
PATIENCE: Final = 30.0
"""Seconds after which a listing that goes on ends when no page is asked for."""


class Pages:
    """An answer that is read page by page."""

    def __init__(self, records: Iterator[Any]) -> None:
        self._records = records
        self._next: bytes | None = None
        self._advance()

    @property
    def is_over(self) -> bool:
        """Whether the page before was the last."""
        return self._next is None

    def _advance(self) -> None:
        one = next(self._records, None)
        self._next = None if one is None else pack(record(one))

    def page(self) -> Deferred[bytes]:
        """Deferred of the records that fit in one value, so many at most."""
        return succeed(self._take())

    def _take(self) -> bytes:
        parts: list[bytes] = []
        room = LONGEST
        while self._next is not None and len(self._next) <= room and len(parts) < _RECORDS:
            parts.append(self._next)
            room -= len(self._next)
            self._advance()
        return b"".join(parts)

    def close(self) -> None:
        """Nobody reads on."""
        self._next = None


class LivePages:
    """An answer that goes on: a page comes when there is something to tell.

    Args:
        clock: the reactor.
        live: what is told.
        closed: called when it is over, or nobody reads on.
    """

    def __init__(self, clock: IReactorTime, live: Live, closed: Callable[[LivePages], None]) -> None:
        self._clock = clock
        self._live = live
        self._closed = closed
        self._next: bytes | None = None
        self._waiting: Deferred[bytes] | None = None
        self._due: IDelayedCall | None = None
        self._has_news = False
        self.is_over = False
        live.notify(self._told)

    def page(self) -> Deferred[bytes]:
        """Deferred of what there is to tell, within `BEAT` seconds."""
        self._stop_waiting()
        self._waiting = Deferred()
        self._has_news = self._live.has_records or self._next is not None or self._live.is_over
        self._due = self._clock.callLater(0 if self._has_news else BEAT, self._answer)
        return self._waiting

    def _told(self) -> None:
        if self._waiting is not None and not self._has_news and self._due is not None:
            self._has_news = True
            self._due.reset(_GATHER)

    def _answer(self) -> None:
        self._due = None
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            self.close()
            return
        page = self._take()
        if self._live.is_over and not self._live.has_records and self._next is None:
            self.close()
        else:
            self._due = self._clock.callLater(PATIENCE, self._answer)
        waiting.callback(page)

    def _take(self) -> bytes:
        parts: list[bytes] = []
        room = LONGEST
        while len(parts) < _RECORDS:
            if self._next is None:
                one = self._live.take()
                if one is None:
                    break
                self._next = pack(record(one))
            if len(self._next) > room:
                break
            parts.append(self._next)
            room -= len(self._next)
            self._next = None
        return b"".join(parts)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def close(self) -> None:
        """Nobody reads on; nothing happens a second time."""
        if not self.is_over:
            self.is_over = True
            self._stop_waiting()
            self._live.close()
            self._closed(self)
