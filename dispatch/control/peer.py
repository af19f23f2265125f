"""Who is at the other end of a connection."""

from __future__ import annotations

import socket
import struct
from typing import Any, Final

_PEER: Final = struct.Struct("3i")  # pid, uid, gid: SO_PEERCRED


def peer_name(transport: Any) -> str:
    """User and process of a unix socket, else the address."""
    handle = getattr(transport, "socket", None)
    if isinstance(handle, socket.socket) and handle.family == socket.AF_UNIX:
        pid, uid, _ = _PEER.unpack(handle.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        return f"uid {uid}, pid {pid}"
    return address_name(transport.getPeer())


def address_name(peer: Any) -> str:
    """An address of the network as ``192.0.2.1:5060``."""
    return f"{getattr(peer, 'host', peer)}:{getattr(peer, 'port', '')}".removesuffix(":")
