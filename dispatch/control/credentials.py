"""Unix datagrams whose sender the system vouches for (``SO_PASSCRED``), on a socket that goes with the service.

Twisted's own port neither asks for credentials nor removes its path.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Any, Final

from twisted.internet.unix import DatagramPort
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.control.datagrams import Datagrams

log: Final = Logger()

_SENDER: Final = struct.Struct("3i")  # pid, uid, gid: struct ucred
_ROOM: Final = socket.CMSG_SPACE(_SENDER.size)
_AT_ONCE: Final = 16  # datagrams, then the reactor looks at others


class CredentialedPort(DatagramPort):
    """Listens at a path.

    Args:
        path: of the socket.
        protocol: told each datagram, and who sent it.
        largest: bytes of a datagram.
        mode: of the socket, like 0o600.
        reactor: Twisted's.
    """

    def __init__(self, path: Path, protocol: Datagrams, largest: int, mode: int, reactor: Any) -> None:
        super().__init__(str(path), protocol, largest, mode, reactor)
        self._path = path
        self._datagrams = protocol

    def createInternetSocket(self) -> socket.socket:
        """For Twisted: the socket, not bound yet."""
        made: socket.socket = super().createInternetSocket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        return made

    def doRead(self) -> None:
        """For the reactor: take what is there."""
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, address = self.socket.recvmsg(self.maxPacketSize, _ROOM)
            except (BlockingIOError, InterruptedError):
                return
            try:
                self._datagrams.received(data, address, _name(ancillary))
            except Exception:
                log.failure("a datagram at {path} failed", path=self._path)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """For Twisted: it is over; what is at the path goes too."""
        super().connectionLost(reason)
        self._path.unlink(missing_ok=True)


def _name(ancillary: list[tuple[int, int, bytes]]) -> str:
    for level, kind, raw in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(raw) == _SENDER.size:
            pid, uid, _ = _SENDER.unpack(raw)
            return f"uid {uid}, pid {pid}"
    return "somebody"
