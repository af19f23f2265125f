"""A caller for the demonstration: INVITE, ACK, BYE, each the way that the route set says."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import DatagramProtocol

from dispatch.errors import ParseError
from dispatch.service.listen import SIP_PORT
from dispatch.sip import build, name_addr
from dispatch.sip import uri as sip_uri
from dispatch.sip.host import host_port
from dispatch.sip.message import Message

_TALKS: Final = 0.05  # seconds from ACK to BYE
_PATIENCE: Final = 15.0  # seconds until a call without an end counts as failed


@dataclass(slots=True)
class Call:
    """One call and how it goes.

    Attributes:
        number: from 1.
        call_id: its Call-ID.
        started: when, by the clock.
        invite: what was sent.
        steps: what came and went, in words: ``180``, ``200``, ``ACK`` ...
        duration: seconds from INVITE to the end; 0 while it goes on.
        is_answered: the INVITE has its 200.
        failure: why it failed; empty when it did not.
    """

    number: int
    call_id: bytes
    started: float
    invite: Message
    steps: list[str] = field(default_factory=list)
    duration: float = 0.0
    is_answered: bool = False
    failure: str = ""
    patience: IDelayedCall | None = None


class Caller(DatagramProtocol):
    """Makes calls through a dispatcher, as many at a time as wanted.

    Args:
        target: host and port to call.
        clock: for pauses.
        finished: called with each call that came to its end.
    """

    def __init__(self, target: tuple[str, int], clock: IReactorTime, finished: Callable[[Call], None]) -> None:
        self._target = target
        self._clock = clock
        self._finished = finished
        self._calls: dict[bytes, Call] = {}

    def call(self, number: int) -> Call:
        """Begin a call."""
        call_id = b"%d-%b" % (number, secrets.token_hex(8).encode())
        uri = b"sip:%d@%b" % (100 + number, host_port(*self._target).encode())
        raw = self._request(b"INVITE", uri, b"<%b>" % uri, call_id, 1, b"")
        call = Call(number, call_id, self._clock.seconds(), Message(raw))
        call.patience = self._clock.callLater(_PATIENCE, self._end, call, f"no end after {_PATIENCE:g} s")
        self._calls[call_id] = call
        self._send(raw, self._target)
        return call

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """A response."""
        try:
            message = Message(datagram)
            call = self._calls.get(message.call_id)
            _, method = message.cseq
        except ParseError:
            return
        if call is None or message.is_request:
            return
        call.steps.append(str(message.status))
        if method == b"INVITE":
            self._invite_answered(call, message)
        elif message.status >= 200:
            self._end(call, "" if message.status < 300 else f"BYE got {message.status}")

    def _invite_answered(self, call: Call, response: Message) -> None:
        if 200 <= response.status < 300:
            self._in_dialog(call, response, b"ACK", 1)
            if not call.is_answered:
                call.is_answered = True
                self._clock.callLater(_TALKS, self._in_dialog, call, response, b"BYE", 2)
        elif response.status >= 300:
            self._send(build.ack(call.invite, response), self._target)
            self._end(call, f"INVITE got {response.status} {response.reason.decode('latin-1')}")

    def _in_dialog(self, call: Call, answer: Message, method: bytes, number: int) -> None:
        """Send a request to the Contact of the answer, by its Record-Route from back to front (RFC 3261 §12.2.1.1)."""
        if self.transport is None or call.call_id not in self._calls:
            return
        routes = [entry.uri for entry in reversed(answer.record_routes)]
        contact = answer.reader.spans(b"contact")[0]
        remote = name_addr.read(answer.raw, contact.value, contact.stop).uri
        to = answer.lines(b"to").partition(b":")[2].strip()
        lines = b"".join(b"Route: <%b>\r\n" % route for route in routes)
        call.steps.append(method.decode())
        hop = sip_uri.parse(routes[0] if routes else remote)
        where = (hop.host.decode().strip("[]"), hop.port_number or SIP_PORT) if hop is not None else self._target
        self._send(self._request(method, remote, to, call.call_id, number, lines), where)

    def _request(self, method: bytes, uri: bytes, to: bytes, call_id: bytes, number: int, lines: bytes) -> bytes:
        here = self._here()
        return (
            b"%b %b SIP/2.0\r\nVia: SIP/2.0/UDP %b;branch=z9hG4bK%b-%b;rport\r\nMax-Forwards: 70\r\n%b"
            b"From: <sip:caller@%b>;tag=demo\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: %d %b\r\nContact: <sip:caller@%b>\r\n"
            b"Content-Length: 0\r\n\r\n"
        ) % (method, uri, here, method, call_id, lines, here, to, call_id, number, method, here)

    def _here(self) -> bytes:
        assert self.transport is not None
        host = self.transport.getHost()
        return host_port(host.host, host.port).encode()

    def _send(self, data: bytes, where: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.write(data, where)

    def _end(self, call: Call, failure: str) -> None:
        if self._calls.pop(call.call_id, None) is None:
            return
        if call.patience is not None and call.patience.active():
            call.patience.cancel()
        call.duration = self._clock.seconds() - call.started
        call.failure = failure
        self._finished(call)
