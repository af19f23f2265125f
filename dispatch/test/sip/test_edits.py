"""Tests of dispatch.sip.edits."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip.edits import Edit, apply, merge

RAW = b"0123456789"
_PLACE = st.integers(0, len(RAW))
_EDITS = st.lists(
    st.tuples(_PLACE, _PLACE, st.binary(max_size=3)).map(lambda one: (min(one[:2]), max(one[:2]), one[2]))
)


class EditTests(SynchronousTestCase):
    def test_order(self) -> None:
        """What is inserted at one place stays in order, before what is put for the bytes behind it."""
        self.assertEqual(apply(RAW, [(3, 4, b"X"), (3, 3, b"b"), (3, 3, b"a")]), b"012baX456789")

    def test_overlaps(self) -> None:
        """What lies within something that goes is gone with it; of two texts for one place the later one counts."""
        for edits, expected in (
            ([(2, 4, b""), (3, 4, b"x"), (1, 6, b"")], b"06789"),
            ([(2, 4, b"a"), (2, 4, b"b")], b"01b456789"),
            ([(2, 5, b""), (4, 7, b"")], b"01789"),
            ([(2, 5, b""), (5, 5, b"x")], b"01x56789"),
            ([(2, 5, b""), (2, 5, b""), (3, 3, b"x")], b"0156789"),
        ):
            self.assertEqual(apply(RAW, edits), expected, edits)

    @given(_EDITS)
    @example([(0, 0, b""), (0, 10, b""), (0, 0, b"a")])
    def test_any(self, edits: list[Edit]) -> None:
        """What is merged is in order and free of overlaps, and drops the bytes that were named and no others."""
        merged = merge(edits)
        at = -1
        for start, stop, _ in merged:
            self.assertTrue(at <= start <= stop)
            at = stop
        kept = {place for place in range(len(RAW)) if not any(start <= place < stop for start, stop, _ in edits)}
        self.assertEqual(
            kept, {place for place in range(len(RAW)) if not any(start <= place < stop for start, stop, _ in merged)}
        )
