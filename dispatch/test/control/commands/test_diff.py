"""Tests of `diff`."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.control.command import ListRefused
from dispatch.control.commands.diff import Difference, run
from dispatch.test.control.make import LIST, Steered


class DiffTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)

    def differences(self, text: bytes | None = None) -> list[Difference]:
        found: Iterator[Difference] = self.successResultOf(run(self.steered.control(), text))
        return list(found)

    def test_nothing(self) -> None:
        """A list that says what is in force makes no difference."""
        self.assertEqual(self.differences(), [])

    def test_every_kind(self) -> None:
        """What is added, removed, changed, reordered or odd is told, with the states before and after."""
        self.steered.dispatcher.set_state(1, b"sip:a", health.DISABLED)
        self.steered.text = b"1 sip:b 0 0\n1 sip:new 0 9 duid=x\n3 sip:d\n3 http:e\n"
        warning, *rest = self.differences()
        self.assertEqual((warning.change, warning.set), ("warning", 0))
        self.assertIn("dispatcher.list:4: ", warning.fields[0])
        self.assertEqual(
            rest,
            [
                Difference("changed", 1, "sip:a", "DX", "DX", True, ("uri: sip:a -> sip:new", "priority: 0 -> 9")),
                Difference("reordered", 1, "", "", "", False, ()),
                Difference("removed", 2, "sip:c", "AP", "", False, ()),
                Difference("added", 3, "sip:d", "", "AX", False, ()),
            ],
        )

    def test_another_list(self) -> None:
        """A list that is handed over is compared in place of the configured one, and does not come into force."""
        (one,) = self.differences(LIST + b"2 sip:e\n")
        self.assertEqual((one.change, one.uri), ("added", "sip:e"))
        self.assertEqual(self.differences(), [])

    def test_attributes(self) -> None:
        """A text that is empty on one side is told as none."""
        (one,) = self.differences(LIST.replace(b"1 sip:b", b"1 sip:b 0 0 weight=3"))
        self.assertEqual(one.fields, ("attributes: none -> weight=3",))

    def test_refused(self) -> None:
        """A list that a reload would refuse is refused here."""
        self.failureResultOf(run(self.steered.control(), b"1\n"), ListRefused)
