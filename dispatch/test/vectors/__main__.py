"""`python -m dispatch.test.vectors [DIR] [--category NAME ...]`: replay every vector of a folder and count."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from dispatch.test.vectors.files import COPIES, SUPPORTED, folder, read
from dispatch.test.vectors.replay import replay

_WIDTH = 300


def run(paths: Iterable[Path], show: int) -> tuple[int, int]:
    """Replay the files and print a table; how many vectors passed, and how many failed.

    Args:
        paths: the files.
        show: how many failures to print in full.
    """
    rows = []
    for path in paths:
        passed = failed = 0
        for vector in read(path):
            wrong = replay(vector)
            passed += not wrong
            failed += bool(wrong)
            if wrong and show:
                show -= 1
                print(f"{vector.get('id', path.name)}: {wrong[0]}"[:_WIDTH])
        rows.append((path.stem, passed, failed))
    for name, passed, failed in rows:
        print(f"{name:<24}{passed:>6} passed{failed:>6} failed")
    return sum(row[1] for row in rows), sum(row[2] for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when every vector passed, 1 when one did not, 2 when there is none."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.vectors", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=folder(), help="with *.jsonl; %(default)s")
    parser.add_argument("--category", nargs="+", action="extend", help="file names without .jsonl; all by default")
    parser.add_argument("--supported", action="store_true", help="only categories that must pass wholly by now")
    parser.add_argument("--show", type=int, default=20, help="failures printed; %(default)s")
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob("*.jsonl"))
    wanted = options.category
    if options.supported:
        wanted = [path.stem for path in paths if path.stem in SUPPORTED]
    missing = sorted(set(wanted or ()) - {path.stem for path in paths})
    if wanted is not None:
        paths = [path for path in paths if path.stem in wanted]
    if not paths or missing:
        print(f"{options.folder} has no {', '.join(missing) or 'vectors'}; name a folder with *.jsonl", file=sys.stderr)
        return 2
    if options.folder == COPIES:
        print("these are our copies of some vectors; SHARED=DIR says where vectors/ has all of them")
    passed, failed = run(paths, options.show)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
