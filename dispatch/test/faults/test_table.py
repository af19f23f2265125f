"""Tests of the table of faults."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from dispatch.test.faults.stage import Outcome, Stage
from dispatch.test.faults.table import FAULTS, HEAD, row

ROOT = Path(__file__).parents[3]


class TableTests(SynchronousTestCase):
    def test_rows(self) -> None:
        """A row has as many cells as the head, and a dash where nobody could count."""
        for moved, shown in ((7, "7"), (None, "-")):
            line = row(FAULTS[0], Outcome(2400, 2, 1, moved))
            self.assertEqual(line, f"| none | 2400 | 2 | 1 | {shown} |")
            self.assertEqual(line.count("|"), HEAD.partition("\n")[0].count("|"))

    def test_stages(self) -> None:
        """Each fault has a name of its own, and asks of the stage only what it knows."""
        self.assertEqual(len({one.name for one in FAULTS}), len(FAULTS))
        for one in FAULTS:
            self.assertLessEqual(set(one.stage), {field.name for field in fields(Stage)}, one.name)

    def test_the_documentation(self) -> None:
        """docs/reliability.md has a row for each fault, in this order, and no other."""
        path = ROOT / "docs" / "reliability.md"
        if not path.exists():
            raise SkipTest("no docs beside the package: not a working copy")
        section = path.read_text().partition(HEAD)[2].partition("\n\n")[0]
        self.assertEqual(re.findall(r"^\| (.+?) \|", section, re.MULTILINE), [one.name for one in FAULTS])
