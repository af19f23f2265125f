"""Tests of `dispatch.sip.framer`."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterable
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip.framer import Framer
from dispatch.sip.message import Message

OPTIONS: Final = b"OPTIONS sip:a SIP/2.0\r\nTo: <sip:a>\r\nContent-Length: 3\r\n\r\nx\r\n"
COMPACT: Final = b"BYE sip:a SIP/2.0\r\nL :\r\n  0004\t\r\nl: 4\r\n\r\n\r\n\r\n"
EMPTY: Final = b"SIP/2.0 200 OK\r\ncontent-LENGTH:0\r\n\r\n"
ENDLESS: Final = b"BYE sip:a SIP/2.0\r\nTo: <sip:a>\r\n\r\n"
BIG: Final = b"BYE sip:a SIP/2.0\r\nContent-Length: 900\r\n\r\n"

_LINES: Final = st.lists(
    st.sampled_from(
        (
            *(b"Content-Length: 2\r\n", b"Content-Length:2\r\n", b"l: 2\r\n", b"L\t: 2\r\n", b"content-length : 3\r\n"),
            *(b"Content-Length:\r\n 2\r\n", b"Content-Length: 2\r\n \r\n", b"Content-Length: 2\r\n 1\r\n", b"l:\r\n"),
            *(b"Content-Length: 00000000000000000002\r\n", b"Content-Length: 1 1\r\n", b"Content-Length: -1\r\n"),
            *(
                b"X: a\nl: 3\r\n",
                b"X: a\rl: 3\r\n",
                b"X: a\r\n l: 3\r\n",
                b"Xl: 3\r\n",
                b"Content-Length\r\n",
                b" \r\n",
            ),
            *(b"Content-Length: 2\t\r\n", b"Content-Length: +2\r\n", b"Content-Length: 2\n\r\n", b"To: <sip:a>\r\n"),
        )
    ),
    max_size=4,
)


def _cut(stream: bytes, sizes: Iterable[int], framer: Framer) -> tuple[list[bytes], int, bytes, str]:
    """All that comes of a stream in pieces: messages, pings, the rest and the fault."""
    out: list[bytes] = []
    try:
        for size in sizes:
            piece, stream = stream[:size], stream[size:]
            framer.feed(piece)
            out += framer.done
        framer.feed(stream)
        out += framer.done
    except ParseError as error:
        return out + framer.done, framer.pings, framer.rest, f"{error.status} {error}"
    return out, framer.pings, framer.rest, ""


class FramerTests(SynchronousTestCase):
    def test_one_message_in_one_piece(self) -> None:
        """A piece that is a whole message comes out as it is, uncopied."""
        out = Framer().feed(OPTIONS)
        self.assertEqual(out, [OPTIONS])
        self.assertIs(out[0], OPTIONS)

    def test_body_of_any_bytes(self) -> None:
        """Empty lines in a body end nothing."""
        self.assertEqual(Framer().feed(COMPACT + OPTIONS), [COMPACT, OPTIONS])

    @given(
        st.lists(st.sampled_from((OPTIONS, COMPACT, EMPTY, b"\r\n", b"\r\n\r\n", ENDLESS, BIG, b"\r")), max_size=6),
        st.lists(st.integers(0, 60), max_size=40),
    )
    @example([b"\r\n\r\n", OPTIONS], [1, 1, 1, 1, 1, 1])
    @example([OPTIONS, BIG, OPTIONS], [len(OPTIONS) + 30])
    def test_cuts_do_not_matter(self, parts: list[bytes], sizes: list[int]) -> None:
        """However TCP cuts the stream, the same messages, pings and faults come out."""
        stream = b"".join(parts)
        expected = _cut(stream, (), Framer(200))
        self.assertEqual(_cut(stream, sizes, Framer(200)), expected)
        self.assertEqual(_cut(stream, [1] * len(stream), Framer(200)), expected)

    @given(st.binary(), st.lists(st.integers(1, 20), max_size=20))
    def test_any_bytes(self, data: bytes, sizes: list[int]) -> None:
        """No bytes make it raise anything but ParseError, and no byte comes out that did not go in."""
        out, _, _, _ = _cut(data, sizes, Framer(64))
        self.assertLessEqual(sum(map(len, out)), len(data))

    @given(_LINES, st.integers(0, 4))
    @example([b"Content-Length: 2\r\n", b"Content-Length: 2\r\n"], 2)
    def test_message_agrees(self, lines: list[bytes], body: int) -> None:
        """What is cut off is as long as `Message` says it is; where that can't tell, neither can the framer."""
        head = b"BYE sip:a SIP/2.0\r\nTo: <sip:a>\r\n" + b"".join(lines) + b"\r\n"
        size = head.find(b"\r\n\r\n") + 4
        head, behind = head[:size], head[size:]
        framer = Framer()
        try:
            out = framer.feed(head + behind + b"x" * (body + 20))
        except ParseError:
            out = []
        for usual in (None, False):
            try:
                message = Message(head + behind + b"x" * (body + 20), usual)
                expected = None if message.content_length is None else len(message.raw)
            except ParseError:
                expected = None
            if out or expected is not None:
                self.assertEqual(expected, len(out[0]) if out else None)

    def test_pings(self) -> None:
        """A double line end between messages is a ping (RFC 5626 §4.4.1), one alone is skipped (RFC 3261 §7.5)."""
        framer = Framer()
        self.assertEqual(framer.feed(b"\r\n\r\n"), [])
        self.assertEqual(framer.pings, 1)
        framer.pings = 0
        self.assertEqual(framer.feed(b"\r\n" + OPTIONS + b"\r\n" + OPTIONS), [OPTIONS, OPTIONS])
        self.assertEqual(framer.pings, 0)
        self.assertEqual(framer.feed(b"\r\n\r\n\r\n\r\n"), [])
        self.assertEqual(framer.pings, 2)

    def test_nothing_is_held_between_messages(self) -> None:
        """What went out is not kept."""
        framer = Framer()
        framer.feed(OPTIONS[:9])
        framer.feed(OPTIONS[9:])
        self.assertEqual(len(framer._held), 0)

    def test_no_content_length(self) -> None:
        """Without Content-Length a stream can't go on (RFC 3261 §18.3): 400; messages before it are not lost."""
        framer = Framer()
        error = self.assertRaises(ParseError, framer.feed, OPTIONS + ENDLESS + OPTIONS)
        self.assertEqual(error.status, 400)
        self.assertEqual(framer.done, [OPTIONS])
        self.assertEqual(framer.rest, ENDLESS)

    def test_two_content_lengths(self) -> None:
        """Two different values are 400: who takes the other one sees other messages."""
        framer = Framer()
        head = b"BYE sip:a SIP/2.0\r\nContent-Length: 2\r\nl: 3\r\n\r\n"
        error = self.assertRaises(ParseError, framer.feed, head + b"abc")
        self.assertEqual((error.status, framer.rest), (400, head))

    def test_too_long(self) -> None:
        """A message over the limit is 513, as soon as its headers say so; exactly at the limit it passes."""
        framer = Framer(len(OPTIONS) - 1)
        error = self.assertRaises(ParseError, framer.feed, OPTIONS[:-3])
        self.assertEqual((error.status, framer.rest), (513, OPTIONS[:-3]))
        self.assertEqual(Framer(len(OPTIONS)).feed(OPTIONS), [OPTIONS])

    def test_headers_too_long(self) -> None:
        """Headers without end are 513 when they reach the limit, and no more of them is kept."""
        framer = Framer(64)
        framer.feed(b"x" * 63)
        error = self.assertRaises(ParseError, framer.feed, b"x" * 10)
        self.assertEqual((error.status, framer.rest), (513, b"x" * 64))

    def test_a_fault_is_final(self) -> None:
        """After a fault nothing more is cut or kept."""
        framer = Framer()
        first = self.assertRaises(ParseError, framer.feed, ENDLESS)
        again = self.assertRaises(ParseError, framer.feed, OPTIONS)
        self.assertEqual((str(again), again.offset, again.status), (str(first), first.offset, first.status))
        self.assertEqual((framer.done, len(framer._held)), ([], 0))

    def test_a_fault_leaves_nothing_behind(self) -> None:
        """What was at fault is free when nobody wants it any more, without waiting for the garbage collector."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        for _ in range(100):
            with contextlib.suppress(ParseError):
                Framer().feed(ENDLESS)
        self.assertEqual([one for one in gc.get_objects() if isinstance(one, Framer)], [])

    def test_dropped(self) -> None:
        """Of a stream that is over nothing is kept, neither of a message that is not whole nor of one at fault."""
        for data in (OPTIONS[:-5], OPTIONS, ENDLESS):
            framer = Framer()
            with contextlib.suppress(ParseError):
                framer.feed(data)
            framer.drop()
            self.assertEqual((len(framer._held), framer.rest, framer.done), (0, b"", []))

    def test_lies_about_the_length(self) -> None:
        """A length that is negative, signed, has underscores or other digits, or is none is 400 (§18.3)."""
        for value in (b"-1", b"+2", b"0_2", "٢".encode(), b"2 2", b"0x2", b"", b"2,2", b"9" * 5000):
            head = b"BYE sip:a SIP/2.0\r\nContent-Length: %b\r\n\r\n" % value
            error = self.assertRaises(ParseError, Framer().feed, head + b"ab")
            self.assertEqual((error.status, value), (400, value))

    def test_each_byte_is_searched_once(self) -> None:
        """Headers that come byte by byte are not searched from their beginning again."""
        framer = Framer()
        for at in range(1000):
            framer.feed(b"xy\r\n"[at % 4 : at % 4 + 1])
        self.assertEqual(framer._searched, 997)
