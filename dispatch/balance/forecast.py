"""What the very selection of the service says about calls that nobody makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.balance import health
from dispatch.balance.algorithms import Algorithm
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.interfaces import RequestView
from dispatch.balance.roster import Roster

Goals = Sequence[bytes | None]
"""Where calls go, in the order of the calls: a URI each, None for one that nobody takes."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where calls go, in some state of the list.

    Attributes:
        name: of that state, for people.
        goals: of the calls.
        needed: how many calls must go elsewhere than in the first state, since their destination is out.
        needless: how many go elsewhere although theirs is there.
    """

    name: str
    goals: Goals
    needed: int = 0
    needless: int = 0

    @property
    def shares(self) -> dict[bytes | None, float]:
        """By goal."""
        return {goal: count / len(self.goals) for goal, count in Counter(self.goals).items()}


def foretell(dispatcher: Dispatcher, group: int, algorithm: Algorithm, calls: Sequence[RequestView]) -> Goals:
    """Where these calls would go, one after the other from now on; nothing of the dispatcher moves."""
    dispatcher.groups[group].line_up()  # once, and not for each call
    turn = dispatcher.groups[group].look_ahead()
    selections = (dispatcher.foretell(call, group, algorithm, turn=turn) for call in calls)
    return [None if selection is None else selection.destination.uri for selection in selections]


def forecasts(
    dispatcher: Dispatcher, group: int, algorithm: Algorithm, calls: Sequence[RequestView], failing: bytes | None
) -> list[Forecast]:
    """As the list is; and with a destination `failing`, when it is inactive and when its line is gone.

    Puts another list in force: only for a dispatcher that nobody else uses.

    Raises:
        UnknownDestination: none in the set has the URI `failing`.
    """
    before = foretell(dispatcher, group, algorithm, calls)
    out = [Forecast("now", before)]
    if failing is None:
        return out
    members = dispatcher.groups[group].members
    dispatcher.set_state(group, failing, health.INACTIVE)
    out.append(_compared("inactive", before, foretell(dispatcher, group, algorithm, calls), failing))
    left = tuple(member for member in members if member.uri.lower() != failing.lower())
    if left:
        dispatcher.replace(Roster({group: left}), keep_state=False)
        out.append(_compared("removed", before, foretell(dispatcher, group, algorithm, calls), failing))
    return out


def _compared(name: str, before: Goals, after: Goals, failing: bytes) -> Forecast:
    moved = [old for old, new in zip(before, after, strict=True) if old != new]
    needed = sum(1 for old in moved if old is not None and old.lower() == failing.lower())
    return Forecast(name, after, needed, len(moved) - needed)
