"""BINRPC packets, read and written: what `kamcmd` speaks.

::

    packet = %xA1 (type, length of length, length of cookie) length cookie body
    record = (size, type) value                 ; size 0 to 7: bytes of the value
           / (%x8 + size, type) length value    ; size: bytes of the length

Everything is big endian. A reply is made while it is sent: a listing may be long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.control.text import to_bytes, to_text
from dispatch.control.values import Fault, Parameter, Repeated, Struct, Value

MAGIC: Final = 0xA1
LARGEST: Final = 65535
"""Bytes of a request's body."""
REQUEST, REPLY, FAULT = 0x00, 0x10, 0x30

_INT, _TEXT, _DOUBLE, _STRUCT, _ARRAY, _NAME, _BYTES = range(7)
_BEGIN_STRUCT: Final = b"\x03"
_END_STRUCT: Final = b"\x83"
_NULL: Final = "<null string>"
_LONGEST_FAULT: Final = 255  # characters
_LONG: Final = 0x80
_THOUSANDTHS: Final = 1000
_HALF, _WHOLE = 1 << 31, 1 << 32
_HALF_DOUBLE, _WHOLE_DOUBLE = 1 << 63, 1 << 64


class PacketError(ValueError):
    """What came is no packet; a stream is of no use any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """A packet that asks for something.

    Attributes:
        cookie: comes back in the answer.
        body: records.
    """

    cookie: int
    body: bytes


def take(data: bytearray) -> Request | None:
    """Cut the first request off; None as long as it is not all there.

    Raises:
        PacketError: it never will be.
    """
    if len(data) < 2:
        return None
    if data[0] != MAGIC or data[1] & 0xF0 != REQUEST:
        raise PacketError("bad request: corrupted packet")
    start = 2 + (data[1] >> 2 & 3) + 1
    head = start + (data[1] & 3) + 1
    if len(data) < head:
        return None
    size = int.from_bytes(data[2:start], "big")
    if size > LARGEST:
        raise PacketError("bad request: corrupted packet")
    if len(data) < head + size:
        return None
    request = Request(int.from_bytes(data[start:head], "big"), bytes(data[head : head + size]))
    del data[: head + size]
    return request


def parse(body: bytes) -> tuple[str, list[Parameter]]:
    """Name and parameters of a request.

    Raises:
        Fault: it is none.
    """
    records = list(_records(body))
    if not records or not isinstance(records[0], str):
        raise Fault(400, "bad request method: record doesn't match type")
    return records[0], records[1:]


def _records(body: bytes) -> Iterator[Parameter]:
    at = 0
    while at < len(body):
        size, kind, at = body[at] >> 4, body[at] & 0x0F, at + 1
        if size >= 8 and kind != _DOUBLE:
            length, at = size - 8, at + size - 8
            size = int.from_bytes(body[at - length : at], "big")
        if kind not in (_INT, _TEXT, _DOUBLE, _BYTES) or at + size > len(body) or (kind == _INT and size > 4):
            raise Fault(400, "bad request: corrupted packet")
        yield _value(kind, body[at : at + size])
        at += size


def _value(kind: int, raw: bytes) -> Parameter:
    if kind == _INT:
        number = int.from_bytes(raw, "big")
        return number - _WHOLE if number >= _HALF else number
    if kind == _DOUBLE:
        number = int.from_bytes(raw, "big")
        return (number - _WHOLE_DOUBLE if number >= _HALF_DOUBLE else number) / _THOUSANDTHS
    return to_text(raw.removesuffix(b"\0") if kind == _TEXT else raw)


def body(values: tuple[Value, ...]) -> Iterator[bytes]:
    """The records of a reply, in pieces."""
    for value in values:
        yield from _written(value)


def _written(value: Value) -> Iterator[bytes]:
    if isinstance(value, Struct):
        yield _BEGIN_STRUCT
        for name, member in value.members:
            yield _text(_NAME, name)
            yield from _written(member)
        yield _END_STRUCT
    elif isinstance(value, Repeated):
        yield _BEGIN_STRUCT
        head = _text(_NAME, value.name)
        for one in value.values:
            yield head
            yield from _written(one)
        yield _END_STRUCT
    else:
        yield _scalar(value)


def _scalar(value: int | float | str | None) -> bytes:
    if isinstance(value, int):
        raw = _shortest(value % _WHOLE)
        return bytes((len(raw) << 4 | _INT,)) + raw
    if isinstance(value, float):
        raw = _shortest(int(value * _THOUSANDTHS) % _WHOLE_DOUBLE)
        return bytes((len(raw) << 4 | _DOUBLE,)) + raw
    return _text(_TEXT, _NULL if value is None else value)


def _text(kind: int, text: str) -> bytes:
    raw = to_bytes(text).replace(b"\0", b"") + b"\0"
    if len(raw) < 8:
        return bytes((len(raw) << 4 | kind,)) + raw
    length = _shortest(len(raw))
    return bytes((_LONG | len(length) << 4 | kind,)) + length + raw


def _shortest(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def packet(kind: int, cookie: int, body: bytes) -> bytes:
    """A reply or a fault, whole: `kamcmd` wants all of it in one read."""
    length, number = _shortest(len(body)) or b"\0", _shortest(cookie) or b"\0"
    return bytes((MAGIC, kind | len(length) - 1 << 2 | len(number) - 1)) + length + number + body


def fault(cookie: int, error: Fault) -> bytes:
    """The packet of a fault."""
    return packet(FAULT, cookie, b"".join(body((error.code, error.text[:_LONGEST_FAULT]))))
