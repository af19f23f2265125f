"""``python -m dispatch.test.bench.balance``: what picking costs, how long a list takes to load, what it weighs."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from pathlib import Path
from random import Random
from time import process_time_ns
from typing import Any, Final

from dispatch.balance import listfile
from dispatch.balance.algorithms import TABLE, Algorithm
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.script.calls import calls
from dispatch.sip.message import Message

SIZES: Final = (3, 100, 10_000)
_PICKS: Final = 2000
_RUNS: Final = 5
_LINES: Final = 10_000
# Goals: microseconds, seconds, bytes.
_PICK, _LOAD, _WEIGHT = 3.0, 2.0, 2048


def measure() -> dict[str, Any]:
    """All figures in CPU time: ``pick`` in microseconds by algorithm and size; ``first``, of unread requests."""
    made = [one.message.raw for one in calls(Random(1), _PICKS)]
    picks: dict[str, dict[str, float]] = {}
    first: dict[str, dict[str, float]] = {}
    for algorithm in TABLE:
        for size in SIZES:
            unread, read = time_picks(algorithm, size, made)
            first.setdefault(algorithm.name, {})[str(size)] = unread
            picks.setdefault(algorithm.name, {})[str(size)] = read
    return {"pick": picks, "first": first, "load_s": time_load(), "bytes_each": weigh()}


def text(size: int) -> bytes:
    """A list as people write them: ids, weights, limits, several priorities."""
    return b"".join(
        b"1 sip:10.%d.%d.%d:5060 0 %d duid=gw%d;weight=%d;rweight=%d;maxload=%d\n"
        % (number >> 16, number >> 8 & 255, number & 255, number % 5, number, number % 50 + 1, number % 50 + 1, 10**6)
        for number in range(size)
    )


def dispatcher(size: int) -> Dispatcher:
    """With a set of that size, and failover."""
    made = Dispatcher(Random(1), flags=2, hash_key=lambda request: request.uri, calls=Calls(lambda: 0.0))
    made.replace(listfile.parse(text(size), "list", ()))
    return made


def time_picks(algorithm: Algorithm, size: int, requests: list[bytes]) -> tuple[float, float]:
    """Microseconds per pick from a set of that size, the best of some runs: for requests nobody has read, and again."""
    one = dispatcher(size)
    select = one.select
    best = [float("inf")] * 2
    for _ in range(_RUNS):
        messages = [Message(raw) for raw in requests]
        for again in range(2):
            gc.collect()
            start = process_time_ns()
            for message in messages:
                select(message, 1, algorithm)
            best[again] = min(best[again], process_time_ns() - start)
    return round(best[0] / len(requests) / 1000, 2), round(best[1] / len(requests) / 1000, 2)


def time_load() -> float:
    """Seconds from the bytes of a list file to a list in force, the best of some runs."""
    lines = text(_LINES)
    best = float("inf")
    for _ in range(_RUNS):
        one = Dispatcher(Random(1), flags=2)
        gc.collect()
        start = process_time_ns()
        one.replace(listfile.parse(lines, Path("list"), ()))
        best = min(best, process_time_ns() - start)
    return round(best / 1e9, 3)


def weigh() -> int:
    """Bytes that a destination takes in a list in force, its share of the set included."""
    lines = text(_LINES)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    one = Dispatcher(Random(1), flags=2)
    one.replace(listfile.parse(lines, Path("list"), ()))
    for algorithm in TABLE:
        one.select(next(calls(Random(1), 1)), 1, algorithm)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return round((after - before) / _LINES)


def spell(figures: dict[str, Any]) -> str:
    """As a table, with the goals."""
    lines = [f"{'us per pick of':24}" + "".join(f"{size:>10}" for size in SIZES) + f"   goal {_PICK:g}"]
    for name, by_size in figures["pick"].items():
        lines.append(f"{name:24}" + "".join(f"{by_size[str(size)]:10.2f}" for size in SIZES))
        unread = figures["first"][name]
        lines.append(f"{'  unread request':24}" + "".join(f"{unread[str(size)]:10.2f}" for size in SIZES))
    lines.append(f"{_LINES} lines loaded in {figures['load_s']:.3f} s   goal {_LOAD:g}")
    lines.append(f"{figures['bytes_each']} bytes each destination   goal {_WEIGHT}")
    return "\n".join(lines)


def main() -> int:
    """JSON on standard output, a table beside it."""
    figures = measure()
    print(json.dumps(figures, indent=1))
    print(spell(figures), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
