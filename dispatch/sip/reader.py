"""The full reader: every layout that RFC 3261 §25 allows, by hand and without a pattern.

It knows compact names, folding, lists with commas, blanks wherever they may be, and any case. It shares nothing with
`dispatch.sip.grammar`, and `dispatch.sip.message` falls back on it: the two must give the same answers.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

from dispatch.errors import ParseError
from dispatch.sip import basic_rules, content_length, cseq, max_forwards, name_addr, option_tags, route_set, via
from dispatch.sip.max_forwards import Number
from dispatch.sip.name_addr import NameAddr
from dispatch.sip.route_set import Entry
from dispatch.sip.via import Via

__all__ = ["COMPACT", "Entry", "Line", "Number", "Reader"]

# RFC 3261 §7.3.3, and what later RFCs registered.
COMPACT: Final = {
    b"a": b"accept-contact",
    b"b": b"referred-by",
    b"c": b"content-type",
    b"d": b"request-disposition",
    b"e": b"content-encoding",
    b"f": b"from",
    b"i": b"call-id",
    b"j": b"reject-contact",
    b"k": b"supported",
    b"l": b"content-length",
    b"m": b"contact",
    b"n": b"identity-info",
    b"o": b"event",
    b"r": b"refer-to",
    b"s": b"subject",
    b"t": b"to",
    b"u": b"allow-events",
    b"v": b"via",
    b"x": b"session-expires",
    b"y": b"identity",
}
"""Long name by compact name."""


class Line(NamedTuple):
    """A header line, with the lines that continue it.

    Attributes:
        name: long name in lower case; empty where the line is no header.
        start: offset of the name.
        value: offset of the first byte of the value, blanks left aside.
        stop: offset just past the value, blanks left aside.
        end: offset just past the line end.
    """

    name: bytes
    start: int
    value: int
    stop: int
    end: int


class Reader:
    """Reads the headers of one message. What was read is remembered.

    Args:
        raw: the message.
        head: offset just past the first empty line.

    Every property raises ParseError where the header is broken, or occurs more often than it may.
    """

    def __init__(self, raw: bytes, head: int) -> None:
        self.raw = raw
        self.head = head

    # message-header = header-name HCOLON header-value CRLF;  HCOLON = *( SP / HTAB ) ":" SWS
    @cached_property
    def lines(self) -> list[Line]:
        """Every header line, in order, the first line left out."""
        raw = self.raw
        stop = self.head - 2
        at = raw.find(b"\r\n", 0, self.head) + 2
        if raw[at : at + 1] in (b" ", b"\t"):
            raise ParseError("the first line is continued", offset=at)
        lines = []
        while at < stop:
            end = raw.find(b"\r\n", at, stop) + 2
            while raw[end : end + 1] in (b" ", b"\t"):
                end = raw.find(b"\r\n", end, stop) + 2
            lines.append(_read_line(raw, at, end))
            at = end
        return lines

    def spans(self, name: bytes) -> list[Line]:
        """All lines of a header.

        Args:
            name: the long name, in lower case.
        """
        return [line for line in self.lines if line.name == name]

    def _single(self, name: bytes) -> Line | None:
        """The line of a header that may occur only once."""
        lines = self.spans(name)
        if len(lines) > 1:
            raise ParseError(f"several {name.decode()} headers", offset=lines[1].start)
        return lines[0] if lines else None

    def _needed(self, name: bytes) -> Line:
        line = self._single(name)
        if line is None:
            raise ParseError(f"no {name.decode()} header", offset=self.head)
        return line

    # Call-ID = ( "Call-ID" / "i" ) HCOLON callid;  callid = word [ "@" word ]
    @cached_property
    def call_id(self) -> bytes:
        """The value of Call-ID, whatever it is made of (§20.8)."""
        line = self._needed(b"call-id")
        if line.value == line.stop:
            raise ParseError("Call-ID is empty", offset=line.value)
        return self.raw[line.value : line.stop]

    @cached_property
    def cseq(self) -> tuple[int, bytes]:
        """Number and method of CSeq."""
        line = self._needed(b"cseq")
        return cseq.read(self.raw, line.value, line.stop)

    @cached_property
    def via(self) -> Via:
        """The topmost Via value."""
        lines = self.spans(b"via")
        if not lines:
            raise ParseError("no Via header", offset=self.head)
        line = lines[0]
        return via.read_first(self.raw, line.value, line.stop, (line.start, line.end))

    @cached_property
    def vias(self) -> list[Via]:
        """Every Via value, topmost first."""
        found: list[Via] = []
        for line in self.spans(b"via"):
            found += via.read(self.raw, line.value, line.stop, (line.start, line.end))
        if not found:
            raise ParseError("no Via header", offset=self.head)
        return found

    @cached_property
    def _from(self) -> NameAddr:
        line = self._needed(b"from")
        return name_addr.read(self.raw, line.value, line.stop)

    @cached_property
    def _to(self) -> NameAddr:
        line = self._needed(b"to")
        return name_addr.read(self.raw, line.value, line.stop)

    @property
    def from_uri(self) -> bytes:
        """The address in From, without brackets."""
        return self._from.uri

    @property
    def to_uri(self) -> bytes:
        """The address in To, without brackets."""
        return self._to.uri

    @property
    def from_tag(self) -> bytes | None:
        """The tag of From; None when it has none."""
        return self._from.tag

    @property
    def to_tag(self) -> bytes | None:
        """The tag of To; None when it has none."""
        return self._to.tag

    @cached_property
    def max_forwards(self) -> Number | None:
        """Max-Forwards and where its digits are; None when there is none."""
        line = self._single(b"max-forwards")
        return None if line is None else max_forwards.read(self.raw, line.value, line.stop)

    @cached_property
    def content_length(self) -> int | None:
        """The value of Content-Length; None when there is none. The same value may be there twice."""
        lines = self.spans(b"content-length")
        values = {content_length.read(self.raw, line.value, line.stop) for line in lines}
        if len(values) > 1:
            raise ParseError("Content-Length has two values", offset=lines[1].start)
        return values.pop() if values else None

    @cached_property
    def routes(self) -> list[Entry]:
        """Every value of every Route header, in order."""
        return self._entries(b"route")

    @cached_property
    def record_routes(self) -> list[Entry]:
        """Every value of every Record-Route header, in order."""
        return self._entries(b"record-route")

    def _entries(self, name: bytes) -> list[Entry]:
        entries: list[Entry] = []
        for line in self.spans(name):
            entries += route_set.read(self.raw, line.value, line.stop, (line.start, line.end))
        return entries

    @cached_property
    def require(self) -> tuple[bytes, ...]:
        """The option tags of Require, lower case."""
        return self._tags(b"require")

    @cached_property
    def proxy_require(self) -> tuple[bytes, ...]:
        """The option tags of Proxy-Require, lower case."""
        return self._tags(b"proxy-require")

    def _tags(self, name: bytes) -> tuple[bytes, ...]:
        return tuple(tag for line in self.spans(name) for tag in option_tags.read(self.raw, line.value, line.stop))


def _read_line(raw: bytes, start: int, end: int) -> Line:
    colon = raw.find(b":", start, end)
    name = raw[start:colon].rstrip(b" \t").lower() if colon >= 0 else b""
    if not basic_rules.TOKEN.issuperset(name):
        name = b""
    stop = end - 2
    value = basic_rules.skip_lws(raw, colon + 1, stop) if name else start
    return Line(COMPACT.get(name, name), start, value, basic_rules.trim_lws(raw, value, stop), end)
