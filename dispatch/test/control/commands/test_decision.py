"""Tests of `drain`, `maintenance` and `ready`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.selection import find_algorithm
from dispatch.control.command import BadValue
from dispatch.control.commands import drain, maintenance, ready
from dispatch.control.commands.decision import Decided, sentence
from dispatch.errors import UnknownDestination
from dispatch.test.balance.make import FakeRequest
from dispatch.test.control.make import LIST, Steered


class DecisionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.control = self.steered.control()

    def test_one_after_the_other(self) -> None:
        """Each command answers with what was decided before and is now, and with the state of health below it."""
        answers = (
            drain.run(self.control, 2, "SIP:c"),
            maintenance.run(self.control, 2, "sip:c"),
            ready.run(self.control, 2, "sip:c"),
        )
        self.assertEqual(
            answers,
            (
                Decided(2, "sip:c", "ready", "drain", "AP", -1),
                Decided(2, "sip:c", "drain", "maintenance", "AP", -1),
                Decided(2, "sip:c", "maintenance", "ready", "AP", -1),
            ),
        )

    def test_no_new_calls(self) -> None:
        """A drained destination is not selected until it is ready."""
        dispatcher = self.steered.dispatcher
        for command, has_calls in ((drain, False), (ready, True), (maintenance, False)):
            command.run(self.control, 2, "sip:c")
            self.assertEqual(dispatcher.select(FakeRequest(), 2, find_algorithm(4)) is not None, has_calls)

    def test_deadline(self) -> None:
        """The seconds count from now; none, fewer than one, and a new drain that has none."""
        condition = self.steered.dispatcher.groups[2].members[0].condition
        drain.run(self.control, 2, "sip:c", 60)
        assert condition.admin is not None
        self.assertEqual(condition.admin[1:3], (self.steered.now, self.steered.now + 60))
        drain.run(self.control, 2, "sip:c")
        self.assertEqual(condition.admin.until, 0)
        with self.assertRaises(BadValue):
            drain.run(self.control, 2, "sip:c", 0)

    def test_unknown(self) -> None:
        """A destination that is not there is an error, and nothing changes."""
        for command in (drain, maintenance, ready):
            with self.assertRaises(UnknownDestination):
                command.run(self.control, 2, "sip:a")

    def test_in_words(self) -> None:
        """The calls that are left are told where they are counted and matter."""
        self.assertEqual(
            [
                sentence(Decided(1, "sip:a", "ready", "drain", "AX", 3)),
                sentence(Decided(1, "sip:a", "ready", "drain", "AX", -1)),
                sentence(Decided(1, "sip:a", "drain", "ready", "AX", 3)),
            ],
            [
                "set 1 sip:a: ready -> drain; calls that are open there: 3",
                "set 1 sip:a: ready -> drain",
                "set 1 sip:a: drain -> ready",
            ],
        )
