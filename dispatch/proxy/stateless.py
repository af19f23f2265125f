"""Forwarding without memory: a branch that a request always gets, and that we know again (RFC 3261 §16.11).

The branch is a keyed hash of what every copy of a request, its CANCEL and the ACK of its refusal have in common: the
branch and sent-by of the Via below ours. A response carries that Via too, so the same hash checks its branch.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from dispatch.proxy.dialog import Identity
from dispatch.proxy.request import OURS
from dispatch.sip.flow import Listener
from dispatch.sip.message import Message
from dispatch.sip.via import Via

_DIGITS: Final = 16  # of a keyed hash in hex


def prefix(listeners: Iterable[Listener]) -> bytes:
    """How the branches of this node begin: the same after a restart, another on a neighbour that shares the secret."""
    return b"%bl%08x." % (OURS, zlib.crc32(b" ".join(one.sent_by for one in listeners)))


def branch(request: Message, prefix: bytes, listener: int, loop_hash: bytes, me: Identity) -> bytes:
    """The branch for `request`.

    Args:
        prefix: see `prefix`.
        listener: number of the local socket that the request came on, so that the response finds its way back.
        loop_hash: see `request.loop_hash`.
    """
    return b"%b%d.%b.%b" % (prefix, listener, _digest(request, request.via, me), loop_hash)


def listener_of(response: Message, below: Via, prefix: bytes, me: Identity) -> int | None:
    """Number of the socket that the request came on; None when this is no response to a request of ours.

    Args:
        below: the Via below ours.
    """
    mine = response.via.branch
    if not mine.startswith(prefix):
        return None
    listener, _, rest = mine[len(prefix) :].partition(b".")
    if not listener.isdigit() or len(listener) > 4 or rest[:_DIGITS] != _digest(response, below, me):
        return None
    return int(listener)


def _digest(message: Message, via: Via, me: Identity) -> bytes:
    """A hash that only we can make, of what names the request: the branch, or what stands in for it (§17.2.3)."""
    text = b"%b %b:%d" % (via.branch, via.host, via.port)
    if not via.branch.startswith(b"z9hG4bK"):
        text += b" %b %d" % (message.call_id, message.cseq[0])
    return me.branch_hash(text)


def way_back(below: Via) -> tuple[bytes, int]:
    """Host and port that a response goes to by the Via below ours (§18.2.2, RFC 3581 §4)."""
    return (below.received or below.host), (int(below.rport) if below.rport else below.port) or 5060
