"""Tests of the runner of all parts."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.everything import Tally, add, judge


class JudgeTests(SynchronousTestCase):
    def test_a_linter_is_one_check(self) -> None:
        """A part without a summary counts as one check, by its exit status."""
        self.assertEqual(judge(["All checks passed!"], 0), Tally(passed=1))
        self.assertEqual(judge(["Found 3 errors."], 1), Tally(failed=1))

    def test_trial_counts_its_own(self) -> None:
        """Trial's last line gives the numbers; errors are failures, expected failures are not."""
        line = "FAILED (skips=2, expectedFailures=1, failures=3, errors=4, successes=50)"
        self.assertEqual(judge(["Ran 60 tests in 1.0s", "", line], 1), Tally(51, 7, 2))
        self.assertEqual(judge(["PASSED (successes=5)"], 0), Tally(5))

    def test_a_runner_of_ours_counts_its_own(self) -> None:
        """A line of the common form gives the numbers, the last one counts."""
        self.assertEqual(judge(["1 passed, 0 failed", "7 passed, 0 failed, 2 skipped"], 0), Tally(7, 0, 2))

    def test_the_exit_status_has_the_last_word(self) -> None:
        """A part that says all is well and exits with an error has failed once."""
        self.assertEqual(judge(["PASSED (successes=5)"], 2), Tally(5, 1))

    def test_nothing_run_is_told(self) -> None:
        """Trial that found only tests to skip gives skipped ones."""
        self.assertEqual(judge(["PASSED (skips=2)"], 0), Tally(skipped=2))

    def test_sum(self) -> None:
        """The last line is the sum over all parts; skipped ones are named only where there are some."""
        self.assertEqual(str(add([Tally(1, 2), Tally(3, 4)])), "4 passed, 6 failed")
        self.assertEqual(str(add([Tally(1, 2, 1), Tally(3, 4)])), "4 passed, 6 failed, 1 skipped")
