"""T1, T2, T4 and the timers A to M of RFC 3261 §17 and RFC 6026, in one place; and the queues they wait in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

_ROUNDS: Final = 64  # timers B, F, H, J, L and M are 64*T1


@dataclass(frozen=True, slots=True)
class Timers:
    """Durations in seconds.

    Attributes:
        t1: estimate of the round trip; first interval of a retransmission.
        t2: longest interval between retransmissions of a non-INVITE request or of a response.
        t4: how long a message stays in the network.
        fr_timer: longest wait for a first response (timer B) or for the final one of a non-INVITE (timer F).
        fr_inv_timer: longest wait for the final response of an INVITE after a provisional one (timer C).
        grace: how long open requests may take after SIGTERM.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    fr_timer: float = 30.0
    fr_inv_timer: float = 120.0
    grace: float = 5.0

    @property
    def long(self) -> float:
        """Timers D, H, J, L and M: how long copies of a message may still come."""
        return _ROUNDS * self.t1

    @property
    def timer_b(self) -> float:
        """Timers B and F."""
        return min(_ROUNDS * self.t1, self.fr_timer)


class Machine(Protocol):
    """What can wait for a timer."""

    def expire(self, event: int, due: float) -> None:
        """The timer that was started as `event` has run until `due`."""


class Queues:
    """Timers that wait: a first-in-first-out queue per interval, since all of one interval come due in order.

    Nothing is ever cancelled. A machine ignores what it no longer waits for; that is one look-up in its table, where
    cancelling costs more than starting.

    Attributes:
        now: monotonic time in seconds, set by whoever has a clock.
    """

    __slots__ = ("_queues", "now")

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._queues: dict[float, deque[tuple[float, Machine, int]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def start(self, interval: float, machine: Machine, event: int) -> float:
        """Call ``machine.expire(event, due)`` in `interval` seconds; gives the due time."""
        due = self.now + interval
        try:
            self._queues[interval].append((due, machine, event))
        except KeyError:
            self._queues[interval] = deque(((due, machine, event),))
        return due

    def advance(self, now: float) -> None:
        """Let the time be `now`: everything due by then expires, interval by interval."""
        self.now = now
        for interval, queue in list(self._queues.items()):
            while queue and queue[0][0] <= now:
                due, machine, event = queue.popleft()
                machine.expire(event, due)
            if not queue:
                del self._queues[interval]
