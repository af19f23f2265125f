"""A request to read variables from, without a route around it."""

from __future__ import annotations

from dispatch.script.values import Values
from dispatch.sip.message import Message
from dispatch.test.wire import request


class StillScene:
    """Provides `dispatch.script.scene.Scene`: it came by UDP to 192.0.2.1:5060."""

    def __init__(self, data: bytes = b"", source: tuple[str, int] = ("192.0.2.9", 5070)) -> None:
        self.message = Message(data or request())
        self.uri = self.message.uri
        self.destination_uri: bytes | None = None
        self.source = source
        self.received_at = ("192.0.2.1", 5060)
        self.protocol = b"udp"
        self.values = Values()
