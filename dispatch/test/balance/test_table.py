"""Tests of dispatch.balance.table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import table
from dispatch.balance.roster import Roster
from dispatch.test.balance.make import SOCKETS

COLUMNS = ("setid", "destination", "flags", "priority", "attrs")


def roster(*rows: Sequence[object], strict: bool = False) -> Roster:
    """What a table with these rows gives."""
    return table.parse(
        rows, "mysql://h/db", "dispatcher", COLUMNS[: len(rows[0])] if rows else (), SOCKETS, strict=strict
    )


class TableTests(SynchronousTestCase):
    def warning(self, *row: object) -> str:
        """Why that row is skipped, and nothing else."""
        found = roster(row, (9, "sip:good", 0, 0, ""))
        self.assertEqual((list(found.sets), found.errors), ([9], ()))
        (problem,) = found.warnings
        return str(problem)

    def test_order(self) -> None:
        """The order of the rows is what that of the lines is: of equal priority the later one comes first."""
        found = roster((1, "sip:a", 0, 0, ""), (1, "sip:b", 0, 0, ""), (1, "sip:c", 0, 5, ""))
        self.assertEqual([one.uri for one in found.sets[1]], [b"sip:c", b"sip:b", b"sip:a"])
        self.assertEqual([one.line for one in found.sets[1]], [3, 2, 1])

    def test_versions(self) -> None:
        """Columns that an old table does not have are 0, or no attributes."""
        row = (1, "sip:a", 8, 7, "duid=x")
        seen = []
        for count in (2, 3, 4, 5):
            (one,) = roster(row[:count]).sets[1]
            seen.append((one.listed, one.priority, one.duid))
        self.assertEqual(seen, [(0, 0, b""), (8, 0, b""), (8, 7, b""), (8, 7, b"x")])

    def test_null(self) -> None:
        """NULL is 0, or no attributes; a destination that is NULL is none."""
        ((one,),) = roster((None, b"sip:a", None, None, None)).sets.values()
        self.assertEqual((one.group, one.listed, one.priority, one.attrs), (0, 0, 0, b""))
        told = "mysql://h/db: dispatcher row 1 (1, NULL): b'' is no SIP URI; write e.g. 'sip:192.0.2.1:5060'"
        self.assertEqual(self.warning(1, None, 0, 0, ""), f"{told}; the row is skipped")

    def test_no_grammar(self) -> None:
        """Negative numbers, blanks and # are taken as they are, and attributes may be long."""
        long = b"duid=" + b"x" * 2000
        found = roster((-3, b"sip:a b#c", -1, -5, b"a=b; c=d"), (-3, b"sip:d", 0, -6, long))
        listed = [(one.uri, one.listed) for one in found.sets[-3]]
        self.assertEqual(listed, [(b"sip:a b#c", 0xFFFFFFFF), (b"sip:d", 0)])
        self.assertEqual([len(one.attrs) for one in found.sets[-3]], [8, 2005])

    def test_text_of_any_kind(self) -> None:
        """Text that is no UTF-8 is kept byte by byte; other text is UTF-8."""
        ((one, other),) = roster((1, b"sip:h\xe9", 0, 0, ""), (1, "sip:h\xe9", 0, 0, "")).sets.values()
        self.assertEqual((one.uri, other.uri), (b"sip:h\xc3\xa9", b"sip:h\xe9"))

    def test_numbers_of_any_kind(self) -> None:
        """A whole number may come as text or as a decimal."""
        self.assertEqual(list(roster((b"12", "sip:a", "0", Decimal(3), "")).sets), [12])

    def test_no_number(self) -> None:
        """What is no whole number of 32 bits costs its row, and the warning says what to write."""
        for value in ("x", "", 1.5, True, 2**31, -(2**31) - 1, b"\xff", "1e3", "9" * 5000):
            self.assertIn("column 'setid' has ", self.warning(value, "sip:a", 0, 0, ""))
            self.assertIn("column 'priority' has ", self.warning(1, "sip:a", 0, value, ""))
        self.assertIn("column 'flags' has 'x'; write a whole number of 32 bits", self.warning(1, "sip:a", "x", 0, ""))

    def test_no_text(self) -> None:
        """A number where text is wanted costs its row."""
        self.assertIn("column 'destination' has 5; write text", self.warning(1, 5, 0, 0, ""))
        self.assertIn("column 'attrs' has 0; write text", self.warning(1, "sip:a", 0, 0, 0))

    def test_line_ends(self) -> None:
        """CR, LF and NUL would end a header of a request: they cost their row, wherever they are."""
        for text, name in (("sip:a\r\nEvil: x", "CR"), ("sip:a\nEvil: x", "LF"), ("sip:a\0b", "NUL")):
            self.assertIn(f"column 'destination' has {name} at byte 6; remove it", self.warning(1, text, 0, 0, ""))
            self.assertIn(f"column 'attrs' has {name} at byte 6", self.warning(1, "sip:a", 0, 0, text))

    def test_strict(self) -> None:
        """With `ds_load_mode` 1 each bad row is an error, and nothing is loaded."""
        found = roster((1, "sip:a", 0, 0, ""), ("x", "sip:b", 0, 0, ""), (1, "sip:", 0, 0, ""), strict=True)
        self.assertEqual((found.sets, found.warnings), ({}, ()))
        self.assertEqual([problem.line for problem in found.errors], [2, 3])
        self.assertIn("dispatcher row 2 (x, 'sip:b'): ", str(found.errors[0]))

    def test_empty(self) -> None:
        """A table without rows is a list without sets."""
        self.assertEqual(roster(), Roster({}))

    @given(
        st.lists(
            st.tuples(*[st.none() | st.integers() | st.floats() | st.text() | st.binary() | st.just("sip:a")] * 5),
            max_size=5,
        ),
        st.booleans(),
    )
    def test_any_values(self, rows: list[tuple[object, ...]], strict: bool) -> None:
        """Any values give sets or errors, and each row is a destination or a problem that names it in one line."""
        found = roster(*rows, strict=strict)
        self.assertTrue(not (found.sets and found.errors))
        listed = [one.line for members in found.sets.values() for one in members]
        wrong = [problem.line for problem in found.problems]
        if not found.errors:
            self.assertEqual(sorted(listed + wrong), list(range(1, len(rows) + 1)))
        for problem in found.problems:
            self.assertNotIn("\n", str(problem))
