"""Tests of `reload`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import ListRefused
from dispatch.control.commands.reload import RELOAD, Reloaded, run
from dispatch.test.control.make import LIST, Steered


class ReloadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)

    def test_answered_when_in_force(self) -> None:
        """The answer comes when the new list is in force, not before."""
        self.steered.is_slow = True
        self.steered.text = b"1 sip:a\n"
        done = run(self.steered.control())
        self.assertNoResult(done)
        self.steered.waiting[0].callback(None)
        self.assertEqual(self.successResultOf(done), Reloaded("dispatcher.list", 3, 1, 1, ()))

    def test_refused(self) -> None:
        """Of a bad list each problem is told with its line, and the list before stays."""
        self.steered.text = b"1 sip:a\n1\n2\n"
        text = str(self.failureResultOf(run(self.steered.control()), ListRefused).value)
        self.assertIn("dispatcher.list:2: ", text)
        self.assertIn("dispatcher.list:3: ", text)
        self.assertIn("the list before stays in force", text)
        self.assertEqual(sum(1 for _ in self.steered.dispatcher.destinations()), 3)

    def test_very_many_problems(self) -> None:
        """Of a list that is wrong in every line the first problems are told, and how many more there are."""
        self.steered.text = b"1\n" * 5000
        lines = str(self.failureResultOf(run(self.steered.control()), ListRefused).value).splitlines()
        self.assertEqual((len(lines), lines[-2]), (22, "and 4980 more; the log has them all"))

    def test_warnings(self) -> None:
        """What is odd about the list is in the answer, and in what people read."""
        self.steered.text = b"1 sip:a\n1 http://b\n"
        answer = self.successResultOf(run(self.steered.control()))
        (warning,) = answer.warnings
        self.assertIn("dispatcher.list:2: ", warning)
        self.assertIn(f"warning: {warning}", RELOAD.sentence(answer))
