"""`preview`: what a change would do to the spread of calls, before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred

from dispatch.balance import health
from dispatch.control.command import Argument, BadValue, Column, Command, Control, Door, ListRefused
from dispatch.control.commands.explain import algorithm_of
from dispatch.control.commands.reload import refuse
from dispatch.control.finding import find, no_set
from dispatch.control.foresight import Plan, Spread
from dispatch.control.text import printable, to_bytes, to_text
from dispatch.errors import UnknownDestination

_CALLS: Final = 2000
_MOST_CALLS: Final = 100_000
_HIGHEST: Final = 100


@dataclass(frozen=True, slots=True)
class Share:
    """What becomes of the share of a destination.

    Attributes:
        kind: ``destination``; ``nobody`` for calls that get none; ``total``.
        uri: of the destination; empty for the others.
        calls: how many were made up, in all.
        before: how many of them it gets now.
        after: how many it would get.
        moved: how many of those that it gets now would go elsewhere.
        needless: how many of these move although it would still take calls.
    """

    kind: str
    uri: str
    calls: int
    before: int
    after: int
    moved: int
    needless: int


def run(
    control: Control,
    set: int,
    uri: str | None = None,
    state: str | None = None,
    weight: int | None = None,
    list: bytes | None = None,
    algorithm: str | None = None,
    calls: int = _CALLS,
) -> Deferred[Iterator[Share]]:
    """Try the change on a copy of the set, with calls that are made up.

    Raises:
        BadValue: it is not one change, or one that can't be.
        UnknownDestination: no such set or destination.
        ListRefused: a reload would fail.
    """
    if sum(one is not None for one in (state, weight, list)) != 1:
        raise BadValue("give one change: a list, or a uri with its state or its weight")
    if set not in control.dispatcher.groups:
        raise no_set(control.dispatcher, set)
    if (uri is None) is (list is None):
        raise BadValue("a state or a weight is that of a destination: 'uri'; a list has none")
    if not 1 <= calls <= _MOST_CALLS:
        raise BadValue(f"'calls' is {calls}; write 1 to {_MOST_CALLS}")
    if weight is not None and not 0 <= weight <= _HIGHEST:
        raise BadValue(f"'weight' is {weight}; write 0 to {_HIGHEST}")
    plan = Plan(
        set,
        calls,
        algorithm_of(algorithm),
        list,
        find(control, set, uri).uri if uri is not None else b"",
        _flags(state) if state is not None else None,
        weight,
    )
    trying: Deferred[Spread] = control.foresight.spread(plan)
    return trying.addCallback(_told)


def _flags(state: str) -> int:
    try:
        return health.commanded(to_bytes(state))
    except ValueError as error:
        raise BadValue(printable(str(error))) from None


def _told(spread: Spread) -> Iterator[Share]:
    if spread.roster is not None:
        refuse(spread.roster)
    return _shares(spread)


def _shares(spread: Spread) -> Iterator[Share]:
    calls = len(spread.before)
    before, after = Counter(spread.before), Counter(spread.after)
    moved = Counter(old for old, new in zip(spread.before, spread.after, strict=True) if old != new)
    needless = {goal: count for goal, count in moved.items() if goal is not None and spread.usable.get(goal)}
    uris = dict.fromkeys((*spread.usable, *(goal for goal in before if goal is not None)))
    for uri in uris:
        yield Share("destination", to_text(uri), calls, before[uri], after[uri], moved[uri], needless.get(uri, 0))
    if before[None] or after[None]:
        yield Share("nobody", "", calls, before[None], after[None], moved[None], 0)
    served = calls - before[None], calls - after[None]
    yield Share("total", "", calls, *served, moved.total(), sum(needless.values()))


def _percent(count: int, calls: int) -> str:
    return f"{count / calls:.1%}"


PREVIEW: Final = Command(
    names={Door.AMP: "preview", Door.CTL: "preview"},
    help="show what a change would do to the spread of calls",
    arguments=(
        Argument("set", int, "whose calls are looked at"),
        Argument("uri", str, "the destination that would be changed", optional=True),
        Argument("state", str, "its state then, as for 'set-state'", optional=True, option=True),
        Argument("weight", int, "its weight then", optional=True, option=True),
        Argument("list", bytes, "a list file that would be in force then", optional=True, option=True),
        Argument("algorithm", str, "number or name, in place of the configured one", optional=True, option=True),
        Argument("calls", int, f"how many are made up; {_CALLS}", optional=True, option=True),
    ),
    run=run,
    answer=Share,
    is_listing=True,
    errors=(UnknownDestination, ListRefused),
    columns=(
        Column("DESTINATION", lambda one: one.uri or one.kind),
        Column("NOW", lambda one: _percent(one.before, one.calls)),
        Column("THEN", lambda one: _percent(one.after, one.calls)),
        Column("MOVED", lambda one: _percent(one.moved, one.calls)),
        Column("NEEDLESSLY", lambda one: _percent(one.needless, one.calls)),
    ),
)
