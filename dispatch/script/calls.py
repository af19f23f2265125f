"""Calls as they might come: as many Call-IDs as calls, from and to some people."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from dispatch.script.values import Values
from dispatch.sip.message import Message

# Callers, and as many called: enough for hashes to spread, few enough for all to call again.
_PEOPLE: Final = 1000


class Call:
    """An INVITE by UDP that no socket has seen; provides `RequestView` and `dispatch.script.scene.Scene`."""

    __slots__ = ("destination_uri", "message", "uri", "values")

    protocol = b"udp"
    source = ("192.0.2.9", 5060)
    received_at = ("192.0.2.1", 5060)

    def __init__(self, message: Message) -> None:
        self.message = message
        self.uri = message.uri
        self.destination_uri: bytes | None = None
        self.values = Values()

    @property
    def method(self) -> bytes:
        return self.message.method

    @property
    def call_id(self) -> bytes:
        return self.message.call_id

    def header(self, name: bytes) -> bytes | None:
        return self.message.header(name)


def calls(random: Random, count: int) -> Iterator[Call]:
    """So many."""
    for _ in range(count):
        caller, called = (b"%d" % random.randrange(1000, 1000 + _PEOPLE) for _ in range(2))
        text = (
            b"INVITE sip:%b@example.com SIP/2.0\r\n"
            b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK%08x\r\n"
            b"From: <sip:%b@example.com>;tag=%08x\r\n"
            b"To: <sip:%b@example.com>\r\n"
            b"Call-ID: %016x@192.0.2.9\r\n"
            b"CSeq: 1 INVITE\r\n"
            b'Proxy-Authorization: Digest username="%b", realm="example.com"\r\n'
            b"Max-Forwards: 70\r\n"
            b"Content-Length: 0\r\n"
            b"\r\n"
        )
        numbers = (random.getrandbits(32), random.getrandbits(32), random.getrandbits(64))
        yield Call(Message(text % (called, numbers[0], caller, numbers[1], called, numbers[2], caller)))
