"""Tests of answers that are put together a little at a time."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.gathering import gather


class GatheringTests(SynchronousTestCase):
    def test_all(self) -> None:
        """All pieces come out, in order, whatever turns it takes."""
        clock = Clock()
        pieces = [b"%d," % number for number in range(200_000)]
        done = gather(clock, iter(pieces))
        self.assertNoResult(done)
        while clock.getDelayedCalls():
            clock.advance(0.01)
        self.assertEqual(self.successResultOf(done), b"".join(pieces))

    def test_failure(self) -> None:
        """What making a piece raises is the failure."""

        def broken() -> Iterator[bytes]:
            yield b"a"
            raise LookupError

        self.failureResultOf(gather(Clock(), broken()), LookupError)
