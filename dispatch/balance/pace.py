"""Long work in a thread, done so that the thread with the calls hardly notices.

CPython lets a thread that computes go on for 5 ms before another one gets its turn, and the thread with the calls gives
its turn away at each datagram: beside such a thread it would come to two hundred datagrams a second. One that rests
often is waited for no longer than it works in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

_WORK: Final = 0.0002  # seconds
_REST: Final = 0.001

Item = TypeVar("Item")


def gently(items: Iterable[Item]) -> Iterator[Item]:
    """The items, with a rest now and then; in the main thread, which has no other to wait for, without."""
    if threading.current_thread() is threading.main_thread():
        return iter(items)
    return _with_rests(items)


def _with_rests(items: Iterable[Item]) -> Iterator[Item]:
    end = time.perf_counter() + _WORK
    for item in items:
        yield item
        if time.perf_counter() > end:
            time.sleep(_REST)
            end = time.perf_counter() + _WORK
