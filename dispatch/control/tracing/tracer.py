"""Who looks at the packet path for all traces; nobody does while there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.logger import Logger

from dispatch.control.command import TooMany
from dispatch.control.tracing.sighting import Sighting
from dispatch.control.tracing.trace import Trace
from dispatch.script.route import Decision
from dispatch.sip.flow import Flow

log: Final = Logger()

TRACES: Final = 4
_WILDCARDS: Final = ("0.0.0.0", "::")
_MOST_LOCALS: Final = 10_000


class Tracer:
    """Hands every message and decision to each trace.

    Args:
        now: the time of day, in seconds since 1970.
        source_towards: the address that the kernel would send from to another one; for sockets on all addresses.

    Attributes:
        install: puts it into the packet path, or takes it out; called with whether it is wanted there.
    """

    def __init__(self, now: Callable[[], float], source_towards: Callable[[str], str | None]) -> None:
        self._now = now
        self._source_towards = source_towards
        self._traces: tuple[Trace, ...] = ()
        self._locals: dict[str, str] = {}
        self.install: Callable[[bool], None] = lambda is_wanted: None

    def add(self, trace: Trace) -> None:
        """Let a trace see all that happens from now on.

        Raises:
            TooMany: there are enough already.
        """
        if len(self._traces) >= TRACES:
            raise TooMany(f"there are {TRACES} traces already; end one of them first")
        self._traces += (trace,)
        log.info("a trace has begun; there are {count}", count=len(self._traces))
        if len(self._traces) == 1:
            self.install(True)

    def remove(self, trace: Trace) -> None:
        """Let it see no more; nothing happens when it does not."""
        if trace in self._traces:
            self._traces = tuple(one for one in self._traces if one is not trace)
            log.info("a trace has ended; there are {count}", count=len(self._traces))
            if not self._traces:
                self.install(False)

    def received(self, data: bytes, flow: Flow) -> None:
        """A message came. Never raises."""
        self._saw(data, flow, is_in=True)

    def sent(self, data: bytes, flow: Flow) -> None:
        """A message was sent. Never raises."""
        self._saw(data, flow, is_in=False)

    def decided(self, decision: Decision) -> None:
        """A request leaves for a destination. Never raises."""
        now = self._now()
        try:
            for trace in self._traces:
                trace.decided(decision, now)
        except Exception:
            self._break()

    def _saw(self, data: bytes, flow: Flow, *, is_in: bool) -> None:
        try:
            seen, now = Sighting(data, flow, is_in=is_in), self._now()
            if not seen.call_id:
                return
            if seen.local[0] in _WILDCARDS:
                seen.local = (self._local_towards(flow.remote[0], seen.local[0]), seen.local[1])
            for trace in self._traces:
                trace.saw(seen, now)
        except Exception:
            self._break()

    def _local_towards(self, host: str, unknown: str) -> str:
        found = self._locals.get(host)
        if found is None:
            if len(self._locals) >= _MOST_LOCALS:
                self._locals.clear()
            found = self._locals[host] = self._source_towards(host) or unknown
        return found

    def _break(self) -> None:
        """Calls must not suffer from who looks at them."""
        log.failure("tracing failed, and ends")
        for trace in self._traces:
            self.remove(trace)
