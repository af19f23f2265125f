"""Messages that others wrote: the copied ones of the RFCs, and those of the shared folder where there is one."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TORTURE: Final = Path(__file__).parent / "torture"
ROOT: Final = Path(__file__).parents[3]
SHARED: Final = ROOT / os.environ.get("SHARED", "../shared") / "corpora"
_PLACES: Final = (
    (b"<To>", b"bob@example.com"),
    (b"<From>", b"alice@192.0.2.9"),
    (b"<From-Address>", b"192.0.2.9"),
    (b"<From-IP>", b"192.0.2.9"),
    (b"<Local-Port>", b"5060"),
    (b"<Branch-ID>", b"1"),
    (b"<Call-ID>", b"1"),
    (b"<CSeq>", b"1"),
)
MISSING: Final = "" if SHARED.is_dir() else f"no corpora in {SHARED}; set SHARED to the folder that has them"


def torture() -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the messages of RFC 4475 and RFC 5118."""
    for path in sorted(TORTURE.glob("*.dat")):
        yield path.name, path.read_bytes()


def shared() -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all that the shared folder has: messages, streams, and texts that are none."""
    for path in sorted(SHARED.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path.stem}/{name}", _message_of_case(archive.read(name))
        elif path.is_file():
            yield str(path.relative_to(SHARED)), path.read_bytes()


def _message_of_case(case: bytes) -> bytes:
    """A case of PROTOS is two messages, each behind its length, with places to be filled: here the first of them."""
    size, _, message = case.partition(b" ")
    message = message[: int(size)]
    for place, text in _PLACES:
        message = message.replace(place, text)
    return message.replace(b"<Content-Length>", b"%d" % len(message.partition(b"\r\n\r\n")[2]))


def as_sent(data: bytes) -> bytes:
    """With the line ends that it would have on the wire, where a text file has others."""
    return data if b"\r\n\r\n" in data else data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
