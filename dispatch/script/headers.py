"""The headers of a message as a native script sees and changes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dispatch.proxy.branch import Branch
from dispatch.script import editing
from dispatch.sip.edits import Edit
from dispatch.sip.message import Message

_CHARSET: Final = "utf-8"
_AS_IS: Final = "surrogateescape"  # bytes that are no text come through unharmed


def text(value: bytes) -> str:
    """Bytes of a message as a string that gives the same bytes back."""
    return value.decode(_CHARSET, _AS_IS)


def octets(value: str | bytes) -> bytes:
    """What `text` was made of."""
    return value if isinstance(value, bytes) else value.encode(_CHARSET, _AS_IS)


class Headers:
    """Reads the headers of a message as it came, and asks for changes in it; those don't show here.

    Names are found in any case and in their compact form.

    Args:
        message: as it came.
        edits: where changes are kept until the message leaves.
    """

    __slots__ = ("_edits", "_message")

    def __init__(self, message: Message, edits: list[Edit]) -> None:
        self._message = message
        self._edits = edits

    def get(self, name: str) -> str | None:
        """The value of the first header of that name; None when there is none."""
        return next(self._values(name), None)

    def get_all(self, name: str) -> list[str]:
        """The values of all headers of that name, line by line."""
        return list(self._values(name))

    def __contains__(self, name: str) -> bool:
        return bool(editing.spans(self._message, octets(name)))

    def add(self, name: str, value: str) -> None:
        """Add a header behind the others.

        Raises:
            ValueError: this is no header, or it would end the headers.
        """
        self._edits.append(editing.append(self._message, _line(name, value), b""))

    def remove(self, name: str) -> int:
        """Take all headers of that name away; gives how many there were."""
        edits = editing.remove(self._message, octets(name))
        self._edits += edits
        return len(edits)

    def replace(self, name: str, value: str) -> None:
        """Make this the only header of that name, where the first of them stands; else add it.

        Raises:
            ValueError: this is no header, or it would end the headers.
        """
        spans = editing.spans(self._message, octets(name))
        if not spans:
            self.add(name, value)
            return
        self._edits.append((spans[0].start, spans[0].end, _line(name, value)))
        self._edits += [(one.start, one.end, b"") for one in spans[1:]]

    def _values(self, name: str) -> Iterator[str]:
        raw = self._message.raw
        return (text(raw[one.value : one.stop]) for one in editing.spans(self._message, octets(name)))


def lines(headers: dict[str, str]) -> bytes:
    """Header lines for a reply of our own.

    Raises:
        ValueError: one of them is no header.
    """
    return b"".join(_line(name, value) for name, value in headers.items())


def _line(name: str, value: str) -> bytes:
    return editing.header_line(octets(name), octets(value))


class Leg:
    """One branch of a request, just before it is sent; see `Request.on_branch`.

    Attributes:
        index: 0 for the first of the request; it goes on over failover.
        uri: its Request-URI.
        next_hop: URI of the host that it is sent to.
        headers: changes for this branch only.
        is_dropped: it is not sent.
    """

    __slots__ = ("headers", "index", "is_dropped", "next_hop", "uri")

    def __init__(self, message: Message, branch: Branch, uri: bytes, next_hop: bytes) -> None:
        self.index = branch.index
        self.uri = uri
        self.next_hop = next_hop
        self.headers = Headers(message, branch.edits)
        self.is_dropped = False

    def drop(self) -> None:
        """Don't send it."""
        self.is_dropped = True


class Reply:
    """A response of a branch before it goes up; see `Request.on_reply`.

    Attributes:
        status: its status.
        reason: its reason phrase.
        index: number of the branch.
        headers: what it says, and changes of it.
        is_dropped: it goes no further, unless it is a final one.
    """

    __slots__ = ("headers", "index", "is_dropped", "reason", "status")

    def __init__(self, branch: Branch, response: Message) -> None:
        self.status = response.status
        self.reason = text(response.reason)
        self.index = branch.index
        if response.edits is None:
            response.edits = []
        self.headers = Headers(response, response.edits)
        self.is_dropped = False

    def drop(self) -> None:
        """Keep a provisional response back."""
        self.is_dropped = True
