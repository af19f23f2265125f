"""A message as received: its bytes, and where things are in them.

A message of usual layout is taken apart by one pattern, and what that found becomes a value when somebody asks for it.
Any other message, and any value that the pattern does not take, is read by `reader.Reader`, with the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip import grammar
from dispatch.sip import head as head_
from dispatch.sip.reader import COMPACT, Entry, Reader
from dispatch.sip.via import Via

_METHODS: Final = frozenset(
    (
        *(b"INVITE", b"ACK", b"BYE", b"CANCEL", b"OPTIONS", b"REGISTER", b"UPDATE", b"PRACK", b"INFO", b"MESSAGE"),
        *(b"SUBSCRIBE", b"NOTIFY", b"PUBLISH", b"REFER"),
    )
)
_PLACES: Final = {
    b"via": (head_.VIAS, 4),
    b"from": (head_.FROM, 5),
    b"to": (head_.TO, 3),
    b"call-id": (head_.CALL, 8),
    b"cseq": (head_.CSEQ, 5),
    b"route": (head_.ROUTES, 6),
    b"record-route": (head_.RECORD_ROUTES, 13),
}
"""By header: its group in `head.HEAD`, and how long its name is, colon included."""
_FROM: Final = grammar.FROM.match
_BLANKS: Final = b" \t"
_HIGHEST_CSEQ: Final = 2**31 - 1  # §8.1.1.5
_HEAD: Final = head_.HEAD.match
_UNREAD: Final = (-1, -1, -1)


def splice(raw: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Put ``text`` for ``raw[start:stop]``, edit by edit; they don't overlap, every other byte stays as it came."""
    parts: list[bytes] = []
    at = 0
    for start, stop, text in sorted(edits):
        parts += (raw[at:start], text)
        at = stop
    parts.append(raw[at:])
    return b"".join(parts)


