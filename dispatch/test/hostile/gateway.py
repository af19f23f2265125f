"""A gateway by UDP and TCP that answers 200 to everything, and notes what a strict reader would not take."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Collection
from typing import Final

from dispatch.test.hostile.strict import fault
from dispatch.test.real import ports
from dispatch.test.real.process import Socket

_COPIED: Final = (b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq", b"record-route")
_LENGTH: Final = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:\s*([0-9]+)\s*\r\n", re.IGNORECASE)
_TAG: Final = re.compile(rb";\s*tag\s*=", re.IGNORECASE)


class Gateway:
    """Sockets at one address and port.

    Attributes:
        faults: what could not be read: reason and message.
        taken: requests that came.
    """

    def __init__(self, host: str) -> None:
        self._host, self._port = host, ports.free(host)
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._tcp = socket.socket()
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for one in (self._udp, self._tcp):
            one.bind((self._host, self._port))
            one.setblocking(False)
        self._tcp.listen()
        self._streams: dict[socket.socket, bytes] = {}
        self.faults: list[tuple[str, bytes]] = []
        self.taken = 0

    @property
    def sockets(self) -> tuple[Socket, Socket]:
        """Where the program is to send calls."""
        return Socket("udp", self._port, self._host), Socket("tcp", self._port, self._host)

    def close(self) -> None:
        for one in self.waits():
            one.close()

    def waits(self) -> list[socket.socket]:
        """What may have something to read."""
        return [self._udp, self._tcp, *self._streams]

    def serve(self, ready: Collection[socket.socket]) -> None:
        """Answer what has come; others' sockets are left alone."""
        if self._udp in ready:
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, source = self._udp.recvfrom(65536)
                    if answer := self._answer(data, b""):
                        self._udp.sendto(answer, source)
        if self._tcp in ready:
            made, _ = self._tcp.accept()
            self._streams[made] = b""
        for stream in [one for one in self._streams if one in ready]:
            self._read(stream)

    def _read(self, stream: socket.socket) -> None:
        try:
            piece = stream.recv(1 << 20)
        except ConnectionError:
            piece = b""
        if not piece:
            del self._streams[stream]
            stream.close()
            return
        held = self._streams[stream] + piece
        while (head := held.find(b"\r\n\r\n") + 4) > 3:
            found = _LENGTH.search(held, 0, head)
            size = head + (int(found[1]) if found is not None else 0)
            if len(held) < size:
                break
            if answer := self._answer(held[:size], b";transport=tcp"):
                with contextlib.suppress(ConnectionError):
                    stream.sendall(answer)
            held = held[size:]
        self._streams[stream] = held

    def _answer(self, data: bytes, transport: bytes) -> bytes:
        """What a request gets; nothing for an ACK."""
        self.taken += 1
        if reason := fault(data):
            self.faults.append((reason, data))
        if data.startswith((b"ACK ", b"SIP/2.0 ")):
            return b""
        lines = re.split(rb"\r\n(?![ \t])", data.partition(b"\r\n\r\n")[0])[1:]
        named = [(line.partition(b":")[0].rstrip().lower(), line) for line in lines]
        kept = [_tagged(line) if name in (b"to", b"t") else line for name, line in named if name in _COPIED]
        contact = b"Contact: <sip:callee@%b:%d%b>" % (self._host.encode(), self._port, transport)
        return b"\r\n".join((b"SIP/2.0 200 OK", *kept, contact, b"Content-Length: 0", b"", b""))


def _tagged(to: bytes) -> bytes:
    return to if _TAG.search(to) is not None else to + b";tag=g"
