"""The work that a message makes grows with its length alone: lines of code are counted, seconds by `make hostile`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip.framer import Framer
from dispatch.sip.message import Message
from dispatch.test.hostile.shapes import shapes
from dispatch.test.sip.answers import ACCESSORS, answer

_FEW = 150
_TWICE = 2.3  # with what does not grow


def steps(do: Callable[[], object]) -> int:
    """Lines of Python that are run for it."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        do()
    finally:
        sys.settrace(before)
    return count


def read(raw: bytes) -> None:
    """Ask a message for everything, in both ways."""
    for usual in (None, False):
        try:
            message = Message(raw, usual)
        except ParseError:
            continue
        for accessor in ACCESSORS:
            answer(message, accessor)


def cut(raw: bytes) -> None:
    """Let a framer look for messages, however small the pieces are."""
    framer = Framer()
    try:
        for at in range(0, len(raw), 7):
            framer.feed(raw[at : at + 7])
    except ParseError:
        return


class LinearTests(SynchronousTestCase):
    def assert_linear(self, do: Callable[[bytes], None]) -> None:
        for (where, few), (_, more) in zip(shapes(_FEW), shapes(2 * _FEW), strict=True):
            once, twice = steps(lambda raw=few: do(raw)), steps(lambda raw=more: do(raw))  # type: ignore[misc]  # bound
            self.assertLess(twice, _TWICE * once, where)

    def test_message(self) -> None:
        """Twice as many commas, quotes, folds, backslashes or whatever else, wherever they are, are twice the work."""
        self.assert_linear(read)

    def test_framer(self) -> None:
        """So it is with a stream, in small pieces."""
        self.assert_linear(cut)
