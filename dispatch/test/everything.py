"""All that must hold, part by part, with one line at the end: ``N passed, N failed`` over all of it.

A part is a target of the Makefile. One that prints trial's summary, or a line of that form, counts with its own
numbers; any other (a linter, say) counts as one check.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final, NamedTuple

_VERDICT: Final = re.compile(r"^(?:PASSED|FAILED) \((.*)\)$")
_COUNTED: Final = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")
_BAD: Final = ("failures", "errors", "unexpectedSuccesses")


class Tally(NamedTuple):
    """How many checks went how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def add(tallies: list[Tally]) -> Tally:
    return Tally(*(sum(numbers) for numbers in zip(*tallies, strict=True))) if tallies else Tally()


def read_line(line: str) -> Tally | None:
    """The numbers in a summary line of trial or of a runner of ours; None for any other line."""
    if verdict := _VERDICT.match(line):
        numbers = dict(pair.split("=") for pair in verdict[1].split(", "))
        count = {name: int(number) for name, number in numbers.items()}
        passed = count.get("successes", 0) + count.get("expectedFailures", 0)
        return Tally(passed, sum(count.get(name, 0) for name in _BAD), count.get("skips", 0))
    if counted := _COUNTED.match(line):
        return Tally(*(int(number or 0) for number in counted.groups()))
    return None


def judge(output: list[str], status: int) -> Tally:
    """What a part came to: its last summary line, and never fewer failures than its exit status tells of."""
    found = [tally for tally in map(read_line, output) if tally is not None]
    if not found:
        return Tally(failed=1) if status else Tally(passed=1)
    last = found[-1]
    return last._replace(failed=max(last.failed, 1)) if status else last


def run(part: str) -> Tally:
    """Make one part, with its output passed on as it comes."""
    print(f"=== {part}", flush=True)
    with subprocess.Popen(
        ["make", "--no-print-directory", part],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        assert child.stdout is not None
        output = []
        for line in child.stdout:
            print(line, end="", flush=True)
            output.append(line.rstrip("\n"))
    return judge(output, child.returncode)


def main(parts: list[str]) -> int:
    tallies = [run(part) for part in parts]
    print("===")
    for part, tally in zip(parts, tallies, strict=True):
        print(f"{part:<10}{tally}")
    total = add(tallies)
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
