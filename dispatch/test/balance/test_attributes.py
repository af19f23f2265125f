"""Tests of dispatch.balance.attributes."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import attributes


class ParseTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Attributes are read as the original reads them."""
        for text, expected in (
            (b"", {}),
            (b"duid=gw1;maxload=20", {b"duid": b"gw1", b"maxload": b"20"}),
            (b"DUID=A", {b"duid": b"A"}),
            (b"duid=first;duid=second", {b"duid": b"first"}),
            (b"a;b=1", {b"a": b"", b"b": b"1"}),
            (b"a=", {b"a": b""}),
            (b"=x", {b"": b"x"}),
            (b"a;;b", {b"a": b"", b"": b"", b"b": b""}),
            (b'a="x;y,z";b=\'"\'', {b"a": b"x;y,z", b"b": b'"'}),
            (b'a=""', {b"a": b""}),
            (b"a=b,c=d", {b"a": b"b"}),
            (b"a=b ; c = d ", {b"a": b"b", b"c": b"d"}),
            (b"a=#x", {b"a": b"#x"}),
            (b'a="x">rest', {b"a": b"x"}),
            (b"\xff=\xfe", {b"\xff": b"\xfe"}),
        ):
            self.assertEqual(attributes.parse(text), expected, text)

    def test_refused(self) -> None:
        """What makes a destination bad in the original is an error that shows the place."""
        for text, words in (
            (b"weight=;duid=x", "'weight' has no value"),
            (b"a=,b", "'a' has no value"),
            (b'a="x', "quote"),
            (b"a b", "b'b' follows attribute b'a'"),
            (b'a="x"y', "b'y' follows attribute b'a'"),
            (b"a;", "nothing follows"),
        ):
            with self.assertRaisesRegex(ValueError, words):
                attributes.parse(text)

    @given(st.binary(max_size=60) | st.text("ab=;,\"' >", max_size=30).map(str.encode))
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are read or refused."""
        try:
            attributes.parse(text)
        except ValueError as error:
            self.assertTrue(str(error))
