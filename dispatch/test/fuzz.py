"""Property tests with fresh random examples, round after round, until the time is over.

Under plain trial the examples are always the same ones (profile ``tests``); here each round draws new ones (profile
``fuzz``). What fails is printed with the example that Hypothesis found, to be kept as an ``@example``.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
import unittest
from collections.abc import Iterator

from twisted.trial import reporter, runner

import dispatch.test


def properties(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The tests of a suite that Hypothesis feeds."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from properties(test)
        elif hasattr(getattr(test, test.id().rpartition(".")[2], None), "is_hypothesis_test"):
            yield test


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60.0, help="begin no new test after this time")
    seconds = parser.parse_args().seconds
    tests = list(properties(runner.TestLoader().loadPackage(dispatch.test, recurse=True)))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # where tests leave their files
        return repeat(tests, seconds)


def repeat(tests: list[unittest.TestCase], seconds: float) -> int:
    """Run the tests again and again; 1 when one failed, else 0."""
    end = time.monotonic() + seconds
    rounds = 0
    failed: set[str] = set()
    while time.monotonic() < end and len(failed) < len(tests):
        rounds += 1
        for test in tests:
            if test.id() in failed or time.monotonic() >= end:
                continue
            result = reporter.TestResult()
            test.run(result)
            for _, failure in (*result.failures, *result.errors):
                print(f"{test.id()}\n{failure}", flush=True)
                failed.add(test.id())
    print(f"{rounds} rounds of {len(tests)} property tests in {seconds:g} seconds")
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
