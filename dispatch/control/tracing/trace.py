"""One trace: the calls that it follows, and what of them waits to be read."""

from __future__ import annotations

import zlib
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from dispatch.control.tracing.filter import Filter
from dispatch.control.tracing.sighting import Sighting
from dispatch.control.tracing.step import CALL, DECISION, DROPPED, MESSAGE, Step
from dispatch.script.route import Decision

CALLS: Final = 1000
"""Calls that a trace follows at a time; the oldest is forgotten when there are more."""
STEPS: Final = 2000
BYTES: Final = 4 * 1024 * 1024
"""Of the messages that wait to be read, and how many steps do; what comes beyond is dropped."""
_COPIES: Final = 64  # messages of a call that are remembered, to know them again
_ASK_AGAIN: Final = (401, 407)  # the caller is to say who he is
_HELD: Final = 16  # steps of a call kept until it is known where it goes

Sink = Callable[[Step], None]


@dataclass(slots=True)
class _Call:
    """A call that is followed.

    Attributes:
        number: in the trace; 0 as long as it is not known whether it is wanted.
        method: it began with.
        caller: who began it.
        callees: whom it was sent to.
        seen: digests of its messages.
        held: what happened while that was not known.
        is_refused: its INVITE has failed, and waits for the ACK.
    """

    method: bytes
    caller: tuple[str, int]
    number: int = 0
    callees: set[tuple[str, int]] = field(default_factory=set)
    seen: deque[int] = field(default_factory=lambda: deque(maxlen=_COPIES))
    held: list[Step] = field(default_factory=list)
    is_refused: bool = False


class Trace:
    """Follows the calls that a filter wants, from their first request on.

    Args:
        wanted: which.
        sink: gets every step, at once.
        share: one of so many calls is followed, always the same ones, by Call-ID.
        count: so many calls; 0 for no end.
        over: called once, when the last of so many calls has ended.
    """

    def __init__(
        self,
        wanted: Filter,
        sink: Sink,
        *,
        share: int = 1,
        count: int = 0,
        over: Callable[[], None] | None = None,
    ) -> None:
        self._wanted = wanted
        self._sink = sink
        self._share = share
        self._count = count
        self._over = over
        self._calls: OrderedDict[bytes, _Call] = OrderedDict()
        self._begun = 0
        self._ended = 0

    def saw(self, seen: Sighting, now: float) -> None:
        """A message came or leaves."""
        call = self._calls.get(seen.call_id)
        if call is None:
            if self._is_full or not self._is_in_share(seen.call_id) or not self._wanted.wants(seen):
                return
            call = self._begin(seen, now)
        remote = seen.flow.remote
        if not seen.is_in and seen.begins and seen.method == call.method and remote != call.caller:
            call.callees.add(remote)
        digest = hash((seen.is_in, remote, seen.raw))
        step = Step(
            MESSAGE,
            now,
            call_id=seen.call_id,
            text=seen.text,
            is_in=seen.is_in,
            is_copy=digest in call.seen,
            is_callee=remote in call.callees,
            transport=seen.flow.listener.transport.name,
            local=seen.local,
            remote=remote,
            raw=seen.raw,
        )
        call.seen.append(digest)
        self._tell(call, step)
        if call.number and _is_end(call, seen):
            self._end(seen.call_id)

    def decided(self, decision: Decision, now: float) -> None:
        """A request of a call leaves for a destination."""
        call = self._calls.get(decision.call_id)
        if call is None:
            return
        if not call.number and not self._is_full and self._wanted.is_for(decision.destination):
            self._number(call)
        step = Step(
            DECISION,
            now,
            call_id=decision.call_id,
            text=decision.why,
            group=decision.group,
            destination=decision.destination,
            attempt=decision.attempt,
        )
        self._tell(call, step)

    @property
    def _is_full(self) -> bool:
        return 0 < self._count <= self._begun

    def _is_in_share(self, call_id: bytes) -> bool:
        return self._share == 1 or zlib.crc32(call_id) % self._share == 0

    def _begin(self, seen: Sighting, now: float) -> _Call:
        call = self._calls[seen.call_id] = _Call(seen.method, seen.flow.remote if seen.is_in else seen.local)
        if len(self._calls) > CALLS:
            self._calls.popitem(last=False)
        if not self._wanted.destination:
            self._number(call)
        self._tell(call, Step(CALL, now, call_id=seen.call_id, text=seen.opening))
        return call

    def _number(self, call: _Call) -> None:
        self._begun += 1
        call.number = self._begun
        held, call.held = call.held, []
        for step in held:
            self._tell(call, step)

    def _tell(self, call: _Call, step: Step) -> None:
        if call.number:
            step.call = call.number
            self._sink(step)
        elif len(call.held) < _HELD:
            call.held.append(step)

    def _end(self, call_id: bytes) -> None:
        """The call stays known for copies that are still to come; a trace of so many calls counts it once."""
        call = self._calls[call_id]
        if call.method and self._count:
            call.method = b""
            self._ended += 1
            if self._ended == self._count and self._over is not None:
                self._over()


def _is_end(call: _Call, seen: Sighting) -> bool:
    """Whether this is the last message of a call that goes as it should: a final response passed on, or an ACK."""
    if call.is_refused:
        return seen.is_in and seen.method == b"ACK"
    if seen.is_in or seen.status < 200:
        return False
    if seen.method == b"INVITE":
        call.is_refused = seen.status >= 300 and seen.status not in _ASK_AGAIN and call.method == b"INVITE"
        return False
    return seen.method == b"BYE" or (call.method != b"INVITE" and seen.method == call.method)


class Waiting:
    """Steps that wait to be read: bounded, the latest are dropped when there are more."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._size = 0
        self._dropped = 0
        self._latest = 0.0
        self.has_news: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._steps) + bool(self._dropped)

    def put(self, step: Step) -> None:
        """Keep it; or count it, where there is no room."""
        if len(self._steps) >= STEPS or self._size + len(step.raw) > BYTES:
            self._dropped += 1
            self._latest = step.time
        else:
            if self._dropped:
                self._steps.append(self._gap())
            self._steps.append(step)
            self._size += len(step.raw)
        self.has_news()

    def take(self) -> Step | None:
        """The oldest; None where there is none."""
        if self._steps:
            step = self._steps.popleft()
            self._size -= len(step.raw)
            return step
        return self._gap() if self._dropped else None

    def _gap(self) -> Step:
        dropped, self._dropped = self._dropped, 0
        return Step(DROPPED, self._latest, text=f"{dropped} steps dropped", dropped=dropped)
