"""Tests of `dispatch.sip.reader`."""

from __future__ import annotations

import ast
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch import sip
from dispatch.errors import ParseError
from dispatch.sip.reader import Reader

_PROPERTIES = (
    *("call_id", "cseq", "via", "vias", "from_uri", "from_tag", "to_uri", "to_tag", "max_forwards", "content_length"),
    *("routes", "record_routes", "require", "proxy_require"),
)


def _reader(headers: bytes) -> Reader:
    raw = b"BYE sip:a SIP/2.0\r\n" + headers + b"\r\n"
    return Reader(raw, raw.find(b"\r\n\r\n") + 4)


class LinesTests(SynchronousTestCase):
    def test_every_line(self) -> None:
        """Lines come in order with long names, their places, and what continues them."""
        reader = _reader(b"v: a\r\nX-A\t :\r\n b\r\n\tc \r\nno header\r\nb@d: e\r\nS:\r\n \r\n")
        raw = reader.raw
        self.assertEqual(
            [(line.name, raw[line.value : line.stop]) for line in reader.lines],
            [(b"via", b"a"), (b"x-a", b"b\r\n\tc"), (b"", b"no header"), (b"", b"b@d: e"), (b"subject", b"")],
        )
        self.assertEqual(b"".join(raw[line.start : line.end] for line in reader.lines), raw[19:-2])

    def test_compact_names(self) -> None:
        """A compact name is the long one, in either case."""
        for compact, name in (
            (b"v", b"via"),
            (b"F", b"from"),
            (b"t", b"to"),
            (b"I", b"call-id"),
            (b"l", b"content-length"),
        ):
            self.assertEqual(_reader(compact + b": x\r\n").lines[0].name, name)
        self.assertEqual([line.name for line in _reader(b"m: <sip:a>\r\nk: 100rel\r\nc: a/b\r\nq: z\r\n").lines], [
            b"contact", b"supported", b"content-type", b"q",
        ])  # fmt: skip

    def test_only_crlf_ends_a_line(self) -> None:
        """A bare CR or LF is a byte of the value, no line end."""
        reader = _reader(b"X-A: a\nl: 3\r\nX-B: b\rl: 4\r\n")
        self.assertEqual([line.name for line in reader.lines], [b"x-a", b"x-b"])
        self.assertIsNone(reader.content_length)

    def test_no_headers(self) -> None:
        """A message may have no headers at all."""
        self.assertEqual(_reader(b"").lines, [])

    def test_folded_first_line(self) -> None:
        """The first line can't be continued."""
        reader = _reader(b" v: a\r\n")
        self.assertRaises(ParseError, lambda: reader.lines)


class ValuesTests(SynchronousTestCase):
    def test_call_id(self) -> None:
        """Blanks around it are left aside, those inside are not."""
        self.assertEqual(_reader(b"i :\r\n  a b\r\n c \t\r\n").call_id, b"a b\r\n c")

    def test_vias(self) -> None:
        """Lists and lines are one list; the topmost is the first value of the first line."""
        reader = _reader(b"v: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nX: y\r\nVIA: SIP/2.0/TCP c\r\n")
        self.assertEqual([via.host for via in reader.vias], [b"a", b"b", b"c"])
        self.assertEqual(reader.via, reader.vias[0])

    def test_routes(self) -> None:
        """Route and Record-Route are lists over all their lines; absent ones are empty."""
        reader = _reader(b"Route: <sip:a>, <sip:b>\r\nRecord-Route: <sip:x>\r\nROUTE: <sip:c>\r\n")
        self.assertEqual([entry.uri for entry in reader.routes], [b"sip:a", b"sip:b", b"sip:c"])
        self.assertEqual([entry.uri for entry in reader.record_routes], [b"sip:x"])
        self.assertEqual(_reader(b"").routes, [])

    def test_option_tags(self) -> None:
        """Require and Proxy-Require are lists over all their lines."""
        reader = _reader(b"Require: A,b\r\nrequire: c\r\nProxy-Require : d\r\n")
        self.assertEqual((reader.require, reader.proxy_require), ((b"a", b"b", b"c"), (b"d",)))

    def test_absent(self) -> None:
        """What may be missing is None; what must be there is a ParseError."""
        reader = _reader(b"")
        self.assertIsNone(reader.max_forwards)
        self.assertIsNone(reader.content_length)
        for name in ("call_id", "cseq", "via", "vias", "from_uri", "from_tag", "to_uri", "to_tag"):
            self.assertRaises(ParseError, getattr, reader, name)
        self.assertRaises(ParseError, getattr, _reader(b"Call-ID: \r\n"), "call_id")

    def test_twice(self) -> None:
        """A second line of what may be there once is a ParseError, but for the same Content-Length."""
        headers = b"i: a\r\nCSeq: 1 BYE\r\nf: <sip:a>\r\nt: <sip:a>\r\nMax-Forwards: 1\r\nl: 2\r\n"
        reader = _reader(headers + headers)
        for name in ("call_id", "cseq", "from_tag", "to_tag", "max_forwards"):
            self.assertRaises(ParseError, getattr, reader, name)
        self.assertEqual(reader.content_length, 2)
        self.assertRaises(ParseError, getattr, _reader(b"l: 2\r\nContent-Length: 3\r\n"), "content_length")

    @given(st.binary(), st.sampled_from((b"", b"Via: ", b"f:", b"T :", b"l: ", b"Route: <", b"CSeq: 1", b"Require:")))
    def test_any_bytes(self, text: bytes, name: bytes) -> None:
        """Any bytes give values or ParseErrors."""
        reader = _reader(name + text + b"\r\n")
        for one in _PROPERTIES:
            try:
                getattr(reader, one)
            except ParseError as error:
                self.assertLessEqual(error.offset, len(reader.raw))


class IndependenceTests(SynchronousTestCase):
    def test_no_patterns(self) -> None:
        """Neither the reader nor what it reads with has a pattern of its own, or one of `grammar`."""
        room = Path(sip.__path__[0])
        seen: set[str] = set()
        waiting = ["reader"]
        while waiting:
            name = waiting.pop()
            seen.add(name)
            for node in ast.walk(ast.parse((room / f"{name}.py").read_text())):
                if isinstance(node, ast.Import):
                    self.assertNotIn("re", [alias.name for alias in node.names], name)
                elif isinstance(node, ast.ImportFrom) and node.module == "dispatch.sip":
                    waiting += [alias.name for alias in node.names if alias.name not in seen]
                elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dispatch.sip."):
                    waiting += [one for one in [(node.module or "").rpartition(".")[2]] if one not in seen]
        self.assertNotIn("grammar", seen)
        self.assertIn("via", seen)
