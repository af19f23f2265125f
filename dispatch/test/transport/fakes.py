"""What transports are tested with: a receiver that remembers, and limits."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """

    messages: list[bytes] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    failures: list[tuple[Flow, str]] = field(default_factory=list)
    faults: list[tuple[bytes, Flow, ParseError]] = field(default_factory=list)
    broken: Exception | None = None

    def received(self, data: bytes, flow: Flow) -> None:
        if self.broken is not None:
            raise self.broken
        self.messages.append(data)
        self.flows.append(flow)

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
