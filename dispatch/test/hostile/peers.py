"""Around the program under test: a gateway that reads strictly, a caller with good manners, and a stranger without."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from typing import Final

from dispatch.test.hostile.gateway import Gateway

GATEWAY: Final = "127.0.0.2"  # addresses of their own: from a gateway's more is taken
STRANGER: Final = "127.0.0.3"
CALLER: Final = "127.0.0.4"
_PATIENCE: Final = 5.0
_LARGEST: Final = 65507  # bytes of a datagram
_REQUEST: Final = (
    "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKv{number}{method}\r\n{routes}"
    "From: <sip:caller@{host}:{port}>;tag=c\r\nTo: <sip:callee@{host}>{tag}\r\nCall-ID: valid-{number}\r\n"
    "CSeq: {cseq} {method}\r\nContact: <sip:caller@{host}:{port}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


class Peers:
    """All sockets but those of the program.

    Args:
        proxy: where the program takes UDP and TCP.

    Attributes:
        gateway: where the program is to send calls.
    """

    def __init__(self, proxy: tuple[str, int]) -> None:
        self._proxy = proxy
        self.gateway = Gateway(GATEWAY)
        self._caller, self._stranger = map(_bound, (CALLER, STRANGER))
        self._number = 0

    @property
    def stranger(self) -> tuple[str, int]:
        """Where datagrams of the stranger come from."""
        host, port = self._stranger.getsockname()
        return host, port

    def close(self) -> None:
        for one in (self.gateway, self._caller, self._stranger):
            one.close()

    def throw(self, pieces: tuple[bytes, ...]) -> None:
        """The stranger sends datagrams, as far as they are some."""
        for piece in pieces:
            if len(piece) <= _LARGEST:
                self._stranger.sendto(piece, self._proxy)
        self._drain()

    def write(self, pieces: tuple[bytes, ...]) -> bool:
        """The stranger writes to a connection of its own; whether the program closed it when all was read."""
        with socket.create_connection(self._proxy, timeout=_PATIENCE, source_address=(STRANGER, 0)) as stream:
            with contextlib.suppress(OSError):  # closed before it was all written
                for piece in pieces:
                    stream.sendall(piece)
                stream.shutdown(socket.SHUT_WR)
            end = time.monotonic() + _PATIENCE
            while time.monotonic() < end:
                self._serve(stream)
                with contextlib.suppress(TimeoutError, BlockingIOError):
                    stream.settimeout(0.0)
                    try:
                        if not stream.recv(65536):
                            return True
                    except ConnectionError:
                        return True
        return False

    def call(self) -> str:
        """A call from INVITE to BYE; empty when it went well, else what did not come."""
        self._number += 1
        answer = self._ask("INVITE", "sip:callee@example.com", 1)
        if answer is None:
            return "no 200 to INVITE"
        contact = re.search(rb"Contact: <([^>]+)>", answer)
        assert contact is not None
        routes = b"".join(
            b"Route: %b\r\n" % one for one in reversed(re.findall(rb"Record-Route: ([^\r]+)", answer))
        ).decode()
        inside = {"uri": contact[1].decode(), "routes": routes, "tag": ";tag=g"}
        self._send("ACK", 1, **inside)
        return "" if self._ask("BYE", cseq=2, **inside) is not None else "no 200 to BYE"

    def _ask(self, method: str, uri: str, cseq: int, routes: str = "", tag: str = "") -> bytes | None:
        self._send(method, cseq, uri, routes, tag)
        wanted = f"Call-ID: valid-{self._number}\r\nCSeq: {cseq} {method}\r\n".encode()
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            self._serve(self._caller)
            with contextlib.suppress(BlockingIOError):
                while True:
                    data = self._caller.recv(65536)
                    if data.startswith(b"SIP/2.0 200 ") and wanted in data:
                        return data
        return None

    def _send(self, method: str, cseq: int, uri: str, routes: str = "", tag: str = "") -> None:
        host, port = self._caller.getsockname()
        text = _REQUEST.format(
            method=method, uri=uri, host=host, port=port, number=self._number, routes=routes, tag=tag, cseq=cseq
        )
        self._caller.sendto(text.encode(), self._proxy)

    def _serve(self, other: socket.socket) -> None:
        """Let the gateway answer until something comes to the other socket."""
        ready, _, _ = select.select([*self.gateway.waits(), other], [], [], _PATIENCE)
        self.gateway.serve(ready)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._stranger.recv(65536)


def _bound(host: str) -> socket.socket:
    made = socket.socket(type=socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    made.bind((host, 0))
    made.setblocking(False)
    return made
