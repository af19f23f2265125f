"""One thing that happened to a call that is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CALL: Final = "call"
MESSAGE: Final = "message"
DECISION: Final = "decision"
DROPPED: Final = "dropped"


@dataclass(slots=True)
class Step:
    """The beginning of a call, a message in or out, a decision, or what is not told for lack of room.

    Attributes:
        kind: `CALL`, `MESSAGE`, `DECISION` or `DROPPED`.
        time: of day, in seconds since 1970.
        call: number of the call in its trace, from 1 on.
        call_id: of the call.
        text: what it is in short: ``INVITE``, ``200 OK (BYE)``; the reason of a decision; how a call begins.
        is_in: the message came; else we sent it.
        is_copy: the same message went the same way before.
        is_callee: the other end is whom the call was sent to; else who began it.
        transport: as in Via.
        local: our address and port.
        remote: theirs.
        raw: the message, whole.
        group: set that was picked from.
        destination: URI of the destination that was picked.
        attempt: 1 for the first destination.
        dropped: steps that are missing before this one.
    """

    kind: str
    time: float
    call: int = 0
    call_id: bytes = b""
    text: str = ""
    is_in: bool = False
    is_copy: bool = False
    is_callee: bool = False
    transport: bytes = b""
    local: tuple[str, int] = ("", 0)
    remote: tuple[str, int] = ("", 0)
    raw: bytes = b""
    group: int = 0
    destination: bytes = b""
    attempt: int = 0
    dropped: int = 0
