"""`diff`: what a reload would change, before it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from twisted.internet.defer import Deferred

from dispatch.balance import health
from dispatch.balance.reconcile import Change
from dispatch.balance.roster import Roster
from dispatch.control.command import Argument, Column, Command, Control, Door, ListRefused, Preview
from dispatch.control.commands.reload import refuse, texts
from dispatch.control.text import to_text


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of one destination.

    Attributes:
        change: ``added``, ``removed``, ``changed``; ``reordered`` for a set whose members come in another order;
            ``warning`` for what is odd about the new list.
        set: id of the set; 0 for a warning.
        uri: the destination as it is called now, or as the new list calls it where it is added; empty for
            ``reordered`` and ``warning``.
        state: its state now, two letters as in `list`; empty for ``added``.
        next_state: its state after the reload; empty for ``removed``.
        kept: its counters go on, and its state where the list says nothing new about it.
        fields: what the list says anew, each as ``name: before -> after``; the text of a warning.
    """

    change: str
    set: int
    uri: str
    state: str
    next_state: str
    kept: bool
    fields: tuple[str, ...]


def run(control: Control, list: bytes | None = None) -> Deferred[Iterator[Difference]]:
    """Wait until the new list is read and compared.

    Raises:
        ListRefused: a reload would fail.
    """

    def compared(preview: Preview) -> Iterator[Difference]:
        roster, changes = preview
        refuse(roster)
        return chain(warnings(roster), _consumed(changes))

    comparing: Deferred[Preview] = control.steering.preview(list)
    return comparing.addCallback(compared)


def warnings(roster: Roster) -> Iterator[Difference]:
    """What is odd about a list, the first problems."""
    for text in texts(roster.warnings):
        yield Difference("warning", 0, "", "", "", False, (text,))


def _consumed(changes: list[Change]) -> Iterator[Difference]:
    """Each change, freed when it was read: all of them at once would hold the reactor."""
    changes.reverse()
    while changes:
        yield difference(changes.pop())


def difference(change: Change) -> Difference:
    """A change in words."""
    named = change.before or change.after
    return Difference(
        change.kind,
        change.group,
        to_text(named.uri) if named is not None else "",
        health.letters(change.before.flags) if change.before is not None else "",
        health.letters(change.next_flags) if change.after is not None else "",
        change.keeps,
        tuple(f"{field.name}: {_value(field.before)} -> {_value(field.after)}" for field in change.fields),
    )


def _value(value: bytes | int) -> str:
    return (to_text(value) or "none") if isinstance(value, bytes) else str(value)


DIFF_COLUMNS: Final = (
    Column("CHANGE", lambda one: one.change),
    Column("SET", lambda one: one.set if one.change != "warning" else ""),
    Column("DESTINATION", lambda one: one.uri),
    Column("STATE", lambda one: one.state, is_state=True),
    Column("THEN", lambda one: one.next_state, is_state=True),
    Column("COUNTERS", lambda one: "kept" if one.kept else "new" if one.next_state else ""),
    Column("WHAT", lambda one: ", ".join(one.fields)),
)
UNCHANGED: Final = "no difference"

DIFF: Final = Command(
    names={Door.AMP: "diff", Door.CTL: "diff"},
    help="show what a reload would change",
    arguments=(Argument("list", bytes, "a list file to take in place of the one that is configured", optional=True),),
    run=run,
    answer=Difference,
    is_listing=True,
    errors=(ListRefused,),
    columns=DIFF_COLUMNS,
    nothing=UNCHANGED,
)