class Message:
    """One SIP message.

    Args:
        raw: the datagram, or what the framer cut; bytes behind Content-Length are dropped (RFC 3261 §18.3).
        usual: False reads everything by the full reader; the default looks which layout it is.
        salvage: take what has no proper start line or too short a body all the same, to answer it.

    Attributes:
        raw: the message.
        head: offset of the body.
        is_request: whether it starts with a request line.
        method: of a request; empty for a response (see `cseq`).
        uri: Request-URI as written; empty for a response.
        status: of a response; 0 for a request.
        edits: changes that a script wants in it before it goes on; None for most.

    Raises:
        ParseError: no end of the headers, no start line, or the body is shorter than it says.
    """

    __slots__ = (
        "_call_id",
        "_cseq",
        "_found",
        "_max_forwards",
        "_reader",
        "_routes",
        "_to_tag",
        "_via",
        "edits",
        "head",
        "is_request",
        "method",
        "raw",
        "status",
        "uri",
    )

    def __init__(self, raw: bytes, usual: bool | None = None, *, salvage: bool = False) -> None:
        self.raw = raw
        self.edits: list[tuple[int, int, bytes]] | None = None
        self._via: Via | None = None
        self._call_id: bytes | None = None
        self._cseq: tuple[int, bytes] | None = None
        self._max_forwards: tuple[int, int, int] | None = _UNREAD
        self._to_tag: bytes | None = b""
        self._reader: Reader | None = None
        self._routes: list[Entry] | None = None
        found = self._found = _HEAD(raw) if usual is not False else None
        if found is None:
            self._read_in_full(raw, salvage=salvage)
            return
        self.head = found.end()
        status = found[head_.STATUS]
        if status is None:
            self.is_request = True
            self.method, self.uri = found.group(head_.METHOD, head_.URI)
            self.status = 0
        else:
            self.is_request = False
            self.method = self.uri = b""
            self.status = int(status)
        length = found[head_.CONTENT_LENGTH]
        if length is not None and int(length) != len(raw) - self.head and not salvage:
            self._cut_at_length()

    def _read_in_full(self, raw: bytes, *, salvage: bool) -> None:
        """What the pattern does not take."""
        head = self.head = raw.find(b"\r\n\r\n") + 4
        if head == 3:
            raise ParseError("the headers have no end", offset=len(raw))
        self.method = self.uri = b""
        self.status = 0
        self.is_request = raw[:4].upper() != b"SIP/"
        line = raw[: raw.find(b"\r\n")]
        if salvage:
            self.method = line.partition(b" ")[0]
            return
        if self.is_request:
            self._read_request_line(line)
        else:
            self._read_status_line(line)
        self._cut_at_length()

    def _cut_at_length(self) -> None:
        length = self.content_length
        body = len(self.raw) - self.head
        if length is not None and length != body:
            if length > body:
                raise ParseError(f"Content-Length is {length}, but {body} bytes follow", offset=self.head)
            self.raw = self.raw[: self.head + length]

    def _read_request_line(self, line: bytes) -> None:
        """``Request-Line = Method SP Request-URI SP SIP-Version CRLF``."""
        parts = line.split(b" ")
        if len(parts) != 3 or parts[2][:4].upper() != b"SIP/":
            raise ParseError(f"{line[:40]!r} is no request line")
        method, uri, version = parts
        if version.upper() != b"SIP/2.0":
            raise ParseError(f"version {version[:20]!r} is not SIP/2.0", offset=len(line), status=505)
        if method not in _METHODS and grammar.TOKEN.fullmatch(method) is None:
            raise ParseError(f"{method[:20]!r} is no method")
        if not uri or b"<" in uri or b">" in uri or b'"' in uri or b"\t" in uri:
            raise ParseError(f"{uri[:40]!r} is no Request-URI", offset=len(method) + 1)
        self.method = method
        self.uri = uri

    def _read_status_line(self, line: bytes) -> None:
        """``Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF``."""
        if line[:7].upper() != b"SIP/2.0":
            raise ParseError(f"version {line[:7]!r} is not SIP/2.0", status=505)
        code = line[8:11]
        if line[7:8] != b" " or not code.isdigit() or line[11:12] not in (b" ", b"") or not b"100" <= code < b"700":
            raise ParseError(f"{line[:20]!r} is no status line", offset=8)
        self.status = int(code)

    @property
    def usual(self) -> bool:
        """Whether one pattern took the head apart: all headers that must be there are, no line feed stands alone."""
        return self._found is not None

    @property
    def reader(self) -> Reader:
        """The full reader of this message, made at first use."""
        if self._reader is None:
            self._reader = Reader(self.raw, self.head)
        return self._reader

    @property
    def body(self) -> bytes:
        """What follows the blank line."""
        return self.raw[self.head :]

    @property
    def reason(self) -> bytes:
        """Reason phrase of a response, as written (§7.2)."""
        return b"" if self.is_request else self.raw[12 : self.raw.find(b"\r\n")]

    @property
    def content_length(self) -> int | None:
        """Value of Content-Length (§20.14); None when there is none."""
        found = self._found
        if found is None:
            return self.reader.content_length
        length = found[head_.CONTENT_LENGTH]
        return None if length is None else int(length)

    @property
    def call_id(self) -> bytes:
        """Value of Call-ID, without the blanks around it (§20.8)."""
        call_id = self._call_id
        if call_id is None:
            found = self._found
            call_id = self._call_id = self.reader.call_id if found is None else found[head_.CALL_ID]
        return call_id

    @property
    def cseq(self) -> tuple[int, bytes]:
        """Number and method of CSeq (§20.16)."""
        if self._cseq is None:
            found = self._found
            if found is not None:
                number, method = found.group(head_.CSEQ_NUMBER, head_.CSEQ_METHOD)
                self._cseq = (int(number), method)
            if self._cseq is None or self._cseq[0] > _HIGHEST_CSEQ:
                self._cseq = self.reader.cseq
        return self._cseq

    @property
    def via(self) -> Via:
        """The topmost Via value (§20.42)."""
        if self._via is None:
            found = self._found
            usual = _via_in_line(self.raw, found.start(head_.VIAS) - 4) if found is not None else None
            self._via = usual or self.reader.via
        return self._via

    @property
    def branch(self) -> bytes:
        """The branch of the topmost Via; empty without one."""
        found = self._found
        return found[head_.BRANCH] if found is not None and _is_apart(found) else self.via.branch

    @property
    def sent_by(self) -> bytes:
        """Host, and port where it has one, of the topmost Via; lower case."""
        found = self._found
        return found[head_.SENT_BY].lower() if found is not None and _is_apart(found) else self.via.sent_by

    def is_from(self, sent_by: bytes) -> bool:
        """Whether the topmost Via names this very source, and nothing is to be noted there; a no may be a yes."""
        found = self._found
        return (
            found is not None
            and found[head_.LINE_END] == b"\r\n"
            and found[head_.SENT_BY] == sent_by
            and found[head_.RPORT_BEFORE] == b";"
        )

    @property
    def via_cut(self) -> tuple[int, int]:
        """From where to where the message must be cut to take its topmost Via value away."""
        found = self._found
        if found is not None:
            stop = found.end(head_.LINE_END)
            if stop >= 0:
                return found.start(head_.VIAS) - 4, stop
            stop = found.end(head_.COMMA)
            if stop >= 0:
                return found.start(head_.TRANSPORT) - 8, stop
        via = self.via
        return via.cut_start, via.cut_stop

    @property
    def hop(self) -> bytes:
        """The topmost Via from sent-by to branch, as written; empty where it is not as usual."""
        found = self._found
        if found is None or not _is_apart(found):
            return b""
        return self.raw[found.start(head_.SENT_BY) : found.end(head_.BRANCH)]

    def goes_on_to(self, hop: bytes) -> bool:
        """Whether the Via below the topmost is that one of a request (`hop`), by UDP and as usual messages have it."""
        raw, start = self.raw, self.via_cut[1]
        at = raw.find(hop, start, start + len(hop) + 17) if hop else -1
        stop = at + len(hop)
        return at > 0 and raw[start:at] in (b"SIP/2.0/UDP ", b"Via: SIP/2.0/UDP ") and raw[stop : stop + 1] in b";,\r"

    @property
    def second_via(self) -> Via | None:
        """The Via value below the topmost, where a response goes next; None when there is none."""
        found = self._found
        if found is not None:
            raw = self.raw
            at = self.via_cut[1]
            if raw[at - 2 : at] != b"\r\n":
                via = _via_value(raw, at, at)
            else:
                via = _via_in_line(raw, at) if at < found.end(head_.VIAS) else None
            if via is not None:
                return via
        vias = self.reader.vias
        return vias[1] if len(vias) > 1 else None

    @property
    def vias(self) -> list[Via]:
        """Every Via value, topmost first."""
        return self.reader.vias

    @property
    def from_tag(self) -> bytes | None:
        """The tag of From; None when it has none (§20.20)."""
        found = _FROM(self.raw, self._found.start(head_.FROM)) if self._found is not None else None
        return self.reader.from_tag if found is None else found[1]

    @property
    def to_tag(self) -> bytes | None:
        """The tag of To; None when it has none (§20.39)."""
        if self._to_tag == b"":
            found = self._found
            if found is not None and found[head_.TO_READ] is not None:
                self._to_tag = found[head_.TO_TAG]
            else:
                self._to_tag = self.reader.to_tag
        return self._to_tag

    @property
    def max_forwards(self) -> tuple[int, int, int] | None:
        """Value of Max-Forwards, and where its digits start and stop (§20.22); None when there is none."""
        hops = self._max_forwards
        if hops is not None and hops[0] < 0:
            found = self._found
            if found is None:
                hops = self.reader.max_forwards
            else:
                digits = found[head_.MAX_FORWARDS]
                hops = None if digits is None else (int(digits), *found.span(head_.MAX_FORWARDS))
            self._max_forwards = hops
        return hops

    @property
    def routes(self) -> list[Entry]:
        """Every value of every Route header, in order (§20.34)."""
        if self._routes is None:
            entries = self._entries(b"route")
            self._routes = self.reader.routes if entries is None else entries
        return self._routes

    @property
    def record_routes(self) -> list[Entry]:
        """Every value of every Record-Route header, in order (§20.30)."""
        entries = self._entries(b"record-route")
        return self.reader.record_routes if entries is None else entries

    def _entries(self, name: bytes) -> list[Entry] | None:
        """The values of a block of lines, when they are as usual."""
        if self._found is None:
            return None
        entries: list[Entry] = []
        group, length = _PLACES[name]
        at, stop = self._found.span(group)
        while at < stop:
            found = grammar.ROUTE.match(self.raw, at)
            if found is None:
                return None
            entries.append(Entry(found.start(1) - 1, found.end() - 2, at - length, found.end(), found[1]))
            at = found.end() + length
        return entries

    @property
    def require(self) -> tuple[bytes, ...]:
        """Option tags of Require, lower case (§20.32)."""
        if self._found is not None and self._found[head_.OPTIONS] is None:
            return ()
        return self.reader.require

    @property
    def proxy_require(self) -> tuple[bytes, ...]:
        """Option tags of Proxy-Require, lower case (§20.29)."""
        if self._found is not None and self._found[head_.OPTIONS] is None:
            return ()
        return self.reader.proxy_require

    @property
    def timestamp(self) -> bytes | None:
        """Value of Timestamp (§20.38); None when there is none."""
        if self._found is not None and self._found[head_.TIMESTAMP] is None:
            return None
        return self.header(b"timestamp")

    def header(self, name: bytes) -> bytes | None:
        """Value of the first header of that name, without the blanks around it; None when there is none.

        Args:
            name: the long name in lower case; any.
        """
        raw = self.raw
        place = _PLACES.get(name) if self._found is not None else None
        if self._found is not None and place is not None:
            at = self._found.start(place[0])
            return raw[at : raw.find(b"\r\n", at)].strip(b" \t") if at >= 0 else None
        if self._reader is None:
            found = _header(name)(raw, 0, self.head)
            if found is None:
                return None
            end = found.end()
            if raw[end : end + 2] == b"\r\n" and raw[end + 2] not in _BLANKS:
                return found[1].rstrip(b" \t")
        spans = self.reader.spans(name)
        return self.raw[spans[0].value : spans[0].stop] if spans else None

    def first_line(self, name: bytes) -> int:
        """Offset of the first line of a header, as named in `lines`; -1 when there is none."""
        if self._found is not None:
            group, length = _PLACES[name]
            at = self._found.start(group)
            return at - length if at >= 0 else -1
        spans = self.reader.spans(name)
        return spans[0].start if spans else -1

    def lines(self, name: bytes) -> bytes:
        """Every line of a header as it came, line ends included; empty when there is none.

        Args:
            name: the long name in lower case: ``b"via"``, ``b"from"``, ``b"to"``, ``b"call-id"``, ``b"cseq"``,
                ``b"route"`` or ``b"record-route"``.
        """
        raw = self.raw
        if self._found is not None:
            group, length = _PLACES[name]
            start, stop = self._found.span(group)
            return raw[start - length : stop] if start >= 0 else b""
        return b"".join([raw[line.start : line.end] for line in self.reader.spans(name)])


