"""A trace that a client reads, page by page."""

from __future__ import annotations

from collections.abc import Callable

from dispatch.control.tracing.filter import Filter
from dispatch.control.tracing.record import Traced, record_of
from dispatch.control.tracing.trace import Trace, Waiting
from dispatch.control.tracing.tracer import Tracer


class Following:
    """See `dispatch.control.command.Live`.

    Args:
        tracer: who sees the messages.
        wanted: which calls.
        share: one of so many.
        count: so many calls; 0 for no end.
        seconds: so long; 0 for no end.
        now: the time of day.

    Raises:
        TooMany: there are too many traces already.
    """

    def __init__(
        self, tracer: Tracer, wanted: Filter, *, share: int, count: int, seconds: int, now: Callable[[], float]
    ) -> None:
        self._tracer = tracer
        self._now = now
        self._end = now() + seconds if seconds else None
        self._waiting = Waiting()
        self._trace = Trace(wanted, self._waiting.put, share=share, count=count, over=self._finish)
        self._is_closed = False
        tracer.add(self._trace)

    @property
    def has_records(self) -> bool:
        """Whether there is something to take."""
        return len(self._waiting) > 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come, beside what waits."""
        if self._end is not None and self._now() >= self._end:
            self._finish()
        return self._is_closed

    def take(self) -> Traced | None:
        """The next record; None where none waits."""
        step = self._waiting.take()
        return None if step is None else record_of(step)

    def notify(self, told: Callable[[], None]) -> None:
        """Have somebody called whenever there is something to take; it must not take long."""
        self._waiting.has_news = told

    def close(self) -> None:
        """Nobody reads on."""
        self._finish()

    def _finish(self) -> None:
        self._is_closed = True
        self._tracer.remove(self._trace)
        self._waiting.has_news()
