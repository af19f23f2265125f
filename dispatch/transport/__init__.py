"""Sockets: each transport is a provider of `ISipTransport`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dispatch.transport.interfaces import ISipReceiver, ISipTransport, Limits
from dispatch.transport.stream import StreamTransport
from dispatch.transport.udp import UdpTransport

TRANSPORTS: Final[dict[str, Callable[[str, int, ISipReceiver, Limits, tuple[str, int] | None], ISipTransport]]] = {
    "udp": UdpTransport,
    "tcp": StreamTransport,
}
"""From the scheme in ``listen`` to what makes it, given host, port, receiver, limits, and what is advertised.

``tls``, ``ws`` and ``wss`` are `StreamTransport` too, with a `TlsLayer` that has certificates, a `WebSocketLayer`, or
both.
"""