# message-header = header-name HCOLON header-value CRLF;  HCOLON = *( SP / HTAB ) ":" SWS
@lru_cache(maxsize=256)
def _header(name: bytes) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
    """Finds the first line of a header, up to where it ends or is folded; takes 1 us where the reader takes 20."""
    compact = [short for short, long in COMPACT.items() if long == name]
    names = b"|".join(map(re.escape, (name, *compact)))
    return re.compile(rb"(?i)\r\n(?:" + names + rb")[ \t]*:[ \t]*([^\r\n]*)").search


def _is_apart(found: re.Match[bytes]) -> bool:
    """Whether the pattern took the topmost Via apart."""
    return found[head_.LINE_END] is not None or found[head_.COMMA] is not None


def _via_in_line(raw: bytes, line: int) -> Via | None:
    """The first value of the Via line that starts at `line`; None when it is not as usual."""
    return _via_value(raw, line + (5 if raw[line + 4 : line + 5] == b" " else 4), line)


def _via_value(raw: bytes, at: int, line: int) -> Via | None:
    """The Via value at `at`, when it is as usual; `line` is where its line starts."""
    found = grammar.VIA.match(raw, at)
    if found is None:
        return None
    transport, host, port, params, end = found.groups()
    branch = received = rport = received_span = rport_span = None
    start = found.start(4)
    if params.startswith(b";branch=") and params.find(b";", 1) < 0 and len(params) > 8:  # as most are
        stop = found.end(4)
        cut = line if end == b"\r\n" else at
        return Via(
            at,
            stop,
            cut,
            found.end(),
            transport,
            host.lower(),
            int(port) if port else 0,
            params[8:],
            None,
            None,
            None,
            None,
        )
    for param in params.split(b";")[1:]:
        stop = start + 1 + len(param)
        name, equals, value = param.partition(b"=")
        if name == b"branch":
            if branch is not None or not equals:
                return None
            branch = value
        elif name == b"rport":
            if rport is not None or (equals and not (value.isdigit() and len(value) < 6)):
                return None
            rport, rport_span = value, (start, stop)
        elif name == b"received":
            if received is not None or not equals:
                return None
            received, received_span = value, (start, stop)
        start = stop
    return Via(
        at,
        start,
        line if end == b"\r\n" else at,
        found.end(),
        transport,
        host.lower(),
        int(port) if port else 0,
        branch or b"",
        rport,
        received,
        rport_span,
        received_span,
    )
