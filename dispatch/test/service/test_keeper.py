"""Tests of dispatch.service.keeper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from dispatch.balance import health
from dispatch.balance.dispatcher import Dispatcher
from dispatch.service.keeper import Keeper
from dispatch.store.broken import BrokenState
from dispatch.store.document import read
from dispatch.store.interfaces import IStateStore
from dispatch.test.balance.make import roster


@implementer(IStateStore)
class Store:
    """A store whose savings end when the test says so."""

    name = "the store"

    def __init__(self) -> None:
        self.kept: Sequence[bytes] | None = None
        self.problem: BrokenState | None = None
        self.cant_move: OSError | None = None
        self.pending: list[Deferred[None]] = []

    def read(self) -> Sequence[bytes] | None:
        if self.problem is not None:
            raise self.problem
        return self.kept

    def set_aside(self) -> str:
        if self.cant_move is not None:
            raise self.cant_move
        return "elsewhere"

    def save(self, reactor: Any, lines: Iterable[bytes]) -> Deferred[None]:
        self.kept = tuple(lines)
        self.pending.append(Deferred())
        return self.pending[-1]

    def flags(self) -> list[int]:
        """What was saved last."""
        assert self.kept is not None
        return [member.flags for member in read(self.kept).sets[1].members]


def at_once(errand: Iterator[None]) -> None:
    for _ in errand:
        pass


class KeeperCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.store = Clock(), Store()
        self.dispatcher = Dispatcher(Random(1))
        self.dispatcher.replace(roster(b"1 sip:a\n"))
        self.keeper = self.made(60)

    def made(self, interval: float) -> Keeper:
        return Keeper(self.dispatcher, self.store, interval, self.clock, self.clock.seconds, at_once)

    def change(self, *, by_person: bool, flags: int = health.DISABLED) -> None:
        self.dispatcher.set_state(1, b"sip:a", flags)
        self.keeper.changed(by_person=by_person)


class SavingTests(KeeperCase):
    def setUp(self) -> None:
        super().setUp()
        self.keeper.startService()

    def test_when(self) -> None:
        """A decision is saved at once, any other change within a second, and all else by the interval."""
        self.change(by_person=True)
        self.assertEqual((len(self.store.pending), self.store.flags()), (1, [health.DISABLED]))
        self.store.pending[0].callback(None)
        self.change(by_person=False)
        self.clock.advance(0.9)
        self.change(by_person=False, flags=health.INACTIVE)
        self.assertEqual(len(self.store.pending), 1)
        self.clock.advance(0.1)
        self.assertEqual((len(self.store.pending), self.store.flags()), (2, [health.INACTIVE]))
        self.store.pending[1].callback(None)
        self.clock.advance(59)
        self.assertEqual(len(self.store.pending), 2)
        self.clock.advance(1)
        self.assertEqual(len(self.store.pending), 3)

    def test_never_two_at_a_time(self) -> None:
        """What changes while a state is being saved is saved after it."""
        self.change(by_person=True)
        self.change(by_person=True, flags=0)
        self.change(by_person=True, flags=health.INACTIVE)
        self.assertEqual((len(self.store.pending), self.store.flags()), (1, [health.DISABLED]))
        self.store.pending[0].callback(None)
        self.assertEqual((len(self.store.pending), self.store.flags()), (2, [health.INACTIVE]))
        self.store.pending[1].callback(None)
        self.assertEqual(len(self.store.pending), 2)

    def test_no_interval(self) -> None:
        """With interval 0 nothing is saved while nothing changes."""
        self.keeper = self.made(0)
        self.keeper.startService()
        self.clock.advance(50)
        self.assertEqual(self.store.pending, [])
        self.change(by_person=False)
        self.clock.advance(1)
        self.assertEqual(len(self.store.pending), 1)

    def test_no_room(self) -> None:
        """While it can't be saved one line says so, and one when it can again; it is tried each time."""
        with capturedLogs() as logged:
            for error in (OSError(28, "No space left on device"), OSError(28, "No space left on device"), None):
                self.change(by_person=True)
                saving = self.store.pending[-1]
                saving.errback(error) if error is not None else saving.callback(None)
        lines = [formatEvent(each) or "" for each in logged]
        self.assertEqual(len(lines), 2)
        self.assertIn("the store: it can't be written: [Errno 28] No space left on device", lines[0])
        self.assertIn("written again", lines[1])

    def test_the_end(self) -> None:
        """The last state is saved at the end, after one that is being saved; then nothing is left in the reactor."""
        self.change(by_person=True)
        self.dispatcher.set_state(1, b"sip:a", health.INACTIVE)
        stopped = self.keeper.stopService()
        self.assertEqual(len(self.store.pending), 1)
        self.store.pending[0].callback(None)
        self.assertEqual((len(self.store.pending), self.store.flags()), (2, [health.INACTIVE]))
        self.assertNoResult(stopped)
        self.store.pending[1].callback(None)
        self.successResultOf(stopped)
        self.keeper.changed(by_person=True)
        self.assertEqual((len(self.store.pending), self.clock.getDelayedCalls()), (2, []))


class RestoringTests(KeeperCase):
    def test_after_the_end(self) -> None:
        """What one saved at its end the next one begins with, and says so."""
        self.keeper.startService()
        self.dispatcher.set_state(1, b"sip:a", health.INACTIVE)
        self.keeper.stopService()
        self.dispatcher.replace(roster(b"1 sip:a\n"), keep_state=False)
        with capturedLogs() as logged:
            self.keeper.restore()
        self.assertEqual(next(self.dispatcher.destinations()).flags, health.INACTIVE)
        self.assertEqual(formatEvent(logged[0]), "the state of 1 destinations is as the store has it")

    def test_nothing_kept(self) -> None:
        """Without a state to begin with nothing is said."""
        with capturedLogs() as logged:
            self.keeper.restore()
        self.assertEqual(logged, [])

    def test_broken(self) -> None:
        """A state that can't be used is set aside with one line, as far as that is possible, and the start goes on."""
        self.store.kept = (b'{"format": "x"}',)
        for problem, cant_move, words in (
            (
                None,
                None,
                "record 1: it is no state of ours: 'format' is not 'dispatch state'; it is kept as",
            ),
            (BrokenState(3, "odd"), None, "the store: record 3: odd; it is kept as elsewhere, and states begin anew"),
            (
                BrokenState(0, "odd"),
                OSError(1, "Read-only disk"),
                "odd; it can't be renamed (Read-only disk)",
            ),
        ):
            self.store.problem, self.store.cant_move = problem, cant_move
            with capturedLogs() as logged:
                self.keeper.restore()
            self.assertEqual([each["log_level"] for each in logged], [LogLevel.error])
            self.assertIn(words, formatEvent(logged[0]) or "")
        self.assertEqual(next(self.dispatcher.destinations()).flags, 0)
