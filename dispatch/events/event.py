"""An event: what happened to a destination, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.change import PROBE, Change
from dispatch.balance.history import Entry, moment

DOWN: Final = "dst-down"
UP: Final = "dst-up"
STATE: Final = "state"
_NAMES: Final = {"down": DOWN, "up": UP, "": STATE}

EVENT_ROUTES: Final[Mapping[str, str]] = {
    "dispatcher:dst-down": DOWN,
    "dispatcher:ds-down": DOWN,
    "dispatcher:dst-up": UP,
    "dispatcher:ds-up": UP,
}
"""The module's documentation calls each event route by two names."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a destination.

    Attributes:
        name: `DOWN` and `UP` exactly when the original runs these event routes; ``drain``, ``maintenance``, ``ready``
            when a person decided so, ``drained`` when the last call ended; `STATE` for any other change of state.
        set: id of its set.
        uri: as the list names it.
        before: the state until then, two letters.
        after: the state now.
        admin: what a person decided about it, apart from that; empty for nothing.
        cause: who asked: ``probe``, ``traffic``, ``command`` or ``list``.
        why: in words.
        since: when the state before began, in seconds since 1970; 0 where that is not known.
        time: now, likewise.
        method: `$rm` in an event route: of the probe, or of the request that a script was routing; empty without one.
        request_uri: `$ru` there: the destination's own for a probe, else that of the request by then.
        destination_uri: `$du` there: nothing for a probe, else where the request was told to go.
        message: the request as it came; empty for a probe.
    """

    name: str
    set: int
    uri: str
    before: str
    after: str
    admin: str
    cause: str
    why: str
    since: float
    time: float
    method: str = ""
    request_uri: str = ""
    destination_uri: str = ""
    message: bytes = b""

    def fields(self) -> dict[str, object]:
        """For JSON; times as text, bytes of the URI that are no UTF-8 as lone surrogates."""
        return {
            "event": self.name,
            "time": moment(self.time),
            "set": self.set,
            "uri": self.uri,
            "before": self.before,
            "after": self.after,
            "admin": self.admin,
            "cause": self.cause,
            "why": self.why,
            "since": moment(self.since) if self.since else None,
        }

    def __str__(self) -> str:
        return f"{self.name} of set {self.set} {self.uri!r}"


def make(change: Change, entry: Entry, admin: str, method: str) -> Event:
    """The event that a change is.

    Args:
        change: what happened.
        entry: the same in the history.
        admin: what was decided about the destination when it happened, see `Event`.
        method: of probes.
    """
    destination, routed = change.destination, change.routed
    uri = _text(destination.uri)
    sees: tuple[str, str, str, bytes] = ("", "", "", b"")
    if change.cause == PROBE:
        sees = (method, uri, "", b"")
    elif routed is not None:
        sees = (routed.method, _text(routed.uri), _text(routed.destination_uri or b""), routed.message)
    return Event(
        name=_NAMES.get(change.event, change.event),
        set=destination.group,
        uri=uri,
        before=health.letters(change.before),
        after=health.letters(change.after),
        admin=admin,
        cause=change.cause,
        why=change.reason,
        since=entry.time - entry.lasted if entry.lasted >= 0 else 0.0,
        time=entry.time,
        method=sees[0],
        request_uri=sees[1],
        destination_uri=sees[2],
        message=sees[3],
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
