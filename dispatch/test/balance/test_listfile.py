"""Tests of dispatch.balance.listfile."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import listfile
from dispatch.test.balance.make import SOCKETS, roster


def read(text: bytes) -> list[tuple[int, bytes, int, int, bytes]]:
    """All destinations in the order of listings."""
    return [
        (one.group, one.uri, one.flags, one.priority, one.attrs)
        for members in roster(text).sets.values()
        for one in members
    ]


class LineTests(SynchronousTestCase):
    def test_fields(self) -> None:
        """Lines are taken apart as the original does it."""
        for line, expected in (
            (b"1 sip:gw", (1, b"sip:gw", 0, 0, b"")),
            (b"1 sip:gw 2 10 a=b;c", (1, b"sip:gw", 2, 10, b"a=b;c")),
            (b" \t1\t sip:gw\t2  10 a=b;\r", (1, b"sip:gw", 2, 10, b"a=b")),
            (b"1sip:gw", (1, b"sip:gw", 0, 0, b"")),
            (b"sip:gw", (0, b"sip:gw", 0, 0, b"")),
            (b"007 sip:gw", (7, b"sip:gw", 0, 0, b"")),
            (b"99999999999 sip:gw", (1215752191, b"sip:gw", 0, 0, b"")),
            (b"1 sip:gw 4294967297 2147483648", (1, b"sip:gw", 1, -2147483648, b"")),
            (b"1 sip:gw x", (1, b"sip:gw", 0, 0, b"x")),
            (b"1 sip:gw -1", (1, b"sip:gw", 0, 0, b"-1")),
            (b"1 sip:gw 1 -5", (1, b"sip:gw", 1, 0, b"-5")),
            (b"1 sip:gw 3x 4y a=b", (1, b"sip:gw", 3, 0, b"x")),
            (b"1 sip:gw#comment", (1, b"sip:gw", 0, 0, b"")),
            (b"1 sip:gw # 3", (1, b"sip:gw", 0, 0, b"")),
            (b"1 sip:gw 1 # 3", (1, b"sip:gw", 1, 0, b"")),
            (b"1 sip:gw 1 3 #a", (1, b"sip:gw", 1, 3, b"")),
            (b"1 sip:gw 1 3 a=#x", (1, b"sip:gw", 1, 3, b"a=#x")),
            (b"1 sip:gw 0 0 a=b; c=d", (1, b"sip:gw", 0, 0, b"a=b")),
            (b"1 sip:gw 0 0 ;", (1, b"sip:gw", 0, 0, b"")),
            (b"1 sip:gw\0 1 2 x", (1, b"sip:gw", 0, 0, b"")),
        ):
            self.assertEqual(read(line), [expected], line)

    def test_nothing(self) -> None:
        """Empty lines and comments are no destinations and no problems."""
        found = roster(b"\n \t\r\n# 1 sip:gw\n  #\n\0\n# \0 1 sip:gw\n")
        self.assertEqual((found.sets, found.problems), ({}, ()))

    def test_a_long_line_is_two(self) -> None:
        """What is behind 1023 bytes is read as a line of its own, and the operator is told."""
        found = roster(b"1 sip:gw 0 0 a=" + b"x" * 1100 + b"\n1 sip:other")
        self.assertEqual(found.sets.keys(), {0, 1})
        self.assertEqual([one.uri for one in found.sets[1]], [b"sip:other", b"sip:gw"])
        self.assertEqual(len(found.sets[1][1].attrs), 1010)
        self.assertEqual([problem.line for problem in found.warnings], [1])
        self.assertEqual([one.line for one in found.sets[1]], [2, 1])

    def test_1023_bytes_fit(self) -> None:
        """A line of 1023 bytes is whole at the end of the file, and has an empty one behind it elsewhere."""
        line = b"1 sip:gw 0 0 a=".ljust(1023, b"x")
        self.assertEqual(roster(line).warnings, ())
        self.assertEqual(len(read(line + b"\n1 sip:other\n")), 2)

    def test_what_is_ignored_is_told(self) -> None:
        """Text behind the attributes is a warning with its line, a comment there is none."""
        found = roster(b"1 sip:gw 0 0 a=b # fine\n1 sip:other 0 0 a=b; c=d\n\0 1 sip:third\n")
        self.assertEqual([problem.line for problem in found.warnings], [2, 3])
        self.assertIn("c=d", str(found.warnings[0]))
        self.assertIn("sip:third", str(found.warnings[1]))
        self.assertEqual(len(found.sets[1]), 2)

    def test_numbers_that_wrap_around(self) -> None:
        """A number beyond 32 bits is a warning that names it, and what is made of it; the largest is none."""
        found = roster(b"1 sip:a 0 2147483647\n1 sip:b 4294967297 2147483648\n99999999999 sip:c\n")
        self.assertEqual([problem.line for problem in found.warnings], [2, 2, 3])
        self.assertIn("flags 4294967297 does not fit into 32 bits, and is taken for 1", str(found.warnings[0]))
        self.assertIn("priority 2147483648 does not fit into 32 bits, and is taken for -21", str(found.warnings[1]))
        self.assertIn("set 99999999999 ", str(found.warnings[2]))


class LoadTests(SynchronousTestCase):
    def test_order(self) -> None:
        """Highest priority first, and of equals the later line."""
        text = b"1 sip:a 0 10\n1 sip:b 0 20\n1 sip:c 0 10\n1 sip:d\n"
        self.assertEqual([one[1] for one in read(text)], [b"sip:b", b"sip:c", b"sip:a", b"sip:d"])

    def test_order_of_sets(self) -> None:
        """Sets are listed as the original lists them, not sorted."""
        text = b"".join(b"%d sip:gw\n" % group for group in (5, 3, 9, 1, 7))
        self.assertEqual([one[0] for one in read(text)], [1, 3, 7, 9, 5])

    def test_a_set_without_destination(self) -> None:
        """A line with a set id alone fails the load in both modes, and the problem says which and what to write."""
        for line in (b"1", b"1 ", b"1 # x", b" 2 \r"):
            for strict in (False, True):
                found = roster(b"1 sip:a\n" + line + b"\n1 sip:b\n", strict=strict)
                self.assertEqual(found.sets, {})
                self.assertEqual([problem.line for problem in found.errors], [2])
                self.assertIn("sip:192.0.2.1:5060", str(found.errors[0]))

    def test_a_bad_destination_is_skipped(self) -> None:
        """In mode 0 a bad destination costs its line, and a set without any other is not there."""
        found = roster(b"1 sip:a\n2 x\n1 sip:b 0 0 a=;b\n")
        self.assertEqual([(group, len(members)) for group, members in found.sets.items()], [(1, 1)])
        self.assertEqual([problem.line for problem in found.warnings], [2, 3])
        self.assertEqual(found.errors, ())

    def test_a_bad_destination_is_fatal(self) -> None:
        """In mode 1 the load fails, and all bad lines are told."""
        found = roster(b"1 sip:a\n2 x\n1 sip:b 0 0 a=;b\n", strict=True)
        self.assertEqual(found.sets, {})
        self.assertEqual([problem.line for problem in found.errors], [2, 3])
        self.assertTrue(all("ds_load_mode" in str(problem) for problem in found.errors))

    def test_no_file(self) -> None:
        """A file that can't be opened is an error that names it."""
        path = Path(self.mktemp())
        found = listfile.load(path, SOCKETS)
        self.assertEqual(found.sets, {})
        self.assertEqual([problem.path for problem in found.errors], [path])
        self.assertIn("No such file", str(found.errors[0]))

    def test_file(self) -> None:
        """A file is read as its text is."""
        path = Path(self.mktemp())
        path.write_bytes(b"1 sip:a\n1 sip:b")
        self.assertEqual([one.uri for one in listfile.load(path, SOCKETS).sets[1]], [b"sip:b", b"sip:a"])

    @given(st.binary(max_size=200) | st.text('01 \t#sip:a.\0\n\r;="@[]x', max_size=80).map(str.encode))
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes give sets or errors, and every line that had something is either."""
        found = roster(text)
        self.assertTrue(not (found.sets and found.errors))
        for problem in found.problems:
            self.assertTrue(1 <= problem.line <= text.count(b"\n") + 1)
