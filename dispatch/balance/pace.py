"""Long work in a thread, done in turns with the thread that has the calls.

Two threads that compute at a time cost the calls dearly: CPython lets one go on for 5 ms before the other is heard, and
the thread with the calls gives its turn away at each datagram, so that it comes to two hundred of them a second. Here
it lends the other one a slice of its time instead, waits for its end, and looks after the calls before the next one,
long enough for all that came meanwhile: one datagram after each slice would be no more than five hundred a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

SLICE: Final = 0.002  # seconds of other work at a time
PAUSE: Final = 0.003  # seconds that are left to the calls between two slices, at least

_PATIENCE: Final = 0.01  # how long is waited for the end of one
_LEAVE: Final = 0.5  # how long a slice is waited for; nobody lends one any more when the program ends

Item = TypeVar("Item")
Call = Callable[[float, Callable[[], None]], object]

_lender: Call | None = None


class _Loan(threading.local):
    """What this thread was lent last."""

    end = 0.0
    ended: threading.Event | None = None


_loan: Final = _Loan()


def lend_from(call: Call | None) -> None:
    """Name who lends time, or nobody: threads compute as they like then.

    Args:
        call: has a function called in so many seconds by the thread with the calls.
    """
    global _lender  # there is one interpreter, and one thread in it that has the calls
    _lender = call


def gently(items: Iterable[Item]) -> Iterator[Item]:
    """The items; what a thread does with each of them is done in slices that were lent to it.

    So is what it does afterwards until it says `rest`: only what takes longer than a slice must go through this.
    """
    if _lender is None or threading.current_thread() is threading.main_thread():
        return iter(items)
    return _in_slices(items)


def _in_slices(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if time.perf_counter() > _loan.end:
            rest()
            _borrow()
        yield item


def rest() -> None:
    """Give back what is left of a slice: the work is done, or waits for something else."""
    if _loan.ended is not None:
        _loan.ended.set()
    _loan.end, _loan.ended = 0.0, None


def _borrow() -> None:
    """Wait for a slice."""
    begun, ended = threading.Event(), threading.Event()

    def lend() -> None:
        begun.set()
        ended.wait(_PATIENCE)

    if _lender is not None:
        _lender(PAUSE, lend)
        begun.wait(_LEAVE)
    _loan.end, _loan.ended = time.perf_counter() + SLICE, ended
