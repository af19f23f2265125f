"""Tests of dispatch.cli.table."""

from __future__ import annotations

from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli import table
from dispatch.control.command import Column


class Record(NamedTuple):
    number: int
    name: str
    state: str
    remark: str = ""


COLUMNS = (
    Column("N", lambda one: one.number),
    Column("NAME", lambda one: one.name),
    Column("STATE", lambda one: one.state, is_state=True),
    Column("REMARK", lambda one: one.remark),
)


class TableTests(SynchronousTestCase):
    def test_columns(self) -> None:
        """Numbers stand to the right, text to the left, and a column in which nothing stands is left out."""
        rows = [Record(7, "a", "AX"), Record(10, "longer", "")]
        self.assertEqual(list(table.lines(COLUMNS, rows)), [" N  NAME    STATE", " 7  a       AX", "10  longer"])
        self.assertIn("REMARK", next(iter(table.lines(COLUMNS, [*rows, Record(1, "b", "AX", "!")]))))

    def test_colours(self) -> None:
        """With colours, states have theirs and nothing else has any; without, there is no escape at all."""
        rows = [Record(1, "A", state) for state in ("AX", "IP", "DX", "TX")]
        lines = list(table.lines(COLUMNS, rows, colour=True))
        self.assertEqual([line.count("\x1b") for line in lines], [0, 2, 2, 2, 2])
        self.assertEqual([line.partition("\x1b[")[2][:2] for line in lines[1:]], ["32", "31", "31", "33"])
        self.assertNotIn("\x1b", "".join(table.lines(COLUMNS, rows)))

    def test_control_bytes(self) -> None:
        """What a terminal would act on is shown, not sent, and counts in the width."""
        lines = list(table.lines(COLUMNS, [Record(1, "a\x1b[2J\n", "AX"), Record(2, "b", "AX")]))
        self.assertEqual(
            lines,
            ["N  NAME          STATE", "1  a\\x1b[2J\\x0a  AX", "2  b             AX"],
        )
