"""Tests of `version` and `commands`, and of the table."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import CODES, Door, Right
from dispatch.control.commands import TABLE
from dispatch.control.commands.about import COMMANDS, VERSION, Version
from dispatch.test.control.make import LIST, Steered


class AboutTests(SynchronousTestCase):
    def test_version(self) -> None:
        """The version is that of the service."""
        self.assertEqual(VERSION.run(Steered(LIST).control()), Version("dispatch", "1.2.3", 1))

    def test_commands(self) -> None:
        """Each command of the door is offered with its arguments and the right it needs."""
        offers = {one.name: one for one in COMMANDS.run(Steered(LIST).control())}
        self.assertEqual(set(offers), {row.names[Door.AMP] for row in TABLE if Door.AMP in row.names})
        self.assertEqual(offers["set_state"].arguments, ("set: int", "uri: str", "state: str"))
        self.assertEqual((offers["set_state"].right, offers["list"].right), ("full", "read"))
        self.assertEqual((offers["list"].arguments, offers["list"].is_listing), (("set?: int",), True))


class TableTests(SynchronousTestCase):
    def test_rows(self) -> None:
        """No two commands of a door share a name; errors have codes; what people call can be shown and is told."""
        for door in Door:
            names = [row.names[door] for row in TABLE if door in row.names]
            self.assertEqual(len(names), len(set(names)))
        for row in TABLE:
            self.assertTrue(set(row.errors) <= set(CODES))
            if Door.CTL in row.names:
                self.assertIn(Door.AMP, row.names)
                self.assertEqual(row.is_listing and not row.is_live, bool(row.columns))
            if row.right is Right.FULL:
                self.assertFalse(row.is_listing)
