"""How much one message may have of anything, and the answer to more."""

from __future__ import annotations

from typing import Final, Protocol

from dispatch.errors import ParseError
from dispatch.sip.message import Message

_LINE: Final = 4  # bytes of the shortest header line: a name, a colon, a line end
_VIA: Final = 12  # bytes of the shortest Via value, its comma included: SIP/2.0/A b,
_ROUTE: Final = 8  # likewise of a Route: <sip:a>,


class Limits(Protocol):
    """What is bounded of one message; see ``[sip.limits]``."""

    @property
    def headers(self) -> int:
        """Header lines."""

    @property
    def header(self) -> int:
        """Bytes of one header line, with those that continue it."""

    @property
    def uri(self) -> int:
        """Bytes of the Request-URI."""

    @property
    def vias(self) -> int:
        """Via values."""

    @property
    def routes(self) -> int:
        """Route values."""


class Bounds:
    """Measures messages.

    Args:
        limits: what they may have.

    Attributes:
        short: so many bytes of headers can't have too much of anything, and need no measuring.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.short = min(
            *(_LINE * limits.headers, limits.header, limits.uri),
            *(_VIA * limits.vias, _ROUTE * limits.routes),
        )

    def check(self, message: Message) -> None:
        """See that a message has too much of nothing.

        Raises:
            ParseError: 414 for the Request-URI (RFC 3261 §21.4.12), 513 for a header line (§21.5.7), 400 for a count.
        """
        limits, raw, head = self._limits, message.raw, message.head
        if raw.count(b"\n", 0, head) > limits.headers + 2:
            raise ParseError("too many headers")
        if len(message.uri) > limits.uri:
            raise ParseError("the Request-URI is too long", status=414)
        if head > limits.header and _longest(message) > limits.header:
            raise ParseError("a header is too long", status=513)
        if _count(message, b"via") > limits.vias:
            raise ParseError("too many Vias")
        if _count(message, b"route") > limits.routes:
            raise ParseError("too many Routes")


def _longest(message: Message) -> int:
    return max((line.end - line.start for line in message.reader.lines), default=0)


def _count(message: Message, name: bytes) -> int:
    """How many values a header has, and commas in them: to read thousands of them is what is to be spared."""
    lines = message.lines(name)
    return lines.count(b",") + lines.count(b"\n")
