"""``python -m dispatch.test.faults``: the table of docs/reliability.md; status 1 where a call was lost needlessly."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from dispatch.test.faults.stage import Outcome, Stage
from dispatch.test.faults.table import FAULTS, HEAD, Fault, row


def perform(fault: Fault, folder: Path, rate: int, calls: int) -> Outcome:
    """One fault on a stage of its own."""
    stage = Stage(folder, rate, calls, **fault.stage)
    try:
        stage.open()
        return stage.perform(fault.happen, fault.held_after)
    finally:
        stage.close()


def main() -> int:
    """Print row after row."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.faults", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="calls a second")
    parser.add_argument("--calls", type=int, default=2400, help="calls for each fault")
    parser.add_argument("--only", default="", help="faults with this in their name")
    options = parser.parse_args()
    if shutil.which("sipp") is None:
        print("sipp is not installed (Debian: sip-tester)", file=sys.stderr)
        return 1
    bad = 0
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="faults.") as name:
        for number, fault in enumerate(FAULTS):
            if options.only not in fault.name:
                continue
            outcome = perform(fault, Path(name) / str(number), options.rate, options.calls)
            bad += outcome.lost > outcome.held
            print(row(fault, outcome), flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
