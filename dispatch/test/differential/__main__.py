"""`python -m dispatch.test.differential [--count N] [--seed SEED]`: random cases for Kamailio and for us."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence

from dispatch.test.differential.compare import compare


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when all cases came out the same, 1 when one did not, 2 without Kamailio."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.differential", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="cases; %(default)s")
    parser.add_argument(
        "--seed", default=str(time.time_ns()), help="the same seed draws the same cases; by default a new one"
    )
    options = parser.parse_args(arguments)
    if shutil.which("kamailio") is None:
        print("kamailio is not installed (Debian: kamailio)", file=sys.stderr)
        return 2
    print(f"seed {options.seed}", flush=True)
    report = compare(options.seed, options.count)
    if report.difference is not None:
        print(f"{report.difference.spell()}\n\nas a vector:\n{json.dumps(report.difference.vector)}")
    print(f"{report.requests} requests in {report.cases} cases, {report.refused} of which Kamailio refused")
    failed = int(report.difference is not None)
    print(f"{report.cases - report.refused - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
