"""Tests of dispatch.events.hub."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, history
from dispatch.balance.admin import DRAIN, Admin
from dispatch.balance.change import PROBE, Change
from dispatch.events.hub import Hub
from dispatch.test.balance.make import dispatcher
from dispatch.test.events.make import Recorder


class Broken(Recorder):
    def stop(self) -> None:
        raise ZeroDivisionError("odd")


class HubTests(SynchronousTestCase):
    def setUp(self) -> None:
        (self.destination,) = dispatcher(b"1 sip:a\n").destinations()
        self.errands: list[Iterator[None]] = []

    def hub(self, *sinks: Recorder) -> Hub:
        return Hub(sinks, "OPTIONS", self.errands.append)

    def tell(self, hub: Hub) -> None:
        change = Change(self.destination, 0, health.INACTIVE, "probe timed out", PROBE, "down")
        hub.tell(change, history.note(change, 5.0))

    def test_one_that_raises(self) -> None:
        """A sink that raises is logged with the destination's name; the others are told, and it is told again."""
        bad, good = Recorder(ZeroDivisionError("odd")), Recorder()
        hub = self.hub(bad, good)
        with capturedLogs() as logged:
            self.tell(hub)
            self.tell(hub)
            hub.stop()
        self.assertEqual((len(bad.told), len(good.told)), (2, 2))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertIn("recorder failed at dst-down of set 1 'sip:a'", formatEvent(logged[0]) or "")

    def test_a_little_at_a_time(self) -> None:
        """Changes that come together are told one by one in a single errand, as what was decided stood then."""
        sink = Recorder()
        hub = self.hub(sink)
        self.tell(hub)
        self.destination.condition.admin = Admin(DRAIN, 0.0)
        self.tell(hub)
        (errand,) = self.errands
        next(errand)
        self.assertEqual(len(sink.told), 1)
        self.assertEqual([*errand, [each.admin for each in sink.told]], [None, ["", "drain"]])
        self.tell(hub)
        self.assertEqual(len(self.errands), 2)

    def test_the_end(self) -> None:
        """What waits at the end is told, and every sink is stopped, whatever another raises; none needs nothing."""
        sinks = Recorder(), Recorder()
        hub = self.hub(*sinks)
        self.tell(hub)
        hub.stop()
        self.assertTrue(all(sink.is_stopped and len(sink.told) == 1 for sink in sinks))
        self.hub(Broken(), sinks[0]).stop()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.errands.clear()
        self.tell(self.hub())
        self.assertEqual(self.errands, [])
