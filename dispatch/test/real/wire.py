"""One TCP connection by hand, of a caller or of a gateway, where a test says what its bytes are and when they go."""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import threading
from typing import Final

from dispatch.sip.framer import Framer
from dispatch.test.real.process import PeerFailed, Socket
from dispatch.test.real.sipp import Seen

_numbers: Final = itertools.count(1)
_PATIENCE: Final = 10.0


def request(method: str, source: Socket, *, body: str = "", target: str = "sip:service@example.com") -> bytes:
    """A request outside a dialog, each with names of its own."""
    number = next(_numbers)
    lines = [
        f"{method} {target} SIP/2.0",
        f"Via: SIP/2.0/{source.proto.upper()} {source.address};branch=z9hG4bK-wire-{number}",
        f"From: <sip:wire@{source.address}>;tag=w{number}",
        f"To: <{target}>",
        f"Call-ID: wire-{number}-{source.port}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:wire@{source.address};transport={source.proto}>",
        "Max-Forwards: 70",
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()


def answer(seen: Seen, code: int, reason: str = "Because") -> bytes:
    """An answer to a request, with nothing but what it must have."""
    lines = [f"SIP/2.0 {code} {reason}".encode()]
    for name in (b"Via", b"Record-Route", b"From", b"To", b"Call-ID", b"CSeq"):
        for value in seen.values(name):
            lines.append(b"%b: %b%b" % (name, value, b";tag=wire" if name == b"To" and code > 100 else b""))
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])


class Wire:
    """A connection; what comes is cut into messages.

    Args:
        connected: the socket.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.socket.settimeout(_PATIENCE)
        self._framer = Framer()
        self._messages: list[bytes] = []

    @classmethod
    def to(cls, at: Socket, host: str = "") -> Wire:
        """Connect, from an address of ours."""
        return cls(socket.create_connection((at.host, at.port), _PATIENCE, (host, 0) if host else None))

    @property
    def local(self) -> Socket:
        """Our end."""
        host, port = self.socket.getsockname()[:2]
        return Socket("tcp", port, host)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def expect(self, *kinds: str) -> Seen:
        """The next message but 100, which is to be one of these: methods or status codes.

        Raises:
            PeerFailed: it is another, or none comes.
        """
        while True:
            seen = Seen(False, self._next(kinds))
            if seen.kind in kinds:
                return seen
            if seen.kind != "100":
                raise PeerFailed(f"{seen.start_line!r} where one of {kinds} was due")

    def _next(self, kinds: tuple[str, ...]) -> bytes:
        while not self._messages:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise PeerFailed(f"nothing where one of {kinds} was due") from None
            if not data:
                raise PeerFailed(f"the connection ended where one of {kinds} was due")
            self._messages += self._framer.feed(data)
        return self._messages.pop(0)

    def wait_ended(self) -> None:
        """Return when the other side has ended it; what it says before is passed over.

        Raises:
            PeerFailed: it goes on and says nothing.
        """
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            return
        except TimeoutError:
            raise PeerFailed("the connection was not ended") from None

    def wait_cut(self) -> None:
        """Return when the other side has cut it; nothing is read.

        Raises:
            PeerFailed: it goes on.
        """
        watch = select.poll()
        watch.register(self.socket, select.POLLHUP)
        if not watch.poll(_PATIENCE * 1000):
            raise PeerFailed("the connection was not cut")

    def fill(self, data: bytes) -> int:
        """Send over and over until nobody takes any more; how many bytes were taken."""
        self.socket.settimeout(0.3)
        sent = 0
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:
                sent += self.socket.send(data)
        return sent

    def drip(self, data: bytes) -> None:
        """Send a byte now and then until the other side ends it.

        Raises:
            PeerFailed: it took them all.
        """
        self.socket.settimeout(0.05)
        for byte in data:
            try:
                self.socket.send(b"%c" % byte)
                if not self.socket.recv(65536):
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
        raise PeerFailed("the connection was not ended")

    def reset(self) -> None:
        """End it as a crash would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class Exchange:
    """A listening socket of a gateway by hand."""

    def __init__(self, at: Socket) -> None:
        self.at = at
        self._socket = socket.create_server((at.host, at.port))
        self._socket.settimeout(_PATIENCE)

    def accept(self) -> Wire:
        """The next connection.

        Raises:
            PeerFailed: nobody connects.
        """
        try:
            return Wire(self._socket.accept()[0])
        except TimeoutError:
            raise PeerFailed(f"nobody connects to {self.at.address}") from None

    def hardly_read(self) -> None:
        """Leave what comes from now on where it is, and have little room for it."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def serve(self, code: int) -> None:
        """Answer all requests of the next connection, in a thread that ends with it."""
        threading.Thread(target=self._serve, args=(code,), daemon=True).start()

    def _serve(self, code: int) -> None:
        with contextlib.suppress(PeerFailed, OSError):
            wire = self.accept()
            while True:
                wire.send(answer(wire.expect("MESSAGE"), code))

    def close(self) -> None:
        self._socket.close()
