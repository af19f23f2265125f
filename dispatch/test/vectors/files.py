"""Where the vectors are, and which of them must pass by now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dispatch.test.vectors.vector import Vector

_ROOT: Final = Path(__file__).parents[3]
COPIES: Final = Path(__file__).parent / "recorded"

# Whole categories: an algorithm that is missing in one keeps it out of here.
SUPPORTED: Final = (
    "active-mask",
    "callload",
    "dist-random",
    "dist-rweight",
    "dist-weight",
    "failover-map",
    "force-dst",
    "hash-auth",
    "hash-auth-edge",
    "hash-callid",
    "hash-callid-edge",
    "hash-from",
    "hash-from-edge",
    "hash-pvar",
    "hash-pvar-edge",
    "hash-ruri",
    "hash-ruri-edge",
    "hash-to",
    "hash-to-edge",
    "is-from-list",
    "list-exist",
    "listfile",
    "priority",
    "pv",
    "roundrobin",
    "roundrobin-auth",
    "select-domain-edge",
    "states",
    "unknown-alg",
)


def folder() -> Path:
    """All vectors, where ``SHARED`` (``../shared`` by default) has them; else our copies of some."""
    shared = _ROOT / os.environ.get("SHARED", "../shared") / "vectors"
    return shared.resolve() if shared.is_dir() else COPIES


def read(path: Path) -> Iterator[Vector]:
    """The vectors of a file, a line each."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
