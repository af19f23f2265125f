r"""AMP's boxes, read and written: https://amp-protocol.net, Twisted's own form of them.

::

    box   = 1*( key value ) %x00.00
    key   = length 1*255OCTET      ; length: two octets, the higher first
    value = length 0*65535OCTET

A text that needs more than one value goes on in ``NAME.1``, ``NAME.2`` ... of the same box: only arguments do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import count
from typing import Any, Final

from dispatch.control.text import to_bytes

LONGEST: Final = 65535  # of one value
LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a box, or a little more: what comes beyond is not waited for."""
_LONGEST_KEY: Final = 255
_KEYS: Final = 48
_FIELD: Final = 8000  # of one text in an answer: what is longer is cut, so that a record always fits
_END: Final = b"\0\0"

Box = dict[bytes, bytes]


class BoxError(ValueError):
    """What came is no box, or one larger than anybody needs."""


class BoxReader:
    """Cuts a stream into boxes."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._pending += data

    def take(self) -> Box | None:
        """The next box; None as long as it is not all there.

        Raises:
            BoxError: it never will be; the stream is of no use any more.
        """
        data, at, box = self._pending, 0, Box()
        while len(data) >= at + 2:
            key = at + 2
            value = key + _length(data, at) + 2
            if value == at + 4:  # no key: the end
                if not box:
                    raise BoxError("an empty box")
                del data[:key]
                return box
            if value - 2 - key > _LONGEST_KEY:
                raise BoxError("a key that is too long")
            if len(box) == _KEYS:
                raise BoxError("too many keys")
            if len(data) < value:
                break
            at = value + _length(data, value - 2)
            if len(data) < at:
                break
            box[bytes(data[key : value - 2])] = bytes(data[value:at])
        if len(data) > LARGEST:
            raise BoxError("a box that is too large")
        return None


def _length(data: bytearray, at: int) -> int:
    return data[at] << 8 | data[at + 1]


def pack(box: Box) -> bytes:
    """A box as it travels."""
    parts: list[bytes] = []
    for key, value in box.items():
        parts += len(key).to_bytes(2, "big"), key, len(value).to_bytes(2, "big"), value
    parts.append(_END)
    return b"".join(parts)


def record(one: Any) -> Box:
    """The fields of a dataclass, as Twisted's argument types write them."""
    assert is_dataclass(one)
    return {field.name.encode(): _written(getattr(one, field.name)) for field in fields(one)}


def _written(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"True" if value else b"False"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, str):
        return _cut(value)
    return b"".join([len(part).to_bytes(2, "big") + part for part in map(_cut, value)])  # amp.ListOf


def _cut(text: str) -> bytes:
    raw = to_bytes(text)
    return raw if len(raw) <= _FIELD else raw[: _FIELD - 3] + b"..."


def split(name: bytes, value: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A value in pieces that fit: under its name, ``name.1``, ``name.2`` ..."""
    yield name, value[:LONGEST]
    for number in range(1, -(-len(value) // LONGEST)):
        yield b"%s.%d" % (name, number), value[number * LONGEST : (number + 1) * LONGEST]


def join(box: Box) -> Box:
    """The values of a box, those in pieces put together again."""
    whole: Box = {}
    for key in [key for key in box if key + b".1" in box]:
        pieces = [box.pop(key)]
        for number in count(1):
            piece = box.pop(b"%s.%d" % (key, number), None)
            if piece is None:
                break
            pieces.append(piece)
        whole[key] = b"".join(pieces)
    return {**box, **whole}
