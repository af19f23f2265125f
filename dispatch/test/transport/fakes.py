"""What transports are tested with: a receiver that remembers, limits, and a connection."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.testing import StringTransport
from zope.interface import implementer

from dispatch.errors import ParseError
from dispatch.sip.flow import Flow
from dispatch.transport.interfaces import ISipReceiver

OPTIONS = b"OPTIONS sip:a@example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n"


@implementer(ISipReceiver)
@dataclass
class Recorder:
    """A receiver that keeps what it is given.

    Attributes:
        broken: an error to raise instead.
        then: called after each message.
    """

    messages: list[bytes] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    failures: list[tuple[Flow, str]] = field(default_factory=list)
    faults: list[tuple[bytes, Flow, ParseError]] = field(default_factory=list)
    broken: Exception | None = None
    then: Callable[[], object] | None = None

    def received(self, data: bytes, flow: Flow) -> None:
        if self.broken is not None:
            raise self.broken
        self.messages.append(data)
        self.flows.append(flow)
        if self.then is not None:
            self.then()

    def malformed(self, data: bytes, flow: Flow, error: ParseError) -> None:
        self.faults.append((data, flow, error))

    def transport_failed(self, flow: Flow, reason: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.failures.append((flow, reason))


@dataclass(frozen=True)
class FewLimits:
    """Limits that a test can reach."""

    message: int = 2000
    headers: int = 20
    connections: int = 2
    connections_reserved: int = 0
    connections_per_source: int = 2
    unsent: int = 1 << 20
    message_time: float = 30.0
    idle_time: float = 3600.0


class FakeStream(StringTransport):
    """A connection as Twisted has it, and its socket.

    Attributes:
        room: bytes that the socket still takes.
        error: what the socket refuses with.
        options: of the socket.
        sent: what went straight to the socket; what went by way of Twisted's buffer is in `value()`.
    """

    def __init__(self, room: int = 1 << 30) -> None:
        super().__init__()
        self.room = room
        self.error = 0
        self.sent = b""
        self.socket = self
        self.options: dict[tuple[int, int], int] = {}

    def setTcpNoDelay(self, enabled: bool) -> None:
        pass

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self.options[level, option] = value

    def getHandle(self) -> FakeStream:
        return self

    def send(self, data: bytes) -> int:
        number = self.error or (0 if self.room else errno.EAGAIN)
        if number:
            raise OSError(number, os.strerror(number))
        taken = data[: self.room]
        self.sent += taken
        self.room -= len(taken)
        return len(taken)

    def drain(self) -> None:
        """The peer reads all there is."""
        self.sent += self.value()
        self.clear()
        self.room = 1 << 30
        assert self.producer is not None
        self.producer.resumeProducing()
