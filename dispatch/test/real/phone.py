"""One call made by hand, step by step, where a test has something to do between the steps."""

from __future__ import annotations

import itertools
import socket
from typing import Final

from dispatch.test.real.process import PeerFailed, Socket
from dispatch.test.real.sipp import Seen

_calls: Final = itertools.count(1)


class Phone:
    """A caller over UDP with one call; it repeats nothing, as loopback loses nothing.

    Args:
        at: where it sends from.
        to: the service.
    """

    def __init__(self, at: Socket, to: Socket) -> None:
        self.at = at
        self.to = to
        self.call_id = f"phone-{next(_calls)}-{at.port}"
        self._target = f"sip:service@{to.address}"
        self._called = f"<{self._target}>"
        self._routes: list[str] = []
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((at.host, at.port))

    def send(self, method: str, cseq: int) -> None:
        """A request, in the dialog as soon as there is one."""
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.at.address};branch=z9hG4bK-{self.call_id}-{cseq}{method}",
            *(f"Route: {route}" for route in self._routes),
            f"From: <sip:phone@{self.at.address}>;tag={self.call_id}",
            f"To: {self._called}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:phone@{self.at.address}>",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        self._socket.sendto("\r\n".join([*lines, "", ""]).encode(), (self.to.host, self.to.port))

    def expect(self, *kinds: int, within: float = 10.0) -> Seen:
        """The next answer, which is to be one of these.

        Raises:
            PeerFailed: it is another, or none comes.
        """
        self._socket.settimeout(within)
        try:
            seen = Seen(False, self._socket.recv(65536))
        except TimeoutError:
            raise PeerFailed(f"no answer where one of {kinds} was due") from None
        if int(seen.kind) not in kinds:
            raise PeerFailed(f"{seen.start_line!r} where one of {kinds} was due")
        return seen

    def invite(self) -> None:
        self.send("INVITE", 1)

    def answered(self) -> None:
        """Take the 200, and acknowledge it."""
        seen = self.expect(200)
        self._called = seen.value(b"To").decode()
        self._target = seen.value(b"Contact").decode().strip("<>")
        self._routes = [route.decode() for route in reversed(seen.values(b"Record-Route"))]
        self.send("ACK", 1)

    def call(self) -> None:
        """Set the call up with a gateway that rings and answers."""
        self.invite()
        self.expect(100)
        self.expect(180)
        self.answered()

    def hang_up(self) -> None:
        """End the call."""
        self.send("BYE", 2)
        self.expect(200)

    def close(self) -> None:
        self._socket.close()
