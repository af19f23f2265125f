"""Case after case, until one comes out otherwise for us than for Kamailio."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from dispatch.test.differential.cases import draw_case, draw_params
from dispatch.test.differential.oracle import Oracle, Unanswered
from dispatch.test.differential.record import Refused, record
from dispatch.test.differential.shrink import shrink
from dispatch.test.vectors.replay import replay
from dispatch.test.vectors.vector import Vector

Judge = Callable[[Vector], list[str]]

# Cases with the same parameters, for which one Kamailio is started.
_BATCH: Final = 100
# Of a vector: said elsewhere, or plain from what is.
_TOLD: Final = ("id", "cat", "type", "params", "sets", "steps", "message", "listing", "result", "before")


@dataclass(frozen=True, slots=True)
class Difference:
    """A case in which we did otherwise.

    Attributes:
        vector: as small as was found, with Kamailio's results.
        wrong: what ours were.
    """

    vector: Vector
    wrong: list[str]

    def spell(self) -> str:
        """For a person to read."""
        vector = self.vector
        lines = [
            f"case {vector['id']} differs (as Kamailio has it: what we have):",
            *(f"  {one}" for one in self.wrong),
        ]
        lines.append(f"parameters: {vector['params']}")
        lines += ["list:", *(f"  {line!r}" for line in vector["sets"].splitlines(keepends=True))]
        for number, step in enumerate([vector, *vector.get("steps", ())]):
            told = {name: value for name, value in step.items() if name not in _TOLD}
            if number or "alg" in told:
                lines.append(f"step {number - 1}: {told}" if number else f"{told}")
            lines += [f"  {line!r}" for line in step.get("message", "").split("\r\n") if line]
        return "\n".join(lines)


@dataclass(slots=True)
class Report:
    """What a run came to: how many cases, requests in them, cases that Kamailio refused, and the first difference."""

    cases: int = 0
    requests: int = 0
    refused: int = 0
    difference: Difference | None = None


def compare(seed: str, count: int, judge: Judge = replay) -> Report:
    """Draw and compare `count` cases, or as many as it takes to find a difference.

    Args:
        judge: what does not come out as in a vector, as `replay` tells it.
    """
    report = Report()
    for first in range(0, count, _BATCH):
        params = draw_params(Random(f"{seed}/{first}/params"))
        with Oracle(params) as oracle:
            for number in range(first, min(count, first + _BATCH)):
                case = draw_case(Random(f"{seed}/{number}"), params, f"{seed}-{number}")
                report.cases += 1
                report.difference = _difference(oracle, case, report, judge)
                if report.difference is not None:
                    return report
    return report


def _difference(oracle: Oracle, case: Vector, report: Report, judge: Judge) -> Difference | None:
    asked = oracle.asked
    try:
        recorded = record(oracle, case)
    except (Refused, Unanswered):
        report.refused += 1
        return None
    finally:
        report.requests += oracle.asked - asked
    wrong = judge(recorded)
    if not wrong:
        return None
    kinds = set(map(_kind, wrong))

    def holds(smaller: Vector) -> bool:
        try:
            # The same kinds, so that shrinking does not end at another difference than it began with.
            return set(map(_kind, judge(record(oracle, smaller)))) == kinds
        except (Refused, Unanswered):
            return False

    smallest = record(oracle, shrink(case, holds))
    return Difference(smallest, judge(smallest))


def _kind(line: str) -> str:
    return re.sub(r"^step \d+ ", "", line).partition(":")[0]
