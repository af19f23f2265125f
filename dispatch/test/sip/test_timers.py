"""Tests of dispatch.sip.timers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip.timers import Queues, Timers


class Waiting:
    """Remembers what expired, and starts the next timer if it is told to."""

    def __init__(self, queues: Queues, repeat: float = 0.0, times: int = 0) -> None:
        self.expired: list[tuple[int, float]] = []
        self._queues = queues
        self._repeat = repeat
        self._times = times

    def expire(self, event: int, due: float) -> None:
        self.expired.append((event, due))
        if self._times:
            self._times -= 1
            self._queues.start(self._repeat, self, event)


class DurationTests(SynchronousTestCase):
    def test_defaults(self) -> None:
        """Without configuration the durations are those of RFC 3261, table 4, and B and F end with fr_timer."""
        timers = Timers()
        self.assertEqual((timers.t1, timers.t2, timers.t4, timers.long), (0.5, 4.0, 5.0, 32.0))
        self.assertEqual(timers.timer_b, 30.0)

    def test_64_t1(self) -> None:
        """D, H, J, L and M are 64*T1; so are B and F where fr_timer is longer than that (§17.1.1.2)."""
        timers = Timers(t1=0.1)
        self.assertAlmostEqual(timers.long, 6.4)
        self.assertAlmostEqual(timers.timer_b, 6.4)


class QueuesTests(SynchronousTestCase):
    def test_when_due(self) -> None:
        """A timer expires at the first look at or after its time, once, and hears when it was due."""
        queues = Queues(100.0)
        waiting = Waiting(queues)
        self.assertEqual(queues.start(2.0, waiting, 7), 102.0)
        queues.advance(101.9)
        self.assertEqual(waiting.expired, [])
        for now in (102.5, 103.0):
            queues.advance(now)
        self.assertEqual(waiting.expired, [(7, 102.0)])
        self.assertEqual((len(queues), queues.now), (0, 103.0))

    def test_started_by_a_timer(self) -> None:
        """A machine may start a timer while one expires: it counts from the time of the look."""
        queues = Queues()
        waiting = Waiting(queues, repeat=1.0, times=2)
        queues.start(1.0, waiting, 0)
        queues.advance(5.0)
        self.assertEqual(waiting.expired, [(0, 1.0)])
        queues.advance(6.0)
        queues.advance(7.0)
        self.assertEqual([due for _, due in waiting.expired], [1.0, 6.0, 7.0])

    def test_at_once(self) -> None:
        """A timer of no seconds that is started while others expire does not hold up the look for ever."""
        queues = Queues()
        waiting = Waiting(queues, repeat=0.0, times=3)
        queues.start(0.0, waiting, 0)
        queues.advance(0.0)
        queues.advance(0.0)
        self.assertEqual(len(waiting.expired), 4)

    def test_empty_queues_go(self) -> None:
        """However many intervals there were, nothing is left of those that nobody waits for."""
        queues = Queues()
        for tenth in range(1000):
            queues.start(tenth / 10, Waiting(queues), 0)
        queues.advance(100.0)
        self.assertEqual(queues._queues, {})

    def test_after_an_exception(self) -> None:
        """A machine that raises is gone from its queue, and the next look goes on behind it."""

        class Failing:
            def expire(self, event: int, due: float) -> None:
                raise RuntimeError("boom")

        queues = Queues()
        queues.start(1.0, Failing(), 0)
        waiting = Waiting(queues)
        queues.start(1.0, waiting, 0)
        with self.assertRaises(RuntimeError):
            queues.advance(1.0)
        queues.advance(1.0)
        self.assertEqual(len(waiting.expired), 1)

    @given(st.lists(st.tuples(st.sampled_from((0.0, 0.5, 1.0, 4.0, 32.0)), st.sampled_from((0.0, 0.25, 3.0)))))
    def test_none_is_lost(self, steps: list[tuple[float, float]]) -> None:
        """However timers and looks interleave, each expires once: when due, never before, in order of its interval."""
        queues = Queues()
        waiting = Waiting(queues)
        due: dict[int, tuple[float, float]] = {}
        for event, (interval, passed) in enumerate(steps):
            due[event] = (interval, queues.start(interval, waiting, event))
            queues.advance(queues.now + passed)
            expired = {one for one, _ in waiting.expired}
            self.assertEqual(expired, {one for one, (_, when) in due.items() if when <= queues.now})
        queues.advance(queues.now + 32.0)
        self.assertEqual(sorted(one for one, _ in waiting.expired), list(due))
        self.assertEqual([when for _, when in waiting.expired], [due[one][1] for one, _ in waiting.expired])
        for interval in {interval for interval, _ in due.values()}:
            same = [one for one, _ in waiting.expired if due[one][0] == interval]
            self.assertEqual(same, sorted(same))
