"""`reload`: read the list again; answered when the new one is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred

from dispatch.balance.roster import Roster
from dispatch.control.command import Command, Control, Door, Form, ListRefused, Right
from dispatch.control.text import printable
from dispatch.control.values import Fault
from dispatch.errors import ConfigError

_TOLD: Final = 20  # problems in an answer; the log has them all
_LONGEST: Final = 500  # characters of one


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The list that is in force now.

    Attributes:
        source: where it comes from.
        before: how many destinations there were.
        destinations: how many there are.
        sets: in how many sets.
        warnings: what is odd about it, the first ones.
    """

    source: str
    before: int
    destinations: int
    sets: int
    warnings: tuple[str, ...]


def run(control: Control) -> Deferred[Reloaded]:
    """Wait until the list is read and in force.

    Raises:
        ListRefused: it has errors; the list before stays.
    """
    before = control.dispatcher.groups

    def loaded(roster: Roster) -> Reloaded:
        refuse(roster)
        members = sum(map(len, roster.sets.values()))
        counted = sum(len(group.members) for group in before.values())
        return Reloaded(control.source, counted, members, len(roster.sets), texts(roster.warnings))

    reloading: Deferred[Roster] = control.steering.reload()
    return reloading.addCallback(loaded)


def refuse(roster: Roster) -> None:
    """Raise what is wrong with a list.

    Raises:
        ListRefused: something is.
    """
    if roster.errors:
        raise ListRefused("\n".join((*texts(roster.errors), "the list before stays in force")))


def texts(problems: Sequence[ConfigError]) -> tuple[str, ...]:
    """The first problems, and how many more there are."""
    told = tuple(printable(str(problem))[:_LONGEST] for problem in problems[:_TOLD])
    left = len(problems) - len(told)
    return (*told, f"and {left} more; the log has them all") if left else told


def _sentence(one: Reloaded) -> str:
    head = f"{one.destinations} destinations in {one.sets} sets from {printable(one.source)}; before: {one.before}"
    return "\n".join((head, *(f"warning: {text}" for text in one.warnings)))


RELOAD: Final = Command(
    names={Door.AMP: "reload", Door.CTL: "reload", Door.RPC: "dispatcher.reload", Door.MI: "ds_reload"},
    help="read the list again, and wait until it is in force",
    run=run,
    answer=Reloaded,
    right=Right.FULL,
    errors=(ListRefused,),
    sentence=_sentence,
    forms={
        Door.RPC: Form(
            "Reload dispatcher destination sets",
            lambda control, answer, parameters: ("Ok. Dispatcher successfully reloaded.",),
            failed=lambda error, parameters: Fault(500, "Reload Failed"),
        ),
        Door.MI: Form(
            "",
            lambda control, answer, parameters: (),
            failed=lambda error, parameters: Fault(500, "ERROR Reloading data"),
        ),
    },
)
