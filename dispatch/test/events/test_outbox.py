"""Tests of dispatch.events.outbox."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from dispatch.events.event import Event
from dispatch.events.outbox import Outbox, Undelivered
from dispatch.test.events.make import event


class OutboxTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.tries: list[tuple[str, float]] = []
        self.pending: list[Deferred[None]] = []

    def box(self, **options: Any) -> Outbox:
        return Outbox(self.clock, "hook", self.deliver, **options)

    def deliver(self, event: Event) -> Deferred[None]:
        self.tries.append((event.uri, self.clock.seconds()))
        self.pending.append(Deferred())
        return self.pending[-1]

    def succeed(self) -> None:
        self.pending.pop().callback(None)
        self.clock.advance(0)

    def broke(self, error: Exception, wait: float = 0) -> None:
        self.pending.pop().errback(error)
        self.clock.advance(wait)

    def test_one_after_the_other(self) -> None:
        """An event is delivered after the one before it was, in the order in which they came."""
        box = self.box()
        for uri in "abc":
            box.put(event(uri=uri))
        self.assertEqual([uri for uri, _ in self.tries], ["a"])
        for _ in range(3):
            self.succeed()
        self.assertEqual([uri for uri, _ in self.tries], ["a", "b", "c"])
        self.assertEqual((box.size, box.dropped, self.clock.getDelayedCalls()), (0, 0, []))

    def test_again(self) -> None:
        """What failed is tried again after 1, 2, 4 ... 60 seconds; the next event waits for it."""
        box = self.box()
        box.put(event(uri="a"))
        box.put(event(uri="b"))
        for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60):
            self.broke(Undelivered("answered with 503"), wait)
        self.succeed()
        times = [time for _, time in self.tries]
        self.assertEqual([after - before for before, after in pairwise(times)], [1, 2, 4, 8, 16, 32, 60, 60, 60, 0])
        self.assertEqual([uri for uri, _ in self.tries], ["a"] * 10 + ["b"])

    def test_given_up(self) -> None:
        """After the last try, and where another can't help, an event is dropped with one line, and the next comes."""
        box = self.box(attempts=2)
        for uri in "abc":
            box.put(event(uri=uri))
        with capturedLogs() as logged:
            self.broke(Undelivered("no answer"), 1)
            self.broke(Undelivered("no answer"))
            self.broke(Undelivered("answered with 404", may_help=False))
        lines = [formatEvent(each) for each in logged]
        self.assertEqual(
            lines,
            [
                "hook: dst-down of set 1 'a': no answer; trying again",
                "hook: dst-down of set 1 'a' is given up: no answer",
                "hook: dst-down of set 1 'b' is given up: answered with 404",
            ],
        )
        self.assertEqual((self.tries[-1][0], box.dropped), ("c", 2))

    def test_bounded(self) -> None:
        """Of more than may wait the oldest are dropped; that is said once when it begins and once when it is over."""
        box = self.box(most=4)
        with capturedLogs() as logged:
            for number in range(10):
                box.put(event(uri=str(number)))
            self.assertEqual((box.size, box.dropped), (5, 5))
            for _ in range(5):
                self.succeed()
        self.assertEqual([uri for uri, _ in self.tries], ["0", "6", "7", "8", "9"])
        self.assertEqual(len(logged), 2)
        self.assertIn("the oldest are dropped from now on: dst-down of set 1 '1'", formatEvent(logged[0]) or "")
        self.assertIn("5 events were dropped", formatEvent(logged[1]) or "")

    def test_a_bug(self) -> None:
        """A delivery that raises, at once or later, is logged with the event's name, and the next one comes."""
        box = Outbox(self.clock, "hook", lambda event: self.pending[7])
        box.put(event())
        self.clock.advance(0)
        self.assertEqual((len(self.flushLoggedErrors(IndexError)), box.dropped), (1, 1))
        box = self.box()
        box.put(event(uri="a"))
        box.put(event(uri="b"))
        self.broke(KeyError("x"))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertEqual([uri for uri, _ in self.tries], ["a", "b"])

    def test_many_at_once(self) -> None:
        """A thousand deliveries that make nobody wait don't nest."""
        done: Deferred[None] = Deferred()
        done.callback(None)
        box = Outbox(self.clock, "hook", lambda event: Deferred() if event.uri == "first" else done)
        for _ in range(1000):
            box.put(event())
        self.clock.pump([0] * 1000)
        self.assertEqual(box.size, 0)

    def test_the_end(self) -> None:
        """When it ends nothing is left in the reactor, what is lost is said, and what comes later is not taken."""
        for prepare in (lambda: None, lambda: self.broke(Undelivered("no answer"))):
            box = self.box()
            box.put(event())
            box.put(event())
            prepare()
            with capturedLogs() as logged:
                box.stop()
                box.put(event())
            self.assertEqual([formatEvent(each) for each in logged], ["hook: 2 events were not delivered"])
            self.assertEqual(self.clock.getDelayedCalls(), [])
