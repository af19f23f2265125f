"""`stats`: what went to each destination and what became of it, in numbers that only grow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.counts import BOUNDS, Counts, percentile
from dispatch.balance.group import Group
from dispatch.balance.health import Condition
from dispatch.control.command import Argument, Column, Command, Control, Door
from dispatch.control.finding import find_set
from dispatch.control.text import to_text
from dispatch.errors import UnknownDestination

NOT_COUNTED: Final = -1


@dataclass(frozen=True, slots=True)
class Statistic:
    """A destination, or a set as a whole; from `answers_2xx` on, each number is -1 where it is not counted.

    Attributes:
        set: id of the set.
        uri: of the destination; empty for all of the set.
        state: two letters; empty for all of the set.
        requests: that it was picked for, failover included.
        failovers: those of them that came after another destination.
        failures: that made a request go on elsewhere, or come to nothing.
        ejections: how often live traffic has taken it out.
        answers_2xx: final answers of that class.
        answers_3xx: the same.
        answers_4xx: the same.
        answers_5xx: the same.
        answers_6xx: the same.
        timeouts: requests without an answer; a call that rang and that nobody took is none of them.
        unreachable: those that the network refused.
        p50: ms within which half of the first answers came, provisional ones included; -1 where there were none.
        p95: the same for 95 of a hundred.
        p99: the same for 99.
        histogram: first answers, ``BOUND: NUMBER``, BOUND in ms and NUMBER above 0.
    """

    set: int
    uri: str
    state: str
    requests: int
    failovers: int
    failures: int
    ejections: int
    answers_2xx: int
    answers_3xx: int
    answers_4xx: int
    answers_5xx: int
    answers_6xx: int
    timeouts: int
    unreachable: int
    p50: int
    p95: int
    p99: int
    histogram: tuple[str, ...]


def run(control: Control, set: int | None = None) -> Iterator[Statistic]:
    """The members of each set, of the list in force now, and then the set as a whole.

    Raises:
        UnknownDestination: no such set.
    """
    groups = tuple(control.dispatcher.groups.values()) if set is None else (find_set(control, set),)
    counts_outcomes = control.dispatcher.statistics is not None
    return (one for group in groups for one in _statistics(group, counts_outcomes))


def _statistics(group: Group, counts_outcomes: bool) -> Iterator[Statistic]:
    requests = failovers = failures = ejections = 0
    total = Counts()
    for member in group.members:
        one = member.condition
        requests += one.selected
        failovers += one.failovers
        failures += one.failures
        ejections += one.ejected
        if one.counts is not None:
            total.add(one.counts)
        counters = one.selected, one.failovers, one.failures, one.ejected
        yield _statistic(
            (group.number, to_text(member.uri), health.letters(one.flags)), counters, counts_of(one, counts_outcomes)
        )
    yield _statistic(
        (group.number, "", ""), (requests, failovers, failures, ejections), total if counts_outcomes else None
    )


def counts_of(condition: Condition, counts_outcomes: bool) -> Counts | None:
    """What became of the requests to a destination; None where nobody counts."""
    return condition.counts or Counts() if counts_outcomes else None


def outcomes(counts: Counts | None) -> tuple[int, int, int, int, int, int, int, int, int, int]:
    """The fields from `answers_2xx` to `p99`; -1 for each where nobody counts."""
    if counts is None:
        return (NOT_COUNTED,) * 10
    second, third, fourth, fifth, sixth = counts.answers
    p50, p95, p99 = (percentile(counts.took, percent) for percent in (50, 95, 99))
    return second, third, fourth, fifth, sixth, counts.timeouts, counts.unreachable, p50, p95, p99


def _statistic(who: tuple[int, str, str], counters: tuple[int, int, int, int], counts: Counts | None) -> Statistic:
    took = counts.took if counts is not None else ()
    histogram = tuple([f"{bound}: {count}" for bound, count in zip(BOUNDS, took, strict=False) if count])
    return Statistic(*who, *counters, *outcomes(counts), histogram)


def counted(number: int) -> str | int:
    """As people see it: nothing where it is not counted."""
    return number if number != NOT_COUNTED else ""


STATS: Final = Command(
    names={Door.AMP: "stats", Door.CTL: "stats"},
    help="show what went to each destination and set since the start, and what became of it",
    arguments=(Argument("set", int, "only this set", optional=True),),
    run=run,
    answer=Statistic,
    is_listing=True,
    errors=(UnknownDestination,),
    columns=(
        Column("SET", lambda one: one.set),
        Column("DESTINATION", lambda one: one.uri or "all"),
        Column("STATE", lambda one: one.state, is_state=True),
        Column("REQUESTS", lambda one: one.requests),
        Column("FAILOVERS", lambda one: one.failovers),
        Column("FAILURES", lambda one: one.failures),
        Column("EJECTIONS", lambda one: one.ejections),
        Column("2XX", lambda one: counted(one.answers_2xx)),
        Column("3XX", lambda one: counted(one.answers_3xx)),
        Column("4XX", lambda one: counted(one.answers_4xx)),
        Column("5XX", lambda one: counted(one.answers_5xx)),
        Column("6XX", lambda one: counted(one.answers_6xx)),
        Column("TIMEOUTS", lambda one: counted(one.timeouts)),
        Column("UNREACHABLE", lambda one: counted(one.unreachable)),
        Column("P50 MS", lambda one: counted(one.p50)),
        Column("P95 MS", lambda one: counted(one.p95)),
        Column("P99 MS", lambda one: counted(one.p99)),
    ),
    nothing="no destinations",
)
