"""Tests of dispatch.balance.ejection."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean, pstdev

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import ejection
from dispatch.balance.conduct import Conduct
from dispatch.balance.ejection import Ejection

FIVE = Ejection(consecutive_failures=5)
RATES = Ejection(success_rate_factor=1.9)


def conduct(calls: int, failed: int) -> Conduct:
    made = Conduct()
    made.calls, made.failed = calls, failed
    return made


class NoteTests(SynchronousTestCase):
    @given(st.lists(st.booleans(), max_size=40), st.integers(0, 6))
    def test_failures_in_a_row(self, outcomes: list[bool], most: int) -> None:
        """It is too many exactly when the last so many were failures, and never where none are too many."""
        one = Conduct()
        settings = Ejection(consecutive_failures=most)
        for count, is_failure in enumerate(outcomes, 1):
            too_many = ejection.note(one, settings, is_failure=is_failure)
            self.assertEqual(too_many, most > 0 and count >= most and all(outcomes[count - most : count]))
        self.assertEqual((one.calls, one.failed), (len(outcomes), sum(outcomes)))


class OutlierTests(SynchronousTestCase):
    def test_one_is_far_below(self) -> None:
        """Of ten of which one fails every other time that one is found, with its rate and what it fell short of."""
        bad = conduct(100, 50)
        ((found, rate, least),) = ejection.outliers([bad, *(conduct(100, 1) for _ in range(9))], RATES)
        self.assertIs(found, bad)
        self.assertEqual(rate, 0.5)
        self.assertTrue(0.5 < least < 0.99)

    def test_not_enough_to_compare(self) -> None:
        """Too few requests, too few destinations, or a factor of 0, and nobody is an outlier."""
        set_ = [conduct(100, 50), *(conduct(100, 0) for _ in range(9))]
        self.assertEqual(len(ejection.outliers(set_, RATES)), 1)
        self.assertEqual(ejection.outliers(set_, replace(RATES, minimum_calls=101)), [])
        self.assertEqual(ejection.outliers(set_, replace(RATES, minimum_destinations=11)), [])
        self.assertEqual(ejection.outliers(set_, replace(RATES, success_rate_factor=0.0)), [])

    def test_one_that_is_out(self) -> None:
        """One that is out already is not looked at."""
        set_ = [conduct(100, 50), *(conduct(100, 0) for _ in range(9))]
        set_[0].out_until = 1.0
        self.assertEqual(ejection.outliers(set_, RATES), [])

    @given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200)), max_size=12), st.floats(0.1, 3))
    def test_the_rule(self, counts: list[tuple[int, int]], factor: float) -> None:
        """Found are those below the mean less the factor times the standard deviation, the worst first."""
        settings = Ejection(success_rate_factor=factor, minimum_calls=1, minimum_destinations=2)
        set_ = [conduct(calls, min(failed, calls)) for calls, failed in counts]
        rates = [(one.calls - one.failed) / one.calls for one in set_]
        found = ejection.outliers(set_, settings)
        least = mean(rates) - factor * pstdev(rates) if len(rates) > 1 else -1.0
        self.assertEqual([rate for _, rate, _ in found], sorted(rate for rate in rates if rate < least))


class TimeTests(SynchronousTestCase):
    def test_longer_each_time(self) -> None:
        """Each ejection lasts once the base time longer, up to the longest; an interval without one takes one back."""
        settings = replace(FIVE, base_time=30.0, max_time=80.0)
        one = Conduct()
        self.assertEqual([ejection.eject(one, settings) for _ in range(4)], [30.0, 60.0, 80.0, 80.0])
        for _ in range(3):
            ejection.begin_interval(one)
        self.assertEqual(ejection.eject(one, settings), 60.0)

    def test_no_credit_while_out(self) -> None:
        """An interval that it was out for makes up for nothing."""
        one = Conduct()
        ejection.eject(one, FIVE)
        one.out_until = 1.0
        ejection.begin_interval(one)
        self.assertEqual(one.ejections, 1)

    def test_the_base_time_at_least(self) -> None:
        """A longest time below the base time is the base time."""
        self.assertEqual(ejection.eject(Conduct(), replace(FIVE, base_time=30.0, max_time=1.0)), 30.0)

    @given(st.integers(0, 100), st.integers(1, 50))
    def test_never_more_than_allowed(self, percent: int, size: int) -> None:
        """As long as one more may be ejected that many stay within the percent of the set; the next would not."""
        settings = Ejection(max_ejected_percent=percent)
        out = 0
        while ejection.may_eject(out, size, settings):
            out += 1
        self.assertLessEqual(out * 100, percent * size)
        self.assertGreater((out + 1) * 100, percent * size)
