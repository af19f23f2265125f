"""Putting a long answer together a little at a time, so that the reactor goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

_SLICE: Final = 0.002  # seconds
_PAUSE: Final = 0.002  # seconds: slice upon slice would let through one message each
_LOOK: Final = 50  # pieces from one look at the clock to the next


def gather(clock: IReactorTime, pieces: Iterator[bytes]) -> Deferred[bytes]:
    """All the pieces, one after the other; what making one raises is the Deferred's failure."""
    done: Deferred[bytes] = Deferred()
    parts: list[bytes] = []

    def go_on() -> None:
        end = time.monotonic() + _SLICE
        made: list[bytes] = []  # joined here and now: hundreds of thousands at the end would take long
        try:
            while time.monotonic() < end:
                for _ in range(_LOOK):
                    made.append(next(pieces))
        except StopIteration:
            done.callback(b"".join((*parts, *made)))
            return
        except Exception:
            done.errback()
            return
        parts.append(b"".join(made))
        clock.callLater(_PAUSE, go_on)

    go_on()
    return done
