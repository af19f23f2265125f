"""Tests of dispatch.balance.easing: who takes a request in place of one that is passed over."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.algorithms import TABLE
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.ejection import Ejection
from dispatch.balance.live import Live
from dispatch.balance.load import Calls
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.test.balance.make import FakeRequest, roster

LIST = b"".join(b"1 sip:gw%d 0 10 duid=gw%d;weight=1;rweight=50\n" % (index, index) for index in (3, 2, 1, 0))
ROUND_ROBIN = find_algorithm(4)


class EasingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.live = Live(self.clock.seconds, Ejection(), slow_start=100.0)
        self.one = Dispatcher(
            Random(5060),
            flags=2,
            clock=self.clock.seconds,
            calls=Calls(self.clock.seconds),
            live=self.live,
        )
        self.one.replace(roster(LIST))

    def come_back(self, *indices: int) -> None:
        """These were inactive, and are no longer."""
        for index in indices:
            for flags in (health.INACTIVE, 0):
                self.one.set_state(1, b"sip:gw%d" % index, flags)

    def overload(self, index: int, rate: int) -> None:
        condition = self.one.groups[1].members[index].condition
        condition.overload = health.Overload(rate, self.clock.seconds() + 60, 1)
        assert condition.conduct is not None
        condition.conduct.is_spared = True
        self.one.groups[1].renew()

    def select(self, algorithm: Algorithm = ROUND_ROBIN, call: int = 0) -> Selection | None:
        return self.one.select(FakeRequest(b"call-%d" % call), 1, algorithm)

    def taken(self, algorithm: Algorithm = ROUND_ROBIN, count: int = 1000) -> Counter[bytes]:
        found = [self.select(algorithm, call) for call in range(count)]
        return Counter(one.destination.uri[4:] for one in found if one is not None)


class SlowStartTests(EasingCase):
    def test_the_share_grows(self) -> None:
        """Back for half of the window, a destination takes about half of its turns; at its end, all of them."""
        self.come_back(0)
        shares = []
        for seconds in (0, 50, 50):
            self.clock.advance(seconds)
            self.live.tick()
            shares.append(self.taken()[b"gw0"])
        self.assertTrue(15 <= shares[0] <= 35 and 105 <= shares[1] <= 145, shares)
        self.assertEqual(shares[2], 250)

    def test_every_algorithm(self) -> None:
        """By any algorithm that picks it, one that has just come back gets a smaller part than it would have."""
        for algorithm in TABLE:
            if algorithm.is_parallel or algorithm.needs == ("hash_pvar",):
                continue
            self.setUp()
            before = self.taken(algorithm)
            self.setUp()
            self.come_back(0)
            after = self.taken(algorithm)
            part, whole = after[b"gw0"], before[b"gw0"]
            self.assertEqual(part < whole / 2, whole > 0, (algorithm.name, part, whole))
            self.assertEqual(sum(before.values()), sum(after.values()), algorithm.name)

    def test_alone(self) -> None:
        """Where all have just come back, requests go where they would have gone without a slow start."""
        self.come_back(0, 1, 2, 3)
        self.assertEqual(sum(self.taken().values()), 1000)

    def test_still_there_for_failover(self) -> None:
        """One that was passed over is in the failover list all the same, behind the others."""
        self.come_back(0)
        for algorithm in (ROUND_ROBIN, find_algorithm(8), find_algorithm("latency"), find_algorithm("priority-weight")):
            self.one.groups[1].turn.cursor = 0
            for call in range(50):
                selection = self.select(algorithm, call)
                assert selection is not None
                names = sorted(one.uri for one in selection.records)
                self.assertEqual(names, [b"sip:gw%d" % index for index in range(4)], algorithm.name)

    def test_calls_are_counted_where_they_go(self) -> None:
        """By call load, a call is counted on the destination that takes it, not on the one that was passed over."""
        self.come_back(0)
        taken = self.taken(find_algorithm(10), 100)
        tallies = {one.uri[4:]: one.condition.tally.calls for one in self.one.groups[1].members}
        self.assertEqual({name: count for name, count in tallies.items() if count}, dict(taken))

    def test_why(self) -> None:
        """The reason of a pick names the one that was passed over."""
        self.come_back(0)
        self.one.groups[1].turn.cursor = 0
        selection = self.select()
        assert selection is not None
        self.assertEqual(selection.destination.uri, b"sip:gw1")
        self.assertEqual(
            [(one.uri, reason) for one, reason in selection.why().skipped], [(b"sip:gw0", "spared for now")]
        )

    def test_a_look_ahead(self) -> None:
        """`foretell` says who will be taken, draws included, and moves nothing."""
        self.come_back(0, 2)
        twin = self.one.groups[1].look_ahead()
        told = [self.one.foretell(FakeRequest(), 1, ROUND_ROBIN, turn=twin) for _ in range(100)]
        done = [self.select() for _ in range(100)]
        self.assertEqual(
            [one.destination.uri for one in told if one is not None],
            [one.destination.uri for one in done if one is not None],
        )

    def test_new_in_the_list(self) -> None:
        """A destination that a list brings into a set begins slowly; those of a new set and those that stay don't."""
        self.one.replace(roster(LIST + b"1 sip:new 0 10\n2 sip:other\n"))
        warm = [one.uri for one in self.one.destinations() if one.condition.conduct is not None]
        self.assertEqual(warm, [b"sip:new"])


class OverloadTests(EasingCase):
    def test_the_share(self) -> None:
        """One that wants to be spared 25 percent is passed over at every fourth turn, until the time it named."""
        self.come_back(0)
        self.clock.advance(100)
        self.live.tick()
        self.overload(0, 25)
        self.assertEqual(self.taken(count=375), {b"gw0": 75, b"gw1": 100, b"gw2": 100, b"gw3": 100})
        self.clock.advance(60)
        self.assertEqual(self.taken(count=400)[b"gw0"], 100)

    def test_all_want_to_be_spared(self) -> None:
        """Where all want no requests at all, a request gets none: one more makes it worse (RFC 7339)."""
        self.come_back(0, 1, 2, 3)
        self.clock.advance(100)
        for index in range(4):
            self.overload(index, 100)
        self.assertIsNone(self.select())

    @given(st.lists(st.integers(0, 100), min_size=4, max_size=4), st.integers(1, 60))
    def test_nobody_else_pays(self, rates: list[int], count: int) -> None:
        """As long as one is not overloaded, each request gets a destination that can be taken."""
        self.setUp()
        self.come_back(0, 1, 2, 3)
        self.clock.advance(100)
        self.live.tick()
        for index, rate in enumerate(rates[1:], 1):
            self.overload(index, rate)
        self.assertEqual(sum(self.taken(count=count).values()), count)
