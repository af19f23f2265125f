"""Changes that are asked for one after the other, and made all at once when the message leaves."""

from __future__ import annotations

from collections.abc import Iterable

Edit = tuple[int, int, bytes]
"""Put the text for ``raw[start:stop]``; offsets in bytes."""


def merge(edits: Iterable[Edit]) -> list[Edit]:
    """In order and free of overlaps, as `splice` wants them.

    What is inserted at one place stays in the order it was asked for; what lies within something that goes, goes with
    it; of two texts for the same place the later one counts.
    """
    merged: list[Edit] = []
    for start, stop, text in sorted(edits, key=_place):
        before = merged[-1] if merged else (0, 0, b"")
        if merged and start == stop == before[0] == before[1]:
            merged[-1] = (start, stop, before[2] + text)
        elif merged and before[:2] == (start, stop):
            merged[-1] = (start, stop, text)
        elif start >= before[1]:
            merged.append((start, stop, text))
        elif stop > before[1]:
            merged[-1] = (before[0], stop, before[2] + text)
    return merged


def _place(edit: Edit) -> tuple[int, int]:
    """Insertions first, then the longest: it takes what lies within it along."""
    start, stop, _ = edit
    return (start, -stop if stop > start else -(2**60))


def apply(raw: bytes, edits: Iterable[Edit]) -> bytes:
    """The message with all changes made."""
    parts: list[bytes] = []
    at = 0
    for start, stop, text in merge(edits):
        parts += (raw[at:start], text)
        at = stop
    parts.append(raw[at:])
    return b"".join(parts)
