"""What `drain`, `maintenance` and `ready` have in common: a person decides whether a destination takes calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.admin import READY, Admin
from dispatch.control.command import Argument, Control
from dispatch.control.finding import find
from dispatch.control.text import printable, to_text

UNCOUNTED: Final = -1
PLACE: Final = (
    Argument("set", int, "its set"),
    Argument("uri", str, "the destination as 'list' shows it; letters are compared without case"),
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What was done.

    Attributes:
        set: id of the set.
        uri: the destination, as the list names it.
        before: what was decided about it until now: ``ready``, ``drain``, ``drained`` or ``maintenance``.
        after: what is from now on.
        state: of its health, two letters as in `list`.
        calls: that are open there; -1 where they are not counted.
    """

    set: int
    uri: str
    before: str
    after: str
    state: str
    calls: int


def decide(control: Control, set: int, uri: str, admin: Admin | None, reason: str) -> Decided:
    """Let the first destination of that URI have it so.

    Raises:
        UnknownDestination: no such destination.
    """
    destination = find(control, set, uri)
    before = _word(destination.condition.admin)
    control.dispatcher.administer(set, destination.uri, admin, reason)
    calls = control.dispatcher.calls_at(destination)
    return Decided(
        set,
        to_text(destination.uri),
        before,
        _word(destination.condition.admin),
        health.letters(destination.flags),
        UNCOUNTED if calls is None else calls,
    )


def _word(admin: Admin | None) -> str:
    return admin.word if admin is not None else READY


def sentence(one: Decided) -> str:
    """For people and the log."""
    left = f"; calls that are open there: {one.calls}" if one.calls >= 0 and one.after != READY else ""
    return f"set {one.set} {printable(one.uri)}: {one.before} -> {one.after}{left}"
