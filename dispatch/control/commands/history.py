"""`history`: what happened to a destination, the latest change last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.history import Entry, moment
from dispatch.control.command import Column, Command, Control, Door
from dispatch.control.commands.decision import PLACE
from dispatch.control.finding import find
from dispatch.errors import UnknownDestination


@dataclass(frozen=True, slots=True)
class Happened:
    """One change.

    Attributes:
        time: when, in UTC: ``2030-01-31T12:00:00.000Z``.
        before: the state until then, two letters.
        after: the state since then.
        lasted: whole seconds that the state before had lasted; -1 where that is not known.
        event: ``down``, ``up``, ``drain``, ``maintenance``, ``ready``, ``drained``; empty for any other change.
        cause: who asked: ``probe``, ``traffic``, ``command`` or ``list``.
        reason: in words.
    """

    time: str
    before: str
    after: str
    lasted: int
    event: str
    cause: str
    reason: str


def run(control: Control, set: int, uri: str) -> Iterator[Happened]:
    """The latest 50.

    Raises:
        UnknownDestination: no such destination.
    """
    return map(_happened, tuple(find(control, set, uri).condition.history or ()))


def _happened(entry: Entry) -> Happened:
    return Happened(
        moment(entry.time),
        health.letters(entry.before),
        health.letters(entry.after),
        int(entry.lasted),
        entry.event,
        entry.cause,
        entry.reason,
    )


HISTORY: Final = Command(
    names={Door.AMP: "history", Door.CTL: "history"},
    help="show the latest changes of a destination, and why",
    arguments=PLACE,
    run=run,
    answer=Happened,
    is_listing=True,
    errors=(UnknownDestination,),
    columns=(
        Column("TIME", lambda one: one.time),
        Column("BEFORE", lambda one: one.before, is_state=True),
        Column("AFTER", lambda one: one.after, is_state=True),
        Column("LASTED", lambda one: f"{one.lasted} s" if one.lasted >= 0 else ""),
        Column("EVENT", lambda one: one.event),
        Column("CAUSE", lambda one: one.cause),
        Column("REASON", lambda one: one.reason),
    ),
    nothing="no change since it came into the list",
)
