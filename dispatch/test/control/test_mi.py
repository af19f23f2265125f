"""Tests of MI in lines of text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control import mi
from dispatch.control.values import Node


class MiTests(SynchronousTestCase):
    def test_first_lines(self) -> None:
        """A command and a place to answer, blanks behind it cut; all else is no request."""
        for line, request in (
            (b":ds_list:reply", mi.Request("ds_list", "reply")),
            (b":ds_list: \r", mi.Request("ds_list", "")),
            (b"ds_list", None),
            (b":ds_list", None),
            (b"::x", None),
            (b":" + b"x" * 1100 + b":y", None),
        ):
            self.assertEqual(mi.first_line(line), request)

    def test_arguments(self) -> None:
        """Names before values are left out, blanks cut; a value in quotes may have both, and line feeds."""
        for raw, values in (
            (b"ip\n 2 \r\nsip:a:5080\n\n", ["ip", "2", "sip:a:5080"]),
            (b"state::ip\n", ["ip"]),
            (b'"a \\"b\\"\n c"\nname::"x::y"\n', ['a "b"\n c', "x::y"]),
            (b'""\n', [""]),
            (b"", []),
        ):
            self.assertEqual(mi.arguments(raw), values)
        self.assertRaises(mi.Unreadable, mi.arguments, b'a"b\n')

    def test_the_end(self) -> None:
        """An empty line ends the arguments, but not inside quotes."""
        for raw, end in ((b"a\n\nrest", 3), (b"\n", 1), (b"a\n", -1), (b'"a\n\nb"\n\nc', 8), (b'a"b\n\n', 5)):
            self.assertEqual(mi.end_of_arguments(raw), end)

    def test_answers(self) -> None:
        """A line for each node, those below indented; nothing in a value can make another line."""
        nodes = (Node("A", "1"), Node("B", "x\ny", (("k", "v"), ("e", "")), (Node("", "z"),)))
        self.assertEqual(b"".join(mi.answer(nodes)), b"200 OK\nA:: 1\nB:: x?y k=v e=\n\tz\n")

    @given(st.binary(max_size=80))
    def test_any_bytes(self, raw: bytes) -> None:
        """Any bytes are arguments, or can't be read."""
        mi.first_line(raw)
        mi.end_of_arguments(raw)
        try:
            mi.arguments(raw)
        except mi.Unreadable:
            pass
