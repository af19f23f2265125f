"""The latest changes of a destination, kept with its condition."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from dispatch.balance.change import Change

MOST: Final = 50


class Entry(NamedTuple):
    """A change that has happened.

    Attributes:
        time: seconds since 1970.
        lasted: seconds that the state before had lasted; -1 where that is not known.
        before: its flags until then.
        after: its flags since then.
        event: ``down``, ``up`` or what a person decided; empty for any other change.
        cause: who asked, see `Change`.
        reason: in words.
    """

    time: float
    lasted: float
    before: int
    after: int
    event: str
    cause: str
    reason: str


def note(change: Change, now: float) -> Entry:
    """Keep a change, and forget the oldest when there are too many.

    Args:
        change: what happened.
        now: seconds since 1970.
    """
    destination, before, after, reason, cause, event, _ = change
    condition = destination.condition
    lasted = max(0.0, now - condition.changed) if condition.changed else -1.0
    entry = Entry(now, lasted, before, after, event, cause, reason)
    if condition.history is None:
        condition.history = deque(maxlen=MOST)
    condition.history.append(entry)
    if before != after:
        condition.changed = now
    return entry


def moment(seconds: float) -> str:
    """A time of day in UTC: ``2030-01-31T12:00:00.000Z``.

    Args:
        seconds: since 1970.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
