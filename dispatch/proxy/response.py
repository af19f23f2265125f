"""Responses on their way up: our Via off, and the best of several (RFC 3261 §16.7)."""

from __future__ import annotations

from typing import Final

from dispatch.sip import edits
from dispatch.sip.message import Message

_TELLING: Final = frozenset((401, 407, 415, 420, 484))  # they say how to try again: §16.7 step 6 prefers them


def without_via(response: Message) -> bytes:
    """The response without its topmost Via value, all other bytes as they came or as a script says (§16.7 step 3)."""
    start, stop = response.via_cut
    if response.edits is not None:
        return edits.apply(response.raw, [(start, stop, b""), *response.edits])
    return response.raw[:start] + response.raw[stop:]


def rank(status: int, is_received: bool = True) -> tuple[int, int, int, int]:
    """Sorts final responses, the best first: 6xx, then the lowest class, in it those that tell what to change.

    Args:
        is_received: False for one of our own, which stands for silence; what somebody said is better.
    """
    kind = status // 100
    return (0 if kind == 6 else 1, kind, 0 if status in _TELLING else 1, 0 if is_received else 1)


def upwards(response: Message) -> tuple[int, bytes]:
    """Status and bytes of a final response as it goes up: a 503 speaks of one server, not of us (§16.7 step 6)."""
    raw = without_via(response)
    if response.status != 503:
        return response.status, raw
    return 500, b"SIP/2.0 500 Server Internal Error" + raw[raw.find(b"\r\n") :]
