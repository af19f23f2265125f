"""Tests of dispatch.balance.group."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.group import Group
from dispatch.balance.lineup import Lineup
from dispatch.test.balance.make import lines, roster


def group(*flags: int, use_default: bool = False) -> Group:
    return Group(1, roster(lines(*flags)).sets[1], use_default=use_default, random=Random(1))


def plain_walk(flags: list[int], start: int, use_default: bool) -> int:
    """The member taken when `start` is picked, as the rules say it."""
    last = len(flags) - 1
    size = last if use_default and last else last + 1
    for step in range(size):
        index = (start + step) % size
        if not flags[index] & health.SKIPPED:
            return index
    if use_default and not flags[last] & health.SKIPPED:
        return last
    return -1


class LineupTests(SynchronousTestCase):
    @given(st.lists(st.sampled_from((0, 0, 1, 2, 4, 8)), min_size=1, max_size=9), st.booleans())
    def test_landing(self, flags: list[int], use_default: bool) -> None:
        """Whatever is picked, the member taken is the one that walking upwards finds."""
        lineup = group(*flags, use_default=use_default).line_up()
        self.assertEqual(list(lineup.landing), [plain_walk(flags, start, use_default) for start in range(lineup.size)])

    def test_default(self) -> None:
        """The last member is the default, but not where it is the only one."""
        members = roster(lines(0, 0, 0)).sets[1]
        self.assertEqual([(one.size, one.default) for one in (Lineup(members, use_default=True),)], [(2, 2)])
        alone = Lineup(members[:1], use_default=True)
        self.assertEqual((alone.size, alone.default), (1, -1))


class GroupTests(SynchronousTestCase):
    def test_a_new_state_makes_a_new_lineup(self) -> None:
        """A change of state shows in the next lineup and leaves those alone that were taken before."""
        one = group(0, 0)
        before = one.line_up()
        one.set_flags(one.members[0], health.INACTIVE)
        self.assertEqual((before.landing, before.flags), ((0, 1), (0, 0)))
        self.assertEqual((one.line_up().landing, one.line_up().flags), ((1, 1), (1, 0)))

    def test_probing_changes_nothing(self) -> None:
        """A bit that keeps nobody from being picked costs no new lineup."""
        one = group(0, 0)
        before = one.line_up()
        one.set_flags(one.members[0], health.PROBING | health.TRYING)
        self.assertIs(one.line_up(), before)
        self.assertEqual(one.members[0].flags, 10)

    def test_find(self) -> None:
        """A URI is found without regard to case; of two members with it the first is meant."""
        one = Group(1, roster(b"1 sip:GW 0 1\n1 sip:gw 0 9\n").sets[1], use_default=False, random=Random(1))
        self.assertIs(one.find(b"SIP:gW"), one.members[0])
        self.assertIsNone(one.find(b"sip:g"))
