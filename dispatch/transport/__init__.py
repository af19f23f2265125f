"""Sockets: each transport is a provider of `ISipTransport`."""

from __future__ import annotations

from typing import Final

from dispatch.transport.udp import UdpTransport

TRANSPORTS: Final[dict[str, type[UdpTransport]]] = {
    "udp": UdpTransport,
}
"""From the scheme in ``listen`` to the class."""
