"""Tests of dispatch.service.observing."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.change import Change
from dispatch.balance.dispatcher import Dispatcher
from dispatch.service.observing import Observing
from dispatch.test.balance.make import dispatcher, lines, roster

MANY = 1000


class ObservingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.told: list[tuple[bytes, int, float]] = []
        self.errands: list[Iterator[None]] = []
        self.now = 1.0
        self.observing = Observing(self.tell, lambda: self.now, self.errands.append)

    def tell(self, change: Change, time: float) -> None:
        self.told.append((change.destination.uri, change.after, time))

    def observed(self, text: bytes) -> Dispatcher:
        one = dispatcher(text)
        one.observer, one.observer_of_many = self.observing.one, self.observing.many
        return one

    def test_few(self) -> None:
        """What changes alone, or with few others, is told before whoever changed it goes on."""
        one = self.observed(lines(0, 0))
        one.set_states(1, health.DISABLED)
        one.update(1, b"sip:gw0", 0)
        self.assertEqual([after for _, after, _ in self.told], [health.DISABLED, health.DISABLED, 0])
        self.assertEqual(self.errands, [])

    def test_many(self) -> None:
        """Many at once are told by and by in one errand, with the time of the change; what comes later is later."""
        one = self.observed(lines(*(0,) * MANY))
        one.set_states(1, health.INACTIVE)
        self.assertLess(len(self.told), MANY)
        self.assertEqual({each.flags for each in one.destinations()}, {health.INACTIVE})
        last = one.groups[1].members[-1].uri
        self.now = 2.0
        one.update(1, last, 0)
        one.set_states(1, health.DISABLED)
        (errand,) = self.errands
        for _ in errand:
            pass
        first = [(each.uri, health.INACTIVE, 1.0) for each in one.groups[1].members]
        self.assertEqual(self.told[: MANY + 1], [*first, (last, 0, 2.0)])
        self.assertEqual(self.told[MANY + 1 :], [(uri, health.DISABLED, 2.0) for uri, _, _ in first])
        one.update(1, last, 0)
        self.assertEqual((len(self.told), len(self.errands)), (2 * MANY + 2, 1))

    def test_a_reload(self) -> None:
        """So are those that a list brings, whether it keeps states or not."""
        for keep_state in (True, False):
            one = self.observed(lines(*(0,) * MANY))
            one.replace(roster(lines(*(health.PROBING,) * MANY)), keep_state=keep_state)
            self.assertEqual({each.flags for each in one.destinations()}, {health.PROBING})
            self.assertLess(len(self.told), MANY)
            for _ in self.errands.pop():
                pass
            self.assertEqual([after for _, after, _ in self.told], [health.PROBING] * MANY)
            self.told.clear()

    def test_stopped(self) -> None:
        """Whatever waits when the service ends is told then."""
        one = self.observed(lines(*(0,) * MANY))
        one.set_states(1, health.INACTIVE)
        self.observing.stop()
        self.assertEqual(len(self.told), MANY)

    def test_one_that_fails(self) -> None:
        """A change that can't be told is logged, and keeps none of the others back."""
        told: list[float] = []

        def tell(change: Change, time: float) -> None:
            told.append(1 / (time - 1.0))

        self.observing = Observing(tell, lambda: self.now, self.errands.append)
        one = self.observed(lines(0))
        one.set_states(1, health.INACTIVE)
        self.now = 2.0
        one.set_states(1, 0)
        self.assertEqual(told, [1.0])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
