"""What is sent: the collections of others, and shapes of ours; each case a name and the pieces that it is made of."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.test.hostile.shapes import shapes
from dispatch.test.sip.corpora import SHARED, as_sent, torture

_CDATA: Final = re.compile(rb"<!\[CDATA\[\s*(.*?)\]\]>", re.DOTALL)
_SHAPE: Final = 5000  # marks in a row


class Case(NamedTuple):
    """What a stranger sends.

    Attributes:
        make: gives the datagrams, or what is written to a stream one after the other.
    """

    name: str
    make: Callable[[], tuple[bytes, ...]]


def cases(source: tuple[str, int]) -> Iterator[Case]:
    """All of them; without the shared folder only those that are ours to keep.

    Args:
        source: where answers are to go, for those that have a place for it.
    """
    for name, data in torture():
        yield Case(name, partial(_alone, data))
    for path in sorted(SHARED.rglob("*")):
        if path.suffix == ".zip":
            yield from _protos(path, source)
        elif path.is_file():
            yield from _file(path)
    for name, data in shapes(_SHAPE):
        yield Case(name, partial(_alone, data))


def _alone(data: bytes) -> tuple[bytes, ...]:
    return (data,)


def _file(path: Path) -> Iterator[Case]:
    name, data = str(path.relative_to(SHARED)), path.read_bytes()
    found: list[bytes] = _CDATA.findall(data) if path.suffix == ".xml" else []
    for number, text in enumerate(found or [data]):
        yield Case(f"{name} {number}", partial(_alone, as_sent(text)))


def _protos(path: Path, source: tuple[str, int]) -> Iterator[Case]:
    """Each case is an INVITE and what ends it, each behind its length, with places to be filled."""
    with zipfile.ZipFile(path) as archive:
        for number, name in enumerate(archive.namelist()):
            yield Case(f"protos {name}", partial(_pieces, archive, name, number, source))


def _pieces(archive: zipfile.ZipFile, name: str, number: int, source: tuple[str, int]) -> tuple[bytes, ...]:
    pieces = []
    rest = archive.read(name)
    while rest.strip():
        size, _, rest = rest.partition(b" ")
        pieces.append(_filled(rest[: int(size)], number, source))
        rest = rest[int(size) :]
    return tuple(pieces)


def _filled(message: bytes, number: int, source: tuple[str, int]) -> bytes:
    host = source[0].encode()
    for place, text in (
        (b"<To>", b"bob@example.com"),
        (b"<From>", b"alice@" + host),
        (b"<From-Address>", host),
        (b"<From-IP>", host),
        (b"<Local-Port>", b"%d" % source[1]),
        (b"<Branch-ID>", b"x%d" % number),
        (b"<Call-ID>", b"%d" % number),
        (b"<CSeq>", b"1"),
        (b"<Teardown-Method>", b"CANCEL"),
    ):
        message = message.replace(place, text)
    return message.replace(b"<Content-Length>", b"%d" % len(message.partition(b"\r\n\r\n")[2]))
