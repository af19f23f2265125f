"""Tests of dispatch.events.hub."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, history
from dispatch.balance.change import PROBE, Change
from dispatch.events.hub import Hub
from dispatch.test.balance.make import dispatcher
from dispatch.test.events.make import Recorder


class HubTests(SynchronousTestCase):
    def setUp(self) -> None:
        (self.destination,) = dispatcher(b"1 sip:a\n").destinations()

    def tell(self, hub: Hub) -> None:
        change = Change(self.destination, 0, health.INACTIVE, "probe timed out", PROBE, "down")
        hub.tell(change, history.note(change, 5.0))

    def test_one_that_raises(self) -> None:
        """A sink that raises is logged with the destination's name; the others are told, and it is told again."""
        bad, good = Recorder(ZeroDivisionError("odd")), Recorder()
        hub = Hub((bad, good), "OPTIONS")
        with capturedLogs() as logged:
            self.tell(hub)
            self.tell(hub)
        self.assertEqual((len(bad.told), len(good.told)), (2, 2))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertIn("recorder failed at dst-down of set 1 'sip:a'", formatEvent(logged[0]) or "")

    def test_the_end(self) -> None:
        """Every sink is stopped."""
        sinks = Recorder(), Recorder()
        Hub(sinks, "OPTIONS").stop()
        self.assertTrue(all(sink.is_stopped for sink in sinks))
