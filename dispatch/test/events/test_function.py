"""Tests of dispatch.events.function."""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.events.event import DOWN, UP, Event
from dispatch.events.function import Function, FunctionSink, Worker, find
from dispatch.events.interfaces import IEventSink
from dispatch.test.events.make import event


class FindTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        (self.folder / "alarms_for_test.py").write_text("def down(event): ...\nlevel = 3\n")
        (self.folder / "broken_for_test.py").write_text("1 / 0\n")
        path = list(sys.path)
        self.addCleanup(sys.path.__setitem__, slice(None), path)

    def test_beside_the_configuration(self) -> None:
        """A module beside the configuration is found, and one that Python knows before it."""
        self.assertEqual(find("alarms_for_test:down", self.folder).__name__, "down")
        self.assertIs(find("json:dumps", self.folder), sys.modules["json"].dumps)

    def test_problems(self) -> None:
        """What is no function is an error that says what is wrong with it."""
        for path, words in (
            ("down", "is no function"),
            (":down", "is no function"),
            ("alarms_for_test:", "is no function"),
            ("nobody_for_test:down", "'nobody_for_test' can't be imported: ModuleNotFoundError"),
            ("broken_for_test:down", "'broken_for_test' can't be imported: ZeroDivisionError"),
            ("alarms_for_test:up", "has no function 'up'"),
            ("alarms_for_test:level", "has no function 'level'"),
        ):
            with self.assertRaises(ValueError) as caught:
                find(path, self.folder)
            self.assertIn(words, str(caught.exception))


def at_once(function: Function, event: Event) -> Deferred[None]:
    """Call it without a thread."""
    return maybeDeferred(function, event).addCallback(lambda _: None)


class SinkTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.called: list[Event] = []

    def sink(self, function: Function, call: Callable[[Function, Event], Deferred[None]] = at_once) -> FunctionSink:
        made = FunctionSink(self.clock, "alarms:down", function, DOWN, call)
        self.assertTrue(verifyObject(IEventSink, made))
        return made

    def test_its_kind(self) -> None:
        """The function is called with events of its kind, and with no other."""
        sink = self.sink(self.called.append)
        for name in (DOWN, UP, "drain", "state"):
            sink.tell(event(name))
        self.assertEqual([each.name for each in self.called], [DOWN])

    def test_one_that_raises(self) -> None:
        """What it raises is logged with the destination's name, and it is called again at the next event."""

        def fail(event: Event) -> None:
            self.called.append(event)
            raise ZeroDivisionError("odd")

        sink = self.sink(fail)
        with capturedLogs() as logged:
            sink.tell(event())
            self.clock.advance(0)
            sink.tell(event())
        self.assertEqual((len(self.called), len(self.flushLoggedErrors(ZeroDivisionError))), (2, 2))
        self.assertIn("alarms:down failed at dst-down of set 1 'sip:a'", formatEvent(logged[0]) or "")

    def test_one_that_blocks(self) -> None:
        """A function that does not return is logged with the destination's name; nothing is left of it at the end."""
        sink = self.sink(self.called.append, lambda function, event: Deferred())
        sink.tell(event())
        sink.tell(event())
        with capturedLogs() as logged:
            self.clock.advance(10)
        self.assertEqual(
            [formatEvent(each) for each in logged],
            ["alarms:down has been at dst-down of set 1 'sip:a' for 10 s; 1 events wait for it"],
        )
        sink.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Loop:
    """Stands where the reactor is: does in this thread what others ask it to."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Callable[..., object], object]] = queue.SimpleQueue()

    def callFromThread(self, function: Callable[..., object], argument: object) -> None:
        self._asked.put((function, argument))

    def turn(self) -> None:
        function, argument = self._asked.get(timeout=30)
        function(argument)


class WorkerTests(SynchronousTestCase):
    def test_in_order(self) -> None:
        """A thread of its own calls one function after the other, whatever they raise."""
        loop, called = Loop(), []
        worker = Worker(loop)

        def leave(event: Event) -> None:
            called.append(event.uri)
            raise SystemExit

        left = worker.call(leave, event(uri="a"))
        done = worker.call(lambda event: called.append(event.uri), event(uri="b"))
        loop.turn()
        loop.turn()
        self.failureResultOf(left, SystemExit)
        self.successResultOf(done)
        self.assertEqual(called, ["a", "b"])

    def test_given_up(self) -> None:
        """A result that comes when nobody waits for it any more harms nobody."""
        loop = Loop()
        done = Worker(loop).call(lambda event: None, event())
        done.addErrback(lambda failure: None)
        done.cancel()
        loop.turn()
        self.assertTrue(done.called)
