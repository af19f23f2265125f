"""`python -m dispatch.test.differential [--count N] [--sequences N] [--seed SEED]`: chance asks Kamailio and us."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence

from dispatch.test.differential.compare import compare
from dispatch.test.differential.states.compare import compare as compare_states


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when all cases came out the same, 1 when one did not, 2 without Kamailio."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.differential", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="cases; %(default)s")
    parser.add_argument("--sequences", type=int, default=1600, help="destinations in sequences of states; %(default)s")
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
    states = compare_states(options.seed, options.sequences)
    if states.difference is not None:
        print(f"a sequence of states differs:\n{states.difference.spell()}")
    print(f"{states.courses} sequences of states")
    failed = (report.difference is not None) + (states.difference is not None)
    print(f"{report.cases - report.refused + states.courses - failed} passed, {failed} failed")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
