"""Tests of `dispatch.sip.basic_rules`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import basic_rules

_TEXT = st.lists(
    st.sampled_from((b" ", b"\t", b"\r\n", b"\r", b"\n", b"a", b'"', b"\\", b";", b",", b"=", b"\x0b"))
).map(b"".join)


class BlanksTests(SynchronousTestCase):
    def test_folding_is_a_blank(self) -> None:
        """A line end is skipped if a blank follows; alone it is not, nor are a bare CR or LF."""
        for text, expected in (
            (b" \t\r\n x", 5),
            (b"\r\nx", 0),
            (b" \rx", 1),
            (b" \nx", 1),
            (b"\x0bx", 0),
            (b" \r\n", 1),
        ):
            self.assertEqual(basic_rules.skip_lws(text, 0, len(text)), expected, text)
        self.assertEqual(basic_rules.skip_lws(b"\r\n x", 0, 2), 0)

    def test_trim(self) -> None:
        """What is skipped forwards is trimmed backwards."""
        for text, expected in (
            (b"x \t\r\n ", 1),
            (b"x\r\n \r\n\t", 1),
            (b"x\r ", 2),
            (b"x\n ", 2),
            (b"x\r\n", 3),
            (b"  ", 0),
        ):
            self.assertEqual(basic_rules.trim_lws(text, 0, len(text)), expected, text)

    @given(_TEXT)
    def test_both_ways(self, blanks: bytes) -> None:
        """What is all blank forwards is all blank backwards, as far as it ends in a blank."""
        text = blanks + b" "
        if basic_rules.skip_lws(text, 0, len(text)) == len(text):
            self.assertEqual(basic_rules.trim_lws(text, 0, len(text)), 0)


class PiecesTests(SynchronousTestCase):
    def test_quoted_string(self) -> None:
        """A backslash protects the next byte, a quote ends the string, and one must."""
        text = rb'"a\"b\\"c"'
        self.assertEqual(basic_rules.skip_quoted(text, 0, len(text)), 8)
        for text in (b'"', b'"a', b'"a\\"', b'"a\\'):
            self.assertRaises(ParseError, basic_rules.skip_quoted, text, 0, len(text))
        self.assertRaises(ParseError, basic_rules.skip_quoted, b'"a"', 0, 2)

    def test_token(self) -> None:
        """A token has at least one byte, and only those of the grammar."""
        self.assertEqual(basic_rules.skip_token(b"a-.!%*_+`'~9:", 0, 13), 12)
        self.assertRaises(ParseError, basic_rules.skip_token, b":", 0, 1)
        self.assertRaises(ParseError, basic_rules.skip_token, b"a", 1, 1)

    def test_number(self) -> None:
        """Digits only, leading zeros as many as one likes, no more than the highest."""
        self.assertEqual(basic_rules.read_number(b"0" * 9000 + b"255", 0, 9003, 255), 255)
        self.assertEqual(basic_rules.read_number(b"000", 0, 3, 255), 0)
        for text in (b"", b"256", b"-1", b"+1", b"1 ", b" 1", b"1_0", b"9" * 9000, b"\xb2"):
            self.assertRaises(ParseError, basic_rules.read_number, text, 0, len(text), 255)

    def test_parameters(self) -> None:
        """Names are lower case, values as written; blanks may be around semicolon and equals sign."""
        text = b'A ; B= "x;\\"y" ;c =\r\n d;e=;F=1, g'
        params, stop = basic_rules.read_params(text, 1, len(text))
        self.assertEqual(
            [(one.name, one.value) for one in params],
            [(b"b", b'"x;\\"y"'), (b"c", b"d"), (b"e", b""), (b"f", b"1")],
        )
        self.assertEqual(text[stop:], b", g")
        self.assertEqual([text[one.start : one.stop] for one in params][1:], [b";c =\r\n d", b";e=", b";F=1"])

    def test_no_parameters(self) -> None:
        """Where no semicolon comes, nothing is read, and blanks are left."""
        self.assertEqual(basic_rules.read_params(b"a  , b", 1, 6), ([], 1))

    def test_broken_parameters(self) -> None:
        """A semicolon without a name, and a quote without end, are refused."""
        for text in (b";", b";;a", b"; =1", b';a="', b';"a"'):
            self.assertRaises(ParseError, basic_rules.read_params, text, 0, len(text))

    def test_what_a_list_leaves(self) -> None:
        """Without one of its values a list is still one: first, middle, last; the whole line goes with the only one."""
        text = b"H: aa,  bb ,cc\r\n"
        spans = [(3, 5), (8, 10), (12, 14)]
        left = []
        for index in range(3):
            start, stop = basic_rules.cut_span((0, 16), spans, index)
            left.append(text[:start] + text[stop:])
        self.assertEqual(left, [b"H: bb ,cc\r\n", b"H: aa,  cc\r\n", b"H: aa,  bb\r\n"])
        self.assertEqual(basic_rules.cut_span((0, 16), [(3, 5)], 0), (0, 16))
