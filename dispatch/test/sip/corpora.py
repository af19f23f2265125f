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
MISSING: Final = "" if SHARED.is_dir() else f"no corpora in {SHARED}; set SHARED to the folder that has them"


def torture() -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the messages of RFC 4475 and RFC 5118."""
    for path in sorted(TORTURE.glob("*.dat")):
        yield path.name, path.read_bytes()


def shared(every: int = 1) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all that the shared folder has: messages, streams, and texts that are none.

    Args:
        every: of the thousands that an archive has, take one of so many.
    """
    for path in sorted(SHARED.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist()[::every]:
                    yield f"{path.stem}/{name}", archive.read(name)
        elif path.is_file():
            yield str(path.relative_to(SHARED)), path.read_bytes()


def as_sent(data: bytes) -> bytes:
    """With the line ends that it would have on the wire, where a text file has others."""
    return data if b"\r\n\r\n" in data else data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
