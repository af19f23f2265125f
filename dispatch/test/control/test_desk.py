"""Tests of what a person at a prompt has at hand."""

from __future__ import annotations

import contextlib
import io

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import Caller, Door, Right
from dispatch.control.commands import TABLE
from dispatch.control.desk import Desk
from dispatch.test.control.make import LIST, Steered


class DeskTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.desk = Desk(self.steered.control(), Caller(Door.CTL, "bob", Right.FULL, "manhole"))

    def test_every_command(self) -> None:
        """Each command that people have is there, by its name, and in the help; but for those that go on."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            self.desk.help()
        for row in TABLE:
            if Door.CTL in row.names and not row.is_live:
                name = row.names[Door.CTL].replace("-", "_")
                self.assertTrue(callable(getattr(self.desk, name)))
                self.assertIn(name, dir(self.desk))
                self.assertIn(f"d.{name}(", out.getvalue())
        self.assertRaises(AttributeError, getattr, self.desk, "nothing")

    def test_answers(self) -> None:
        """A listing is a list that is shown as a table; another answer is a sentence with fields."""
        listed = self.desk.list(1)
        self.assertEqual([one.uri for one in listed], ["sip:b", "sip:a"])
        self.assertEqual(len(repr(listed).splitlines()), 3)
        done = self.desk.set_state(1, "sip:a", state="d")
        self.assertEqual((repr(done), done.after), ("set 1 sip:a: AX -> DX", "DX"))
        self.assertEqual(self.desk.sets[1].number, 1)

    def test_refusals(self) -> None:
        """A mistake is told in a sentence, not raised."""
        for refused in (
            self.desk.set_state(9, "sip:a", "d"),
            self.desk.set_state(1, "sip:a"),
            self.desk.set_state(1, 2, 3, 4),
            self.desk.list(nothing=1),
        ):
            self.assertFalse(refused)
            self.assertTrue(repr(refused).startswith("refused: "))

    def test_what_takes_time(self) -> None:
        """What takes longer is a Deferred of the same."""
        self.steered.is_slow = True
        done = self.desk.reload()
        self.assertNoResult(done)
        self.steered.waiting[0].callback(None)
        self.assertIn("3 destinations", repr(self.successResultOf(done)))
