"""Whether the time that a message takes grows with its length alone, patterns included."""

from __future__ import annotations

import time
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip.message import Message
from dispatch.test.hostile.shapes import shapes
from dispatch.test.sip.answers import ACCESSORS, answer

_FEW: Final = 4096
_TIMES: Final = 4
_MOST: Final = 2.5 * _TIMES  # times as long; the square would be four times that
_NOTHING: Final = 0.002  # seconds of CPU that say nothing


def slow() -> str:
    """The shapes that take longer than their length explains; empty where there is none."""
    pairs = zip(shapes(_FEW), shapes(_FEW * _TIMES), strict=True)
    return ", ".join(where for (where, few), (_, more) in pairs if _is_slow(few, more))


def _is_slow(few: bytes, more: bytes) -> bool:
    # Somebody else may have had the CPU's cache: what is slow is so each time.
    return all((long := _time(more)) > _NOTHING and long > _MOST * _time(few) for _ in range(3))


def _time(raw: bytes) -> float:
    start = time.process_time()
    for usual in (None, False):
        try:
            message = Message(raw, usual)
        except ParseError:
            continue
        for accessor in ACCESSORS:
            answer(message, accessor)
    return time.process_time() - start
