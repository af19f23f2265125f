"""Tests of the reference of the AMP door."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from dispatch.control.command import CODES, Door
from dispatch.control.commands import TABLE

ROOT = Path(__file__).parents[3]


class ReferenceTests(SynchronousTestCase):
    def setUp(self) -> None:
        path = ROOT / "docs" / "control.md"
        if not path.exists():
            raise SkipTest("no docs beside the package: not a working copy")
        self.text = path.read_text()

    def test_every_box(self) -> None:
        """The reference has each command of the door with its arguments and each field of its answer, in order."""
        for row in TABLE:
            if Door.AMP not in row.names:
                continue
            section = self.text.partition(f"\n### {row.names[Door.AMP]}\n")[2].partition("\n### ")[0]
            head = section.partition("\n|")[0]
            for one in row.arguments:
                self.assertIn(f"`{one.name}` (", head)
            self.assertEqual("No arguments" in head, not row.arguments)
            self.assertEqual("listing" in head, row.is_listing)
            names = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
            self.assertEqual(names, [field.name for field in fields(row.answer)])

    def test_every_error(self) -> None:
        """The reference explains each error code."""
        for code in CODES.values():
            self.assertIn(f"| `{code}` |", self.text)
