"""Forwarding without memory: a branch that a request always gets, and that we know again (RFC 3261 §16.11).

The branch is a keyed hash of what every copy of a request, its CANCEL and the ACK of its refusal have in common: the
branch and sent-by of the Via below ours. A response carries that Via too, so the same hash checks its branch.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable

from dispatch.proxy.request import OURS
from dispatch.sip.flow import Listener
from dispatch.sip.message import Message
from dispatch.sip.via import Via


def prefix(listeners: Iterable[Listener]) -> bytes:
    """How the branches of this node begin: the same after a restart, another on a neighbour that shares the secret."""
    return b"%bl%08x." % (OURS, zlib.crc32(b" ".join(one.sent_by for one in listeners)))


def branch(request: Message, prefix: bytes, listener: int, loop_hash: bytes, secret: bytes) -> bytes:
    """The branch for `request`.

    Args:
        prefix: see `prefix`.
        listener: number of the local socket that the request came on, so that the response finds its way back.
        loop_hash: see `request.loop_hash`.
    """
    via = request.via
    number, _ = request.cseq
    return b"%b%d.%b.%b" % (prefix, listener, _digest(via, request.call_id, number, secret), loop_hash)


def listener_of(response: Message, prefix: bytes, secret: bytes) -> int | None:
    """Number of the socket that the request came on; None when this is no response to a request of ours."""
    mine = response.via.branch
    vias = response.vias
    if len(vias) < 2 or not mine.startswith(prefix):
        return None
    listener, _, rest = mine[len(prefix) :].partition(b".")
    number, _ = response.cseq
    if not listener.isdigit() or rest.partition(b".")[0] != _digest(vias[1], response.call_id, number, secret):
        return None
    return int(listener)


def _digest(via: Via, call_id: bytes, number: int, secret: bytes) -> bytes:
    text = b"%b %b:%d %b %d" % (via.branch, via.host, via.port, call_id, number)
    return hashlib.blake2s(text, key=secret, digest_size=8).hexdigest().encode()


def way_back(response: Message) -> tuple[bytes, int]:
    """Host and port that a response goes to by the Via below ours (§18.2.2, RFC 3581 §4)."""
    via = response.vias[1]
    port = int(via.rport) if via.rport else via.port
    return (via.received or via.host), port or 5060
