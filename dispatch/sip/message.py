"""A message as received: its bytes, and where things are in them.

Nothing is parsed before somebody asks, and the answer is remembered. A message of usual layout is searched with
`bytes.find` and one pattern per header; any other, and any value that a pattern does not take, is read by
`reader.Reader`, which gives the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip import grammar
from dispatch.sip.layout import ODD, Layout, layout_of
from dispatch.sip.reader import COMPACT, Entry, Reader
from dispatch.sip.via import Via

_METHODS: Final = frozenset(
    (
        *(b"INVITE", b"ACK", b"BYE", b"CANCEL", b"OPTIONS", b"REGISTER", b"UPDATE", b"PRACK", b"INFO", b"MESSAGE"),
        *(b"SUBSCRIBE", b"NOTIFY", b"PUBLISH", b"REFER"),
    )
)
_LONG: Final = {
    name.lower(): b"\r\n%b:" % name
    for name in (
        *(b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Max-Forwards", b"Content-Length", b"Route", b"Record-Route"),
        *(b"Require", b"Proxy-Require"),
    )
}
_BEGINNING: Final = grammar.BEGINNING.match
_NUMBER: Final = grammar.NUMBER.match
_CSEQ: Final = grammar.CSEQ.match
_TO: Final = grammar.TO.match
_FROM: Final = grammar.FROM.match
_BLANKS: Final = b" \t"
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

    Raises:
        ParseError: no end of the headers, no start line, or the body is shorter than it says.
    """

    __slots__ = (
        "_call_id",
        "_cseq",
        "_layout",
        "_max_forwards",
        "_reader",
        "_routes",
        "_to_tag",
        "_via",
        "head",
        "is_request",
        "method",
        "raw",
        "status",
        "uri",
    )

    def __init__(self, raw: bytes, usual: bool | None = None, *, salvage: bool = False) -> None:
        head = raw.find(b"\r\n\r\n") + 4
        if head == 3:
            raise ParseError("the headers have no end", offset=len(raw))
        self.raw = raw
        self.head = head
        self._layout: Layout | None = ODD if usual is False else None
        self._call_id: bytes | None = None
        self._cseq: tuple[int, bytes] | None = None
        self._max_forwards: tuple[int, int, int] | None = _UNREAD
        self._routes: list[Entry] | None = None
        self._to_tag: bytes | None = b""
        self._reader: Reader | None = None
        self.is_request = True
        found = _BEGINNING(raw) if usual is not False else None
        if found is not None:
            self._begin(found)
            if self._ends_as_it_says() and (not self.is_request or self.usual):
                return
        if found is None or not self.usual:
            self._via: Via | None = None
            self.method = self.uri = b""
            self.status = 0
            self.is_request = raw[:7].upper() != b"SIP/2.0"
            if salvage:
                self.method = raw[: raw.find(b"\r\n")].partition(b" ")[0]
            elif self.is_request:
                self._read_request_line(raw[: raw.find(b"\r\n")])
            else:
                self._read_status_line(raw[: raw.find(b"\r\n")])
        if not salvage:
            self._cut_at_length()

    def _ends_as_it_says(self) -> bool:
        """Whether Content-Length stands there plainly and is right: the quick look that is enough for most."""
        at = self.raw.find(b"\r\nContent-Length:", 0, self.head)
        found = _NUMBER(self.raw, at + 17) if at >= 0 else None
        return found is not None and int(found[1]) == len(self.raw) - self.head

    def _cut_at_length(self) -> None:
        length = self.content_length
        body = len(self.raw) - self.head
        if length is not None and length != body:
            if length > body:
                raise ParseError(f"Content-Length is {length}, but {body} bytes follow", offset=self.head)
            self.raw = self.raw[: self.head + length]

    def _begin(self, found: re.Match[bytes]) -> None:
        """Start line and topmost Via as most messages have them."""
        method, uri, status, transport, host, port, rport_before, branch, rport_behind, end = found.groups()
        if status is None:
            self.method = method
            self.uri = uri
            self.status = 0
        else:
            self.is_request = False
            self.method = self.uri = b""
            self.status = int(status)
        rport = rport_span = None
        if rport_before is not None or rport_behind is not None:
            rport, rport_span = b"", found.span(7 if rport_before is not None else 9)
        first = found.start(4) - 8
        self._via = Via(
            first,
            found.start(10),
            first if end[:1] == b"," else self.raw.rfind(b"V", 0, first),
            found.end(),
            transport,
            host.lower(),
            int(port) if port is not None else 0,
            branch,
            rport,
            None,
            rport_span,
            None,
        )

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
        code = line[8:11]
        if line[7:8] != b" " or not code.isdigit() or line[11:12] not in (b" ", b"") or not b"100" <= code < b"700":
            raise ParseError(f"{line[:20]!r} is no status line", offset=8)
        self.status = int(code)

    @property
    def layout(self) -> Layout:
        """Which headers there are, and whether the patterns may be used."""
        if self._layout is None:
            self._layout = layout_of(self.raw, self.head)
        return self._layout

    @property
    def usual(self) -> bool:
        """Whether the quick patterns may be used."""
        layout = self._layout
        if layout is None:
            layout = self._layout = layout_of(self.raw, self.head)
        return layout.is_usual

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
        if (self._layout or self.layout).is_usual:
            at = self.raw.find(b"\r\nContent-Length:", 0, self.head)
            if at < 0:
                return None
            found = _NUMBER(self.raw, at + 17)
            if found is not None:
                return int(found[1])
        return self.reader.content_length

    @property
    def call_id(self) -> bytes:
        """Value of Call-ID, without the blanks around it (§20.8)."""
        if self._call_id is None:
            raw = self.raw
            at = raw.find(b"\r\nCall-ID:", 0, self.head) if (self._layout or self.layout).is_usual else -1
            self._call_id = raw[at + 10 : raw.find(b"\r\n", at + 10)].strip(b" \t") if at >= 0 else b""
            if not self._call_id:
                self._call_id = self.reader.call_id
        return self._call_id

    @property
    def cseq(self) -> tuple[int, bytes]:
        """Number and method of CSeq (§20.16)."""
        if self._cseq is None:
            at = self.raw.find(b"\r\nCSeq:", 0, self.head) if (self._layout or self.layout).is_usual else -1
            if at >= 0 and (found := _CSEQ(self.raw, at + 7)) is not None and (number := int(found[1])) < 2147483648:
                self._cseq = (number, found[2])
            else:
                self._cseq = self.reader.cseq
        return self._cseq

    @property
    def via(self) -> Via:
        """The topmost Via value (§20.42)."""
        if self._via is None:
            at = self.raw.find(b"\r\nVia:", 0, self.head) if (self._layout or self.layout).is_usual else -1
            self._via = (_via_in_line(self.raw, at + 2) if at >= 0 else None) or self.reader.via
        return self._via

    @property
    def second_via(self) -> Via | None:
        """The Via value below the topmost, where a response goes next; None when there is none."""
        if self._layout is None or self._layout.is_usual:
            raw = self.raw
            at = self.via.cut_stop
            found = None
            if raw[at - 2 : at] != b"\r\n":
                found = _via_value(raw, at, at)
            elif raw.startswith(b"Via:", at):
                found = _via_in_line(raw, at)
            if found is not None:
                return found
        vias = self.reader.vias
        return vias[1] if len(vias) > 1 else None

    @property
    def vias(self) -> list[Via]:
        """Every Via value, topmost first."""
        return self.reader.vias

    @property
    def from_tag(self) -> bytes | None:
        """The tag of From; None when it has none (§20.20)."""
        at = self.raw.find(b"\r\nFrom:", 0, self.head) if (self._layout or self.layout).is_usual else -1
        if at >= 0 and (found := _FROM(self.raw, at)) is not None:
            return found[1]
        return self.reader.from_tag

    @property
    def to_tag(self) -> bytes | None:
        """The tag of To; None when it has none (§20.39)."""
        if self._to_tag == b"":
            at = self.raw.find(b"\r\nTo:", 0, self.head) if (self._layout or self.layout).is_usual else -1
            if at >= 0 and (found := _TO(self.raw, at)) is not None:
                self._to_tag = found[1]
            else:
                self._to_tag = self.reader.to_tag
        return self._to_tag

    @property
    def max_forwards(self) -> tuple[int, int, int] | None:
        """Value of Max-Forwards, and where its digits start and stop (§20.22); None when there is none."""
        if self._max_forwards is _UNREAD:
            at = self.raw.find(b"\r\nMax-Forwards:", 0, self.head) if (self._layout or self.layout).is_usual else -1
            if at >= 0 and (found := _NUMBER(self.raw, at + 15)) is not None and (value := int(found[1])) < 256:
                start, stop = found.span(1)
                self._max_forwards = (value, start, stop)
            else:
                self._max_forwards = self.reader.max_forwards
        return self._max_forwards

    @property
    def routes(self) -> list[Entry]:
        """Every value of every Route header, in order (§20.34)."""
        if self._routes is None:
            if not (self._layout or self.layout).is_usual:
                self._routes = self.reader.routes
            else:
                self._routes = self._entries(b"\r\nRoute:") if self.layout.routes else []
        return self._routes

    @property
    def record_routes(self) -> list[Entry]:
        """Every value of every Record-Route header, in order (§20.30)."""
        return (
            self._entries(b"\r\nRecord-Route:") if (self._layout or self.layout).is_usual else self.reader.record_routes
        )

    def _entries(self, needle: bytes) -> list[Entry]:
        raw = self.raw
        entries = []
        at = raw.find(needle, 0, self.head)
        while at >= 0:
            found = grammar.ROUTE.match(raw, at + len(needle))
            if found is None:
                return self.reader.routes if needle == b"\r\nRoute:" else self.reader.record_routes
            entries.append(Entry(found.start(1) - 1, found.end() - 2, at + 2, found.end(), found[1]))
            at = raw.find(needle, found.end() - 2, self.head)
        return entries

    @property
    def require(self) -> tuple[bytes, ...]:
        """Option tags of Require, lower case (§20.32)."""
        if (self._layout or self.layout).is_usual and not self.layout.options:
            return ()
        return self.reader.require

    @property
    def proxy_require(self) -> tuple[bytes, ...]:
        """Option tags of Proxy-Require, lower case (§20.29)."""
        if (self._layout or self.layout).is_usual and not self.layout.options:
            return ()
        return self.reader.proxy_require

    def header(self, name: bytes) -> bytes | None:
        """Value of the first header of that name, without the blanks around it; None when there is none.

        Args:
            name: the long name in lower case; any.
        """
        raw, line = self.raw, _LONG.get(name)
        if line is not None and (self._layout or self.layout).is_usual:
            at = raw.find(line, 0, self.head) + len(line)
            return raw[at : raw.find(b"\r\n", at)].strip(b" \t") if at >= len(line) else None
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
        layout = self._layout or self.layout
        if layout.is_usual:
            if name not in layout.names:
                return -1
            return self.raw.find(_LONG[name], 0, self.head) + 2
        spans = self.reader.spans(name)
        return spans[0].start if spans else -1

    def copied(self) -> list[bytes]:
        """The header lines that a response takes over, without their ends, Via first (§8.2.6.2)."""
        if (self._layout or self.layout).is_usual:
            return grammar.COPIED.findall(self.raw, 0, self.head)
        names = (b"via", b"from", b"to", b"call-id", b"cseq")
        return [self.raw[one.start : one.end - 2] for name in names for one in self.reader.spans(name)]

    def lines(self, name: bytes) -> bytes:
        """Every line of a header as it came, line ends included; empty when there is none.

        Args:
            name: the long name in lower case, one of those that `grammar` knows: ``b"via"``, ``b"to"``...
        """
        raw = self.raw
        if not (self._layout or self.layout).is_usual:
            return b"".join(raw[line.start : line.end] for line in self.reader.spans(name))
        needle = _LONG[name]
        found = []
        at = raw.find(needle, 0, self.head)
        while at >= 0:
            stop = raw.find(b"\r\n", at + 2) + 2
            found.append(raw[at + 2 : stop])
            at = raw.find(needle, stop - 2, self.head)
        return found[0] if len(found) == 1 else b"".join(found)


# message-header = header-name HCOLON header-value CRLF;  HCOLON = *( SP / HTAB ) ":" SWS
@lru_cache(maxsize=256)
def _header(name: bytes) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
    """Finds the first line of a header, up to where it ends or is folded; takes 1 us where the reader takes 20."""
    compact = [short for short, long in COMPACT.items() if long == name]
    names = b"|".join(map(re.escape, (name, *compact)))
    return re.compile(rb"(?i)\r\n(?:" + names + rb")[ \t]*:[ \t]*([^\r\n]*)").search


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
