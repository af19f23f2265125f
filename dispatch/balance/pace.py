"""Long work in a thread, done in turns with the thread that has the calls.

Two threads that compute at a time cost the calls dearly: CPython lets one go on for 5 ms before the other is heard, and
the thread with the calls gives its turn away at each datagram, so that it comes to two hundred of them a second. Here
it lends the other one a slice of its time instead, waits for its end, and looks after the calls between two slices.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

_SLICE: Final = 0.002  # seconds
_PATIENCE: Final = 0.01  # how long is waited for the end of one
_LEAVE: Final = 0.5  # how long a slice is waited for; nobody lends one any more when the program ends

Item = TypeVar("Item")
Call = Callable[[Callable[[], None]], object]

_lender: Call | None = None


def lend_from(call: Call | None) -> None:
    """Name who lends time, or nobody: threads compute as they like then.

    Args:
        call: has a function called soon by the thread with the calls (`callFromThread` of the reactor).
    """
    global _lender  # there is one interpreter, and one thread in it that has the calls
    _lender = call


def gently(items: Iterable[Item]) -> Iterator[Item]:
    """The items; what a thread does with each of them is done in slices that were lent to it."""
    if _lender is None or threading.current_thread() is threading.main_thread():
        return iter(items)
    return _in_slices(items)


def _in_slices(items: Iterable[Item]) -> Iterator[Item]:
    give_back = _borrow()
    try:
        end = time.perf_counter() + _SLICE
        for item in items:
            yield item
            if time.perf_counter() > end:
                give_back()
                give_back = _borrow()
                end = time.perf_counter() + _SLICE
    finally:
        give_back()


def _borrow() -> Callable[[], None]:
    """Wait for a slice; the answer ends it."""
    begun, ended = threading.Event(), threading.Event()

    def lend() -> None:
        begun.set()
        ended.wait(_PATIENCE)

    if _lender is not None:
        _lender(lend)
        begun.wait(_LEAVE)
    return ended.set
