"""New messages: responses of our own, probes, and the ACK and CANCEL that go with a request we sent."""

from __future__ import annotations

from typing import Final

from dispatch.errors import ParseError
from dispatch.sip.message import Message

REASONS: Final = {
    100: b"Trying",
    180: b"Ringing",
    200: b"OK",
    400: b"Bad Request",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    413: b"Request Entity Too Large",
    414: b"Request-URI Too Long",
    416: b"Unsupported URI Scheme",
    420: b"Bad Extension",
    440: b"Max-Breadth Exceeded",
    480: b"Temporarily Unavailable",
    481: b"Call/Transaction Does Not Exist",
    482: b"Loop Detected",
    483: b"Too Many Hops",
    487: b"Request Terminated",
    500: b"Server Internal Error",
    503: b"Service Unavailable",
    505: b"Version Not Supported",
    513: b"Message Too Large",
}


def response(
    request: Message,
    status: int,
    reason: bytes = b"",
    *,
    received: tuple[int, int, bytes] | None = None,
    to_tag: bytes = b"",
    headers: bytes = b"",
    body: bytes = b"",
) -> bytes:
    """A response to `request` (RFC 3261 §8.2.6).

    Args:
        reason: the phrase; the usual one of `status` when empty.
        received: the edit that notes in the top Via where the request came from, as offsets in the request.
        to_tag: added to To when the request has no tag there.
        headers: whole lines to add.
    """
    vias = request.lines(b"via")
    if received is not None:
        start, stop, text = received
        top = request.first_line(b"via")
        vias = vias[: start - top] + text + vias[stop - top :]
    to = request.lines(b"to")
    if to_tag and _needs_tag(request):
        to = to.rstrip(b" \t\r\n") + b";tag=" + to_tag + b"\r\n"
    line = b"SIP/2.0 %d " % status + (reason or REASONS.get(status, b"Response")) + b"\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(body) if body else b"Content-Length: 0\r\n\r\n"
    from_ = request.lines(b"from")
    return b"".join((line, vias, from_, to, request.lines(b"call-id"), request.lines(b"cseq"), headers, length, body))


def _needs_tag(request: Message) -> bool:
    """Whether To has no tag; what can't be read goes back as it came, since a broken request wants an answer too."""
    try:
        return request.to_tag is None
    except ParseError:
        return False


def probe(
    method: bytes, uri: bytes, sender: bytes, *, via: bytes, branch: bytes, tag: bytes, call_id: bytes, agent: bytes
) -> bytes:
    """A request of our own that asks whether somebody is there, with the headers of the original's in its order.

    Args:
        method: of the request.
        uri: Request-URI and To.
        sender: URI in From.
        via: a Via line up to the value of its branch, as listeners have it.
        branch: that value.
        tag: of From.
        call_id: of Call-ID.
        agent: of User-Agent.
    """
    return (
        b"%b %b SIP/2.0\r\n%b%b\r\nTo: <%b>\r\nFrom: <%b>;tag=%b\r\nCSeq: 10 %b\r\nCall-ID: %b\r\n"
        b"Max-Forwards: 70\r\nContent-Length: 0\r\nUser-Agent: %b\r\n\r\n"
    ) % (method, uri, via, branch, uri, sender, tag, method, call_id, agent)


def ack(invite: Message, response_: Message) -> bytes:
    """The ACK for a non-2xx response to `invite`, an INVITE that we sent (§17.1.1.3)."""
    return _beside(invite, b"ACK", response_.lines(b"to"))


def cancel(invite: Message, reason: bytes = b"") -> bytes:
    """The CANCEL for `invite`, an INVITE that we sent (§9.1), with a value for Reason (RFC 3326) where there is one."""
    return _beside(invite, b"CANCEL", invite.lines(b"to"), b"Reason: %b\r\n" % reason if reason else b"")


def _beside(invite: Message, method: bytes, to: bytes, headers: bytes = b"") -> bytes:
    via, hops = invite.via, invite.max_forwards
    return b"%b %b SIP/2.0\r\nVia: %b\r\n%b%b%b%bCSeq: %d %b\r\nMax-Forwards: %d\r\n%bContent-Length: 0\r\n\r\n" % (
        method,
        invite.uri,
        invite.raw[via.start : via.stop],
        invite.lines(b"route"),
        invite.lines(b"from"),
        to,
        invite.lines(b"call-id"),
        invite.cseq[0],
        method,
        70 if hops is None else hops[0],
        headers,
    )
