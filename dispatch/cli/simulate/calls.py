"""Calls as they might come: as many Call-IDs as calls, from and to some people."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from dispatch.sip.message import Message

# Callers, and as many called: enough for hashes to spread, few enough for all to call again.
_PEOPLE: Final = 1000


def calls(random: Random, count: int) -> Iterator[Message]:
    """So many INVITEs."""
    for _ in range(count):
        caller, called = (b"%d" % random.randrange(1000, 1000 + _PEOPLE) for _ in range(2))
        yield Message(
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
            % (called, random.getrandbits(32), caller, random.getrandbits(32), called, random.getrandbits(64), caller)
        )
