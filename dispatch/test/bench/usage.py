"""What a program and all its children have used, as the kernel counts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def family(root: int) -> list[int]:
    """A process and everything below it."""
    children: dict[int, list[int]] = {}
    for pid in (int(one.name) for one in _PROC.iterdir() if one.name.isdigit()):
        parent = _parent(pid)
        if parent is not None:
            children.setdefault(parent, []).append(pid)
    out = [root]
    for pid in out:
        out += children.get(pid, [])
    return out


def _parent(pid: int) -> int | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name before may hold blanks and parentheses.
    return int(text.rpartition(")")[2].split()[1])


def cpu_ns(root: int) -> int:
    """Nanoseconds on a CPU so far, of all its threads and children that are still there."""
    return sum(_on_cpu(pid) for pid in family(root))


def _on_cpu(pid: int) -> int:
    total = 0
    for thread in _threads(pid):
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total


def _threads(pid: int) -> Iterator[Path]:
    try:
        yield from (_PROC / str(pid) / "task").iterdir()
    except OSError:
        return


def pss_kib(root: int) -> int:
    """Proportional set size, in KiB: memory shared by several processes counts once in the sum."""
    return sum(_pss(pid) for pid in family(root))


def _pss(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
