"""Tests of dispatch.balance.trial."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.conduct import Conduct
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.health import Overload
from dispatch.balance.load import Calls
from dispatch.balance.selection import find_algorithm
from dispatch.balance.trial import Trial
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, roster


class TrialTests(SynchronousTestCase):
    def test_several_sets(self) -> None:
        """Chance is drawn in the order of the selections, whatever set they are from, as it will be."""
        real = Dispatcher(Random(7))
        real.replace(roster(b"".join(b"%d sip:gw%d\n" % (1 + number % 2, number) for number in range(40))))
        trial, chance = Trial(real), find_algorithm("random")
        asked = [1, 2, 2, 1, 2, 1, 1, 2]
        told = [trial.select(FakeRequest(), number, chance) for number in asked]
        happened = [real.select(FakeRequest(), number, chance) for number in asked]
        self.assertEqual(
            [one.destination.uri if one else None for one in told],
            [one.destination.uri if one else None for one in happened],
        )

    def test_panic_is_not_told(self) -> None:
        """Whoever is told of a panic is not told of one by a trial."""
        told: list[str] = []
        real = Dispatcher(Random(1), panic_threshold=50, warn=told.append)
        real.replace(roster(lines(1, 1, 0)))
        self.assertIsNotNone(Trial(real).select(FakeRequest(), 1, find_algorithm(99)))
        self.assertEqual(told, [])
        real.select(FakeRequest(), 1, find_algorithm(99))
        self.assertEqual(len(told), 2)

    def test_reasons(self) -> None:
        """Why there is no destination is said; and the very dispatcher has none either."""
        down = dispatcher(lines(1, 4))
        up = dispatcher(lines(0))
        for real, algorithm, given, words in (
            (up, "priority", {"group": 9}, "there is no set 9"),
            (down, "priority", {}, "no destination of the set can be taken"),
            (up, "hash-pvar", {}, "the request does not have what hash-pvar reads"),
            (up, "priority", {"domain": True}, "the Request-URI can't be rewritten"),
        ):
            trial, row = Trial(real), find_algorithm(algorithm)
            group, domain = int(given.get("group", 1)), bool(given.get("domain", False))
            request = FakeRequest(uri=b"http://a")
            self.assertIsNone(trial.select(request, group, row, domain=domain))
            self.assertIn(words, trial.asked[-1].reason)
            self.assertIsNone(real.select(request, group, row, domain=domain))

    def test_has_destination(self) -> None:
        """With force_dst 0 a request that has a destination keeps it."""
        real = dispatcher(lines(0), force_dst=0)
        trial = Trial(real)
        self.assertIsNone(trial.select(FakeRequest(), 1, find_algorithm("priority"), has_destination=True))
        self.assertIn("force_dst", trial.asked[-1].reason)

    def test_who_is_out(self) -> None:
        """Where nobody can be taken, each one is told with the reason."""
        trial = Trial(dispatcher(lines(1, 4)))
        trial.select(FakeRequest(), 1, find_algorithm("priority"))
        self.assertEqual([reason for _, reason in trial.asked[-1].passed], ["inactive", "disabled"])

    def test_marks_nothing(self) -> None:
        """A state that is asked for is not given, and the answer is as if it were."""
        real = dispatcher(lines(0), flags=2)
        trial = Trial(real)
        self.assertIsNotNone(trial.update(1, b"sip:gw0", health.INACTIVE))
        self.assertIsNone(trial.update(1, b"sip:gw9", health.INACTIVE))
        self.assertEqual([one.flags for one in real.destinations()], [0])

    def test_spared(self) -> None:
        """Where all that could be taken want to be spared, that is the reason."""
        real = dispatcher(lines(0))
        (one,) = real.destinations()
        one.condition.conduct = Conduct()
        one.condition.conduct.is_spared = True
        one.condition.overload = Overload(100, 10.0, 1)
        real.groups[1].renew()
        trial, row = Trial(real), find_algorithm("priority")
        self.assertIsNone(trial.select(FakeRequest(), 1, row))
        self.assertEqual(trial.asked[-1].reason, "all destinations that could be taken want to be spared")
        self.assertIsNone(real.select(FakeRequest(), 1, row))

    def test_nameless(self) -> None:
        """A pick that fails all the same is told with the reason, as what it is (algorithm 10)."""
        real = Dispatcher(Random(1), flags=2, calls=Calls(lambda: 0.0))
        real.replace(roster(b"1 sip:b\n1 sip:a 0 0 duid=a\n"))
        trial, row = Trial(real), find_algorithm("call-load")
        told, happened = (each.select(FakeRequest(), 1, row) for each in (trial, real))
        assert told is not None and happened is not None
        self.assertEqual((told.has_failed, happened.has_failed), (True, True))
        self.assertIn("no duid", trial.asked[-1].reason)

    def test_shares(self) -> None:
        """Shares that a change of state has made are those that the next calls get (algorithm 11)."""
        real = dispatcher(b"".join(b"1 sip:gw%d 0 0 rweight=%d\n" % (one, 10 + one) for one in range(5)))
        row = find_algorithm("relative-weight")
        for state in (health.DISABLED, 0):
            real.set_state(1, b"sip:gw2", state)
            trial = Trial(real)
            told = [trial.select(FakeRequest(), 1, row) for _ in range(60)]
            happened = [real.select(FakeRequest(), 1, row) for _ in range(60)]
            self.assertEqual(
                [one.destination.uri if one else None for one in told],
                [one.destination.uri if one else None for one in happened],
            )
