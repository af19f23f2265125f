"""``python -m dispatch.test.cfgcases DIR [NAME ...]``: replays its cases; the last line says how many passed."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from dispatch.test.cfgcases.case import Case

_AT_ONCE: Final = 3


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if not arguments:
        print("0 passed, 0 failed, 1 skipped: there is no folder of recorded cases")
        return 0
    folder, names = Path(arguments[0]), arguments[1:]
    cases = [Case(path) for path in sorted(folder.glob("*.json")) if not names or path.stem in names]
    passed = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for case, problems in zip(cases, pool.map(Case.run, cases), strict=True):
            passed += not problems
            print(f"{case.name}: {'failed' if problems else 'passed'}", flush=True)
            for one in problems:
                print(f"    {one}")
    print(f"{passed} passed, {len(cases) - passed} failed")
    return 0 if cases and passed == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
