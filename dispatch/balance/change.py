"""What is told of a destination whose state changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from dispatch.balance import health
from dispatch.balance.destination import Destination

PROBE: Final = "probe"
TRAFFIC: Final = "traffic"
COMMAND: Final = "command"
LIST: Final = "list"
CALLS: Final = "calls"
IDENTITY: Final = "tls_identity"

EJECTED: Final = "ejected"
RETURNED: Final = "returned"


class Routed(NamedTuple):
    """The request that a script was routing when it marked a destination.

    Attributes:
        message: as it came.
        method: of it (`$rm`).
        uri: Request-URI as it was by then (`$ru`).
        destination_uri: where it was told to go (`$du`); None when nobody said.
    """

    message: bytes
    method: str
    uri: bytes
    destination_uri: bytes | None


class Change(NamedTuple):
    """A destination got another state, or was asked to.

    Attributes:
        destination: which one.
        before: its flags.
        after: its flags now.
        reason: why, in words: ``probe answered with 503 Service Unavailable``.
        cause: who asked: `PROBE`, `TRAFFIC` (a script), `COMMAND` (a person), `LIST` (read again) or `CALLS`
            (what became of them; the flags stay as they are), or `IDENTITY` (it is not who it should be).
        event: ``down`` or ``up`` where that event route of the original is due; what a person decided apart from health
            (``drain``, ``maintenance``, ``ready``), or ``drained``; what live traffic did (``ejected``, ``returned``);
            empty for any other change.
        routed: what a script was routing; None where it was not a script, or it did not say.
    """

    destination: Destination
    before: int
    after: int
    reason: str
    cause: str
    event: str = ""
    routed: Routed | None = None

    def __str__(self) -> str:
        letters = f"{health.letters(self.before)} -> {health.letters(self.after)}"
        if self.before & ~health.ADMINISTERED == self.after & ~health.ADMINISTERED:
            letters = self.event
        return f"set {self.destination.group} {self.destination.uri.decode('latin-1')}: {letters}, {self.reason}"


Observer = Callable[[Change], None]
Changed = tuple[Destination, int, int]
"""A destination, its flags before and after."""


def changes_of(changed: Iterable[Changed], reason: str, cause: str) -> Iterator[Change]:
    """Changes that came at once, made one by one: what is told of ten thousand can take its time."""
    for destination, before, after in changed:
        yield Change(destination, before, after, reason, cause)
