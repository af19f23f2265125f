"""Cuts a byte stream into messages by their Content-Length (RFC 3261 §18.3), and counts keep-alives (RFC 5626 §4.4.1).

Every byte is searched once, however the stream is cut. What a message's length is must be answered here as in
`dispatch.sip.message`: two programs that differ in this can be made to see different messages in one stream.
"""

from __future__ import annotations

import re
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip.reader import Reader

_END: Final = b"\r\n\r\n"

# Content-Length = ( "Content-Length" / "l" ) HCOLON 1*DIGIT: every line that may be one, and its digits where they
# are all of the value. Any other value, and more than one line, is for the full reader.
_LENGTH: Final = re.compile(
    rb"\r\n(?:[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]|[Ll])[ \t]*:"
    rb"(?:[ \t]*([0-9]{1,9})(?=\r\n(?![ \t])))?"
)


class Framer:
    """Cuts one stream.

    Args:
        limit: bytes of the longest message.

    Attributes:
        pings: double line ends that came between messages; each wants one line end back. The caller sets it to 0.
        awaits_pong: a keep-alive of ours is out: the next line end between messages answers it, and sets this to False.
        done: the messages that the last `feed` completed, also when it raised.
        rest: after a fault, the headers of the message that was at fault, or as much as there was of them.
    """

    __slots__ = ("_blank", "_fault", "_held", "_searched", "_wanted", "awaits_pong", "done", "limit", "pings", "rest")

    def __init__(self, limit: int = 65535) -> None:
        self.limit = limit
        self.pings = 0
        self.awaits_pong = False
        self.done: list[bytes] = []
        self.rest = b""
        self._held = bytearray()
        self._searched = 0  # how far no end of the headers was found in what is held
        self._wanted = 0  # bytes of the message in progress; 0 while its headers have no end yet
        self._blank = False  # one line end came, a second one makes it a ping
        # Not the error itself: its traceback knows us, and so nothing of it would go before the collector comes.
        self._fault: tuple[str, int, int] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a message has begun that is not complete."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete with this piece, each from its first line to the end of its body.

        Raises:
            ParseError: no message can be found from here on: 400 without a Content-Length that counts, 513 over the
                limit. What `done` has is good; `rest` is what to answer. It is raised again from then on.
        """
        self.done = []
        if self._fault is not None:
            text, offset, status = self._fault
            raise ParseError(text, offset=offset, status=status)
        source: bytes | bytearray = data
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return self.done
            source = self._held
        at = self._cut(source)
        if source is data:
            self._held += data[at:] if at else data
        else:
            del self._held[:at]
        return self.done

    def drop(self) -> None:
        """The stream is over: keep nothing of it."""
        self.done = []
        self.rest = b""
        self._held.clear()

    def _cut(self, source: bytes | bytearray) -> int:
        """Take whole messages off the front; where the first one begins that is not complete."""
        at = 0
        size = len(source)
        while True:
            wanted = self._wanted
            if not wanted:
                at = self._skip_line_ends(source, at)
                if at == size:
                    return at
                wanted = self._wanted = self._measure(source, at)
            if not wanted or size - at < wanted:
                return at
            stop = at + wanted
            self.done.append(bytes(source[at:stop]))
            self._wanted = 0
            at = stop

    def _skip_line_ends(self, source: bytes | bytearray, at: int) -> int:
        """Line ends before a message are no part of it (RFC 3261 §7.5)."""
        while source[at : at + 2] == b"\r\n":
            at += 2
            if self.awaits_pong:
                self.awaits_pong = False
                continue
            self.pings += self._blank
            self._blank = not self._blank
        return at

    def _measure(self, source: bytes | bytearray, at: int) -> int:
        """Size of the message that begins here; 0 while its headers have no end."""
        found = source.find(_END, at + self._searched, at + self.limit)
        if found < 0:
            size = len(source) - at
            if size >= self.limit:
                raise self._failed(
                    source, at, at + self.limit, ParseError(f"no end of the headers in {self.limit} bytes", status=513)
                )
            self._searched = max(0, size - len(_END) + 1)
            return 0
        head = found + len(_END)
        self._searched = 0
        self._blank = False
        try:
            length = _content_length(source, at, head)
        except ParseError as error:
            raise self._failed(source, at, head, error) from None
        if head - at + length > self.limit:
            raise self._failed(source, at, head, ParseError(f"a message of {head - at + length} bytes", status=513))
        return head - at + length

    def _failed(self, source: bytes | bytearray, start: int, stop: int, error: ParseError) -> ParseError:
        self._fault = (str(error), error.offset, error.status)
        self.rest = bytes(source[start:stop])
        self._held.clear()
        return error


def _content_length(source: bytes | bytearray, start: int, head: int) -> int:
    """Content-Length of the message whose headers reach from `start` to `head`.

    Raises:
        ParseError: there is none, or nobody can say which one counts.
    """
    found: list[bytes] = _LENGTH.findall(source, start, head)
    if len(found) == 1 and found[0]:
        return int(found[0])
    length = Reader(bytes(source[start:head]), head - start).content_length
    if length is None:
        raise ParseError("no Content-Length on a stream", offset=head - start)
    return length
