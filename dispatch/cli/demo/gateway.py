"""A gateway for the demonstration: picks up every call that comes to its socket."""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import DatagramProtocol

from dispatch.errors import ParseError
from dispatch.sip import build
from dispatch.sip.message import Message

_RINGS: Final = 0.05  # seconds from 180 to 200


class Gateway(DatagramProtocol):
    """Answers INVITE with 180 and 200, BYE and OPTIONS with 200, and anything else with 405.

    Args:
        uri: of the destination that it plays.
        address: host and port of its socket.
        clock: for the time that it rings.

    Attributes:
        taken: Call-IDs of the INVITEs that came, in order.
        is_alive: whether it has its socket still.
    """

    def __init__(self, uri: bytes, address: tuple[str, int], clock: IReactorTime) -> None:
        self.uri = uri
        self.address = address
        self.taken: list[bytes] = []
        self.is_alive = True
        self._clock = clock

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """A message from the dispatcher."""
        try:
            message = Message(datagram)
        except ParseError:
            return
        if message.method == b"INVITE":
            self._ring(message, addr)
        elif message.method in (b"BYE", b"OPTIONS"):
            self._answer(message, addr, 200)
        elif message.is_request and message.method != b"ACK":
            self._answer(message, addr, 405)

    def _ring(self, invite: Message, addr: tuple[str, int]) -> None:
        if invite.call_id not in self.taken:
            self.taken.append(invite.call_id)
        self._answer(invite, addr, 180)
        self._clock.callLater(_RINGS, self._answer, invite, addr, 200)

    def _answer(self, request: Message, addr: tuple[str, int], status: int) -> None:
        if not self.is_alive or self.transport is None:
            return  # died while it rang
        headers = b""
        if request.method == b"INVITE":
            headers = request.lines(b"record-route") + b"Contact: <%b>\r\n" % self.uri
        answer = build.response(request, status, to_tag=b"gw%d" % self.address[1], headers=headers)
        self.transport.write(answer, addr)

    def die(self) -> None:
        """Close the socket without a word, as a machine does whose power fails."""
        self.is_alive = False
        if self.transport is not None:
            self.transport.stopListening()
