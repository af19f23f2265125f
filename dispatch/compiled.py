"""Machine code in place of the modules that every message passes through.

``make compiled`` leaves it in ``build/compiled``, with the digest of each source. It is used as long as all of them are
the same, so that nobody runs what he does not read; without it the very same modules run as Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_FOLDER: Final = _ROOT / "build" / "compiled"
_DIGESTS: Final = _FOLDER / "sources.sha256"

MODULES: Final = (
    "dispatch/balance/address.py",
    "dispatch/balance/algorithms/hash_auth.py",
    "dispatch/balance/algorithms/hash_callid.py",
    "dispatch/balance/algorithms/hash_from.py",
    "dispatch/balance/algorithms/hash_ruri.py",
    "dispatch/balance/algorithms/hash_to.py",
    "dispatch/balance/hashing.py",
    "dispatch/balance/selection.py",
    "dispatch/engine.py",
    "dispatch/proxy/context.py",
    "dispatch/proxy/dialog.py",
    "dispatch/proxy/proxy.py",
    "dispatch/proxy/request.py",
    "dispatch/proxy/response.py",
    "dispatch/proxy/stateless.py",
    "dispatch/script/default.py",
    "dispatch/script/route.py",
    "dispatch/sip/build.py",
    "dispatch/sip/client_transaction.py",
    "dispatch/sip/credentials.py",
    "dispatch/sip/flow.py",
    "dispatch/sip/head.py",
    "dispatch/sip/message.py",
    "dispatch/sip/server_transaction.py",
    "dispatch/sip/timers.py",
    "dispatch/sip/via.py",
    "dispatch/transport/udp.py",
)
"""What is compiled: nothing else gains by it."""
_SHARED: Final = "dispatch__mypyc"  # what all compiled modules have in common


class Finder:
    """Finds modules in a folder of machine code.

    Args:
        folder: laid out like the source.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Python asks for a module; None where there is no machine code of it."""
        if not name.startswith("dispatch"):
            return None
        file = self._folder / (name.replace(".", os.sep) + EXTENSION_SUFFIXES[0])
        return spec_from_file_location(name, file) if file.exists() else None


def is_current(digests: Path, root: Path) -> bool:
    """Whether there is machine code for this Python, made from the sources as they are now.

    Args:
        digests: lines of digest and path, as sha256sum writes them.
        root: where the paths begin.
    """
    try:
        lines = digests.read_text().splitlines()
        return (digests.parent / (_SHARED + EXTENSION_SUFFIXES[0])).exists() and all(
            sha256((root / path).read_bytes()).hexdigest() == digest
            for digest, path in (line.split(maxsplit=1) for line in lines)
        )
    except OSError:
        return False


def write_digests(digests: Path, root: Path) -> None:
    """Note which sources the machine code was made from."""
    lines = [f"{sha256((root / path).read_bytes()).hexdigest()}  {path}\n" for path in MODULES]
    digests.write_text("".join(lines))


def use() -> None:
    """Let Python find the machine code, when it is current and ``DISPATCH_COMPILED`` is not 0."""
    if os.environ.get("DISPATCH_COMPILED") != "0" and is_current(_DIGESTS, _ROOT):
        sys.meta_path.insert(0, Finder(_FOLDER))


if __name__ == "__main__":
    write_digests(_DIGESTS, _ROOT)
