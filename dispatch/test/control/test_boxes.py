"""Tests of dispatch.control.boxes, held against Twisted's own reading and writing of boxes."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from twisted.protocols import amp
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.boxes import LONGEST, Box, BoxError, BoxReader, join, pack, record, split

BOXES = st.dictionaries(st.binary(min_size=1, max_size=255), st.binary(max_size=300), min_size=1, max_size=6)


def read(data: bytes) -> list[Box]:
    reader = BoxReader()
    reader.feed(data)
    return list(iter(reader.take, None))


class ReaderTests(SynchronousTestCase):
    @given(st.lists(BOXES, max_size=4), st.lists(st.integers(1, 40), max_size=30))
    def test_cuts_do_not_matter(self, boxes: list[Box], cuts: list[int]) -> None:
        """Boxes that Twisted wrote come out as they were, however the stream is cut."""
        stream = b"".join(amp.AmpBox(box).serialize() for box in boxes)
        reader, found = BoxReader(), []
        for cut in (*cuts, len(stream)):
            reader.feed(stream[:cut])
            stream = stream[cut:]
            found += list(iter(reader.take, None))
        self.assertEqual(found, boxes)

    @given(st.lists(BOXES, max_size=4))
    def test_twisted_reads_it(self, boxes: list[Box]) -> None:
        """What is packed here, Twisted reads as the same boxes."""
        self.assertEqual([dict(one) for one in amp.parseString(b"".join(map(pack, boxes)))], boxes)

    @given(st.binary(max_size=2000))
    def test_any_bytes(self, data: bytes) -> None:
        """Any bytes are boxes, the beginning of one, or a BoxError; never anything else."""
        try:
            boxes = read(data)
        except BoxError:
            return
        self.assertNotIn({}, boxes)

    def test_what_is_no_box(self) -> None:
        """An empty box, a key that is too long and more keys than anybody needs are refused."""
        for data in (b"\0\0", b"\1\0" + bytes(256), b"".join(b"\0\2%02d\0\0" % number for number in range(49))):
            with self.assertRaises(BoxError):
                read(data)

    def test_too_large(self) -> None:
        """A box that does not come to an end within two megabytes is refused."""
        reader = BoxReader()
        for number in range(31):
            reader.feed(b"\0\2%02d\xff\xff" % number + bytes(65535))
            self.assertIsNone(reader.take())
        reader.feed(b"\0\2zz\xff\xff" + bytes(65534))
        with self.assertRaises(BoxError):
            reader.take()


@dataclass
class Everything:
    text: str
    number: int
    sure: bool
    texts: tuple[str, ...]


class RecordTests(SynchronousTestCase):
    def test_twisted_reads_it(self) -> None:
        """Each kind of field is written as Twisted's argument of that kind reads it."""
        box = record(Everything("ä", -7, True, ("a", "", "ö")))
        read = {
            "text": amp.Unicode(),
            "number": amp.Integer(),
            "sure": amp.Boolean(),
            "texts": amp.ListOf(amp.Unicode()),
        }
        self.assertEqual(
            {name: kind.fromStringProto(box[name.encode()], None) for name, kind in read.items()},
            {"text": "ä", "number": -7, "sure": True, "texts": ["a", "", "ö"]},
        )

    def test_long_text(self) -> None:
        """A text that is longer than any sensible one is cut, so that a record fits into an answer."""
        text = record(Everything("x" * 9000, 0, False, ()))[b"text"]
        self.assertEqual((len(text), text[-4:]), (8000, b"x..."))


class PieceTests(SynchronousTestCase):
    @given(st.integers(0, 3), st.integers(-1, 1))
    def test_back_together(self, pieces: int, more: int) -> None:
        """A value in pieces is the same when they are put together; one that fits stays whole."""
        value = b"x" * max(0, pieces * LONGEST + more)
        box = dict(split(b"list", value))
        self.assertTrue(all(len(piece) <= LONGEST for piece in box.values()))
        self.assertEqual(len(box), max(1, -(-len(value) // LONGEST)))
        self.assertEqual(join({**box, b"other": b"1"}), {b"list": value, b"other": b"1"})
