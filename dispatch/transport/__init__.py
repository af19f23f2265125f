"""Sockets: each transport is a provider of `ISipTransport`."""

from __future__ import annotations

from typing import Final

from dispatch.transport.stream import StreamTransport
from dispatch.transport.udp import UdpTransport

TRANSPORTS: Final[dict[str, type[UdpTransport] | type[StreamTransport]]] = {
    "udp": UdpTransport,
    "tcp": StreamTransport,
}
"""From the scheme in ``listen`` to the class."""
