"""Run after run, until a course goes otherwise for us than for Kamailio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from dispatch.test.differential.states import ours, theirs
from dispatch.test.differential.states.courses import Run, draw_run, smaller
from dispatch.test.differential.states.trace import Trace

Judge = Callable[[Run], list[Trace]]

# Of one Kamailio: the probes of so many fit into the buffer of a socket. A round takes a second for any number.
COURSES: Final = 100
ROUNDS: Final = 8
_MODES: Final = 4
_AT_ONCE: Final = 4
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A course that goes otherwise.

    Attributes:
        run: with that course only, as small as was found.
        theirs: how it goes with Kamailio.
        ours: how it goes with us.
    """

    run: Run
    theirs: Trace
    ours: Trace

    def spell(self) -> str:
        """For a person to read."""
        (course,) = self.run.courses
        lines = [f"parameters: {dict(self.run.params)}", f"flags in the list: {course[0].flags}"]
        for at, (shared, step) in enumerate(zip(self.run.rounds, course, strict=True)):
            if shared.reload:
                lines.append(f"round {at}, flags in the new list: {step.flags}")
            if shared.codes is not None:
                lines.append(f"round {at}, ds_ping_reply_codes: {shared.codes!r}")
        for own, other in zip(self.ours, self.theirs, strict=False):
            lines.append(other if own == other else f"{other}   but with us: {own}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Report:
    """What it came to: how many courses, and the first difference."""

    courses: int
    difference: Difference | None = None


def compare(seed: str, count: int, rounds: int = ROUNDS) -> Report:
    """Draw and compare `count` courses, or as many as it takes to find a difference."""
    done = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        runs = list(_runs(seed, count, rounds))
        for run, traces in zip(runs, pool.map(ask, runs), strict=True):
            found = difference(run, traces, ours.trace(run))
            done += len(run.courses)
            if found is not None:
                pool.shutdown(cancel_futures=True)
                return Report(done, shrink(found))
    return Report(done)


def _runs(seed: str, count: int, rounds: int) -> Iterator[Run]:
    for number, first in enumerate(range(0, count, COURSES)):
        yield draw_run(Random(f"{seed}/{number}"), number % _MODES, rounds, min(COURSES, count - first))


def ask(run: Run) -> list[Trace]:
    """How a run goes with Kamailio, which a busy machine may need more than one try for."""
    for _ in range(_TRIES - 1):
        try:
            return theirs.trace(run)
        except theirs.Slipped:
            continue
    return theirs.trace(run)


def difference(run: Run, theirs: list[Trace], ours: list[Trace]) -> Difference | None:
    """The first course that went otherwise."""
    for course, other, own in zip(run.courses, theirs, ours, strict=True):
        if own != other:
            return Difference(replace(run, courses=(course,)), other, own)
    return None


def shrink(found: Difference, ask: Judge = ask, judge: Judge = ours.trace) -> Difference:
    """Leave out what can be left out while it still goes otherwise.

    Args:
        found: what was found.
        ask: how a run should go.
        judge: how it goes with us.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while True:
            runs = list(smaller(found.run))
            differences = map(difference, runs, pool.map(ask, runs), map(judge, runs))
            less = next((one for one in differences if one is not None), None)
            if less is None:
                return found
            found = less
