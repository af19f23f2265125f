"""Tests of dispatch.balance.lineup: what live traffic and a panic make of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.conduct import Conduct
from dispatch.balance.destination import Destination
from dispatch.balance.health import DISABLED, DRAINED, INACTIVE
from dispatch.balance.lineup import Lineup
from dispatch.test.balance.make import lines, roster

FLAGS = st.sampled_from((0, 0, INACTIVE, DISABLED, DRAINED))


def members(flags: list[int], out: set[int]) -> tuple[Destination, ...]:
    made = roster(lines(*[0] * len(flags))).sets[1]
    for index, one in enumerate(made):
        one.condition.flags = flags[index]
        if index in out:
            one.condition.conduct = Conduct()
            one.condition.conduct.out_until = 1.0
    return made


def usable(lineup: Lineup) -> set[int]:
    return {index for index, flags in enumerate(lineup.flags) if not flags & health.SKIPPED}


class LineupTests(SynchronousTestCase):
    @given(st.lists(FLAGS, min_size=1, max_size=8), st.sets(st.integers(0, 7)))
    def test_ejections(self, flags: list[int], out: set[int]) -> None:
        """Who is ejected can't be taken, unless nobody else could: then the ejections are overlooked."""
        lineup = Lineup(members(flags, out), use_default=False)
        healthy = {index for index, bits in enumerate(flags) if not bits}
        self.assertEqual(usable(lineup), healthy - out or healthy)
        self.assertFalse(lineup.is_panic)

    @given(st.lists(FLAGS, min_size=1, max_size=8), st.sets(st.integers(0, 7)), st.integers(1, 100))
    def test_panic(self, flags: list[int], out: set[int], threshold: int) -> None:
        """Below the threshold all are used that no person disabled or drained; these count neither way."""
        lineup = Lineup(members(flags, out), use_default=False, panic_threshold=threshold)
        judged = {index for index, bits in enumerate(flags) if not bits & (DISABLED | DRAINED)}
        healthy = {index for index in judged if not flags[index] and index not in out}
        is_panic = len(healthy) * 100 < threshold * len(judged)
        self.assertEqual(lineup.is_panic, is_panic)
        if is_panic:
            self.assertEqual(usable(lineup), judged)

    def test_flags_stay(self) -> None:
        """The flags of the destinations are never touched, and have no bit of ours."""
        made = members([0, INACTIVE], {0})
        Lineup(made, use_default=False, panic_threshold=100)
        self.assertEqual([one.flags for one in made], [0, INACTIVE])

    def test_eased(self) -> None:
        """Those in a slow start, and those that want to be spared, are known by index; None stands for nobody."""
        made = members([0, 0, 0, 0], {1})
        self.assertIsNone(Lineup(made, use_default=False).eased)
        made[2].condition.conduct = warm = Conduct()
        warm.warm_since = 0.0
        made[3].condition.conduct = spared = Conduct()
        spared.is_spared = True
        self.assertEqual(Lineup(made, use_default=False).eased, {2, 3})
