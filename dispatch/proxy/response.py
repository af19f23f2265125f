"""Responses on their way up: our Via off, and the best of several (RFC 3261 §16.7)."""

from __future__ import annotations

from typing import Final

from dispatch.sip import edits
from dispatch.sip.message import Message, splice

_TELLING: Final = frozenset((401, 407, 415, 420, 484))  # they say how to try again: §16.7 step 6 prefers them


def without_via(response: Message, *, by_stream: bool = False) -> bytes:
    """The response without its topmost Via value, all other bytes as they came or as a script says (§16.7).

    Args:
        by_stream: it goes where a message must tell its length (§18.3); one by UDP need not have done so.
    """
    start, stop = response.via_cut
    if response.edits is not None:
        length = (length_edit(response),) if by_stream and response.content_length is None else ()
        return edits.apply(response.raw, [(start, stop, b""), *response.edits, *length])
    if by_stream and response.content_length is None:
        return splice(response.raw, ((start, stop, b""), length_edit(response)))
    return response.raw[:start] + response.raw[stop:]


def length_edit(message: Message) -> tuple[int, int, bytes]:
    """The edit that adds a Content-Length (§20.14)."""
    at = message.head - 2
    return (at, at, b"Content-Length: %d\r\n" % (len(message.raw) - message.head))


def rank(status: int, is_received: bool = True) -> tuple[int, int, int, int]:
    """Sorts final responses, the best first: 6xx, then the lowest class, in it those that tell what to change.

    Args:
        is_received: False for one of our own, which stands for silence; what somebody said is better.
    """
    kind = status // 100
    return (0 if kind == 6 else 1, kind, 0 if status in _TELLING else 1, 0 if is_received else 1)


def upwards(response: Message, *, by_stream: bool = False) -> tuple[int, bytes]:
    """Status and bytes of a final response as it goes up: a 503 speaks of one server, not of us (§16.7 step 6)."""
    raw = without_via(response, by_stream=by_stream)
    if response.status != 503:
        return response.status, raw
    return 500, b"SIP/2.0 500 Server Internal Error" + raw[raw.find(b"\r\n") :]
