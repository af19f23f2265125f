"""A step as clients of a trace get it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dispatch.control.text import to_text
from dispatch.control.tracing.step import MESSAGE, Step

SHOWN: Final = 7900
"""Bytes of a message that are told: a record has to fit into a page."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One thing that happened.

    Attributes:
        kind: ``call`` where one begins, ``message``, ``decision``; ``dropped`` for what was too much to be told.
        time: when, in UTC: ``2030-01-31T12:00:00.000000Z``.
        call: number of the call in this trace, from 1 on; 0 for none.
        call_id: of the call.
        text: the request that begins a call, a message in short, the reason of a decision.
        direction: ``in`` or ``out``; empty for what is no message.
        side: who is at the other end: ``caller`` or ``callee``.
        again: the same message went the same way before.
        transport: ``UDP``, ``TCP``, ``TLS``, ``WS`` or ``WSS``.
        local: our address.
        local_port: our port.
        remote: theirs.
        remote_port: theirs.
        message: the first 7,900 bytes.
        size: bytes of the whole message.
        set: that was picked from.
        destination: URI of the destination that was picked.
        attempt: 1 for the first destination, 2 for the one after it.
        dropped: how many steps are missing here.
    """

    kind: str
    time: str
    call: int
    call_id: str
    text: str
    direction: str
    side: str
    again: bool
    transport: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    message: str
    size: int
    set: int
    destination: str
    attempt: int
    dropped: int


def record_of(step: Step) -> Traced:
    """The record of a step."""
    is_message = step.kind == MESSAGE
    time = datetime.fromtimestamp(step.time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Traced(
        step.kind,
        time,
        step.call,
        to_text(step.call_id),
        step.text,
        ("in" if step.is_in else "out") if is_message else "",
        ("callee" if step.is_callee else "caller") if is_message else "",
        step.is_copy,
        step.transport.decode(),
        *step.local,
        *step.remote,
        to_text(step.raw[:SHOWN]),
        len(step.raw),
        step.group,
        to_text(step.destination),
        step.attempt,
        step.dropped,
    )
