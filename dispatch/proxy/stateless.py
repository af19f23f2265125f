"""Forwarding without memory: a branch that a request always gets, and that we know again (RFC 3261 §16.11).

The branch is a keyed hash of what every copy of a request, its CANCEL and the ACK of its refusal have in common: the
branch and sent-by of the Via below ours, and the way back. A response carries all of it, so the same hash tells whether
the request went through us, and that the response goes where it came from and nowhere else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from dispatch.proxy.dialog import Identity
from dispatch.proxy.request import OURS
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message
from dispatch.sip.via import Via

_LONGEST: Final = 100  # of our branches; a forged one has no long numbers to read


def prefix(listeners: Iterable[Listener]) -> bytes:
    """How the branches of this node begin: the same after a restart, another on a neighbour that shares the secret."""
    return b"%bl%08x." % (OURS, zlib.crc32(b" ".join(one.sent_by for one in listeners)))


def branch(request: Message, prefix: bytes, listener: int, back: Flow, loop_hash: bytes, me: Identity) -> bytes:
    """The branch for `request`.

    Args:
        prefix: see `prefix`.
        listener: number of the local socket that the request came on.
        back: where its response goes.
        loop_hash: see `request.loop_hash`.
    """
    way = b"%d.%d" % (listener, back.remote[1])
    return b".".join(
        (prefix + way, _digest(request, request.branch, request.sent_by, back.remote[0], way, me), loop_hash)
    )


def way_back(response: Message, below: Via, prefix: bytes, me: Identity) -> tuple[int, str, int] | None:
    """Number of the socket that the request came on, and address and port it came from; None when it is none of ours.

    Args:
        below: the Via below ours.
    """
    mine = response.branch
    parts = mine[len(prefix) :].split(b".")
    if not mine.startswith(prefix) or len(parts) != 4 or not (parts[0] + parts[1]).isdigit() or len(mine) > _LONGEST:
        return None
    if below.rport and below.rport != parts[1]:
        return None
    host = (below.received or below.host).strip(b"[]").decode("latin-1")
    if parts[2] != _digest(response, below.branch, below.sent_by, host, parts[0] + b"." + parts[1], me):
        return None
    return int(parts[0]), host, int(parts[1])


def _digest(message: Message, branch: bytes, sent_by: bytes, host: str, way: bytes, me: Identity) -> bytes:
    """A hash that only we can make, of what names the request: the branch, or what stands in for it (§17.2.3)."""
    text = b" ".join((branch, sent_by, host.encode("latin-1"), way))
    if not branch.startswith(b"z9hG4bK"):
        text += b" %b %d" % (message.call_id, message.cseq[0])
    return me.branch_hash(text)
