"""The garbage collector, in rounds so short that hardly a call waits for one.

A round looks at all that was made since the last one and is still there, and holds every thread meanwhile: 50 ms for
the calls of a few seconds. Python counts what is made less what goes, which is nothing as long as as many calls end as
begin, so that it begins a round when much has gathered. We begin one by the clock. What lives as long as the list does
is taken out of all rounds.
"""

from __future__ import annotations

import gc
from typing import Any, Final

from twisted.application.internet import TimerService

_INTERVAL: Final = 0.05  # seconds
_DEEP: Final = 12_000  # rounds until one looks at calls that are under way, too: ten minutes


def settle() -> None:
    """After the start: what is there now stays, and rounds are begun by `rounds`."""
    gc.collect()
    keep()
    gc.disable()


def keep() -> None:
    """A list has come into force: what is there now stays."""
    gc.freeze()


def rounds(clock: Any) -> TimerService:
    """Begins them.

    Args:
        clock: the reactor.
    """
    service = TimerService(_INTERVAL, _Rounds().begin)
    service.clock = clock
    return service


class _Rounds:
    def __init__(self) -> None:
        self._count = 0

    def begin(self) -> None:
        self._count += 1
        gc.collect(1 if self._count % _DEEP == 0 else 0)
