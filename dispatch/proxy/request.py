"""What is checked of a request (RFC 3261 §16.3), and the edits that make the one we send on (§16.6)."""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

from dispatch.errors import ParseError
from dispatch.sip import basic_rules, grammar
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message

MAX_FORWARDS: Final = 70
_HIGHEST: Final = 2**31 - 1
MAX_BREADTH: Final = 60  # of a request that has none (RFC 5393 §5.3.3)
OURS: Final = b"z9hG4bKd"  # how every branch of this program begins
_SCHEMES: Final = (b"sip", b"sips", b"tel", b"urn")
_HOPS: Final = (b"-1", *(b"%d" % number for number in range(255)))  # what a Max-Forwards becomes
_USUAL_URI: Final = grammar.URI.fullmatch
# quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F): the one place where a NUL may be (RFC 3261 §25.1); who reads strings
# as C does would see a shorter header elsewhere.
_BARE_NUL: Final = re.compile(rb"(?<!\\)\0").search


def check(request: Message) -> bool:
    """See that a request has what every request must have, and nothing that we don't support (§8.1.1, §16.3).

    Returns:
        Whether its Request-URI is ``sips:``, so that each hop must be safe (§26.2.2).

    Raises:
        ParseError: with the status to answer: 400, 416, 420, 483.
    """
    method = request.method
    if request.cseq[1] != method:
        raise ParseError(f"CSeq says {request.cseq[1][:20]!r}, the request line {method[:20]!r}")
    if not request.call_id:
        raise ParseError("empty Call-ID")
    if not request.usual:
        _check_line_ends(request)
    must_be_safe = _USUAL_URI(request.uri) is None and check_uri(request.uri) == b"sips"
    if request.to_tag is None or not request.usual:  # it raises when To is missing or broken
        request.from_tag  # noqa: B018 - likewise; inside a dialog it is spared, the peer being known by its tags
    hops = request.max_forwards
    if hops is not None and hops[0] == 0 and (method != b"OPTIONS" or request.to_tag is not None):
        raise ParseError("Max-Forwards is 0", status=483)
    if request.proxy_require and method not in (b"ACK", b"CANCEL"):
        raise ParseError("Proxy-Require", status=420)
    if request.raw.find(b"\0", 0, request.head) >= 0 and _BARE_NUL(request.raw, 0, request.head) is not None:
        raise ParseError("a NUL")
    return must_be_safe


def check_readable(request: Message) -> None:
    """As `check`, only what nobody could work with: a script sees to the rest by itself (``sanity_check``).

    Raises:
        ParseError: 400.
    """
    request.cseq  # noqa: B018 - raises when CSeq is missing or broken
    if not request.call_id:
        raise ParseError("empty Call-ID")
    if not request.usual:
        request.from_tag  # noqa: B018
        _check_line_ends(request)
    request.to_tag  # noqa: B018
    request.max_forwards  # noqa: B018


def _check_line_ends(request: Message) -> None:
    """A lenient gateway would see a header behind a lone CR or LF, where we did not; `Message.usual` excludes both."""
    raw, head = request.raw, request.head
    ends = raw.count(b"\r\n", 0, head)
    if raw.count(b"\n", 0, head) != ends:
        raise ParseError("a line feed alone")
    if raw.count(b"\r", 0, head) != ends:
        raise ParseError("a carriage return alone")


def check_uri(uri: bytes) -> bytes:
    """The scheme of a Request-URI, if we can route by it (§16.3 step 2).

    Raises:
        ParseError: 416 for a scheme that we don't know, 400 for one that we do in a URI that is none.
    """
    parsed = sip_uri.parse(uri)
    if parsed is not None and parsed.scheme in _SCHEMES and not parsed.headers:
        return parsed.scheme
    scheme, colon, _ = uri.partition(b":")
    if colon and scheme.lower() not in _SCHEMES:
        raise ParseError(f"scheme {scheme[:20]!r}", status=416)
    raise ParseError(f"{uri[:60]!r} is no URI")


def received_edit(request: Message, flow: Flow) -> tuple[int, int, bytes] | None:
    """The edit that writes down where the request came from (§18.2.1, RFC 3581); None where Via tells the truth."""
    via = request.via
    if via.rport is None:
        if via.host == flow.host:
            return None if via.received_span is None else (*via.received_span, b"")
        text = b";received=%b" % flow.remote[0].encode()
        return (via.stop, via.stop, text) if via.received_span is None else (*via.received_span, text)
    spans = [span for span in (via.received_span, via.rport_span) if span is not None]
    text = b";rport=%d;received=%b" % (flow.remote[1], flow.remote[0].encode())
    if len(spans) == 1:
        return (*spans[0], text)
    first, second = sorted(spans)
    return (first[0], second[1], request.raw[first[1] : second[0]] + text)


def hops_edit(request: Message) -> tuple[int, int, bytes]:
    """The edit that counts Max-Forwards down, or adds it (§16.6 step 3)."""
    hops = request.max_forwards
    if hops is None:
        return (request.head - 2, request.head - 2, b"Max-Forwards: %d\r\n" % MAX_FORWARDS)
    value, start, stop = hops
    return (start, stop, _HOPS[value])


# Max-Breadth = "Max-Breadth" HCOLON 1*DIGIT
def breadth_edits(request: Message, count: int) -> list[tuple[int, int, bytes]]:
    """The edits that share Max-Breadth out to `count` branches; none where it is too little for them (RFC 5393 §5.3.3).

    Raises:
        ParseError: it is no number, or there twice.
    """
    lines = request.reader.spans(b"max-breadth")
    if len(lines) > 1:
        raise ParseError("several max-breadth headers", offset=lines[1].start)
    if lines:
        (_, _, start, stop, _), text = lines[0], b"%d"
        breadth = basic_rules.read_number(request.raw, start, stop, _HIGHEST)
    else:
        breadth, start, stop, text = MAX_BREADTH, request.head - 2, request.head - 2, b"Max-Breadth: %d\r\n"
    share, more = divmod(breadth, count)
    if share == 0:
        return []
    return [(start, stop, text % (share + (number < more))) for number in range(count)]


def route_cuts(request: Message) -> list[tuple[int, int, bytes]]:
    """The edits that take every Route value away: an initial request goes where we say."""
    if not request.usual:
        return [(line.start, line.end, b"") for line in request.reader.spans(b"route")]
    at = request.first_line(b"route")
    return [(at, at + len(request.lines(b"route")), b"")] if at >= 0 else []


def loop_hash(request: Message, leftover: bytes) -> bytes:
    """What is the same when a request comes back to be routed as before (RFC 5393 §4.2); 8 hex digits.

    The destination that we choose is left out, so that a request which comes round is caught however the
    algorithm has moved on meanwhile; so is the To tag, as the ACK of a refusal has one and must get the branch of
    its INVITE where nothing is remembered (§16.11).

    Args:
        leftover: the Route lines that lead on from here.
    """
    number = crc32(request.call_id, crc32(request.uri, request.cseq[0]))
    return b"%08x" % (crc32(leftover, number) if leftover else number)


def is_loop(request: Message, prefixes: tuple[bytes, ...], digest: bytes) -> bool:
    """Whether the request has been here, and was no different then (§16.3 step 4)."""
    return any(via.branch.startswith(prefixes) and via.branch.endswith(digest) for via in request.vias)
