"""The ways from one local socket to its peers."""

from __future__ import annotations

import socket
from typing import Final

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow, Listener, Peer, Transport
from dispatch.sip.host import host_port
from dispatch.transport.sockets import canonical, family

MOST: Final = 20_000
"""Addresses remembered; all are forgotten when there are more: addresses can be forged."""


Key = tuple[str, int] | tuple[str, int, Peer]


def listener_of(transport: Transport, made: socket.socket, advertised: tuple[str, int] | None) -> Listener:
    """A bound socket as the SIP core sees it.

    Args:
        transport: carries what is sent from it.
        made: the socket.
        advertised: what goes into Via in place of its address; port 0 stands for the bound one.
    """
    host, port = made.getsockname()[:2]
    shown, shown_port = advertised or (host, port)
    return Listener(transport, host, port, host_port(shown, shown_port or port).encode())


class Flows:
    """One `Flow` for each address and peer, so that flows can be compared by identity.

    Attributes:
        known: by address, as it was asked for and as the kernel spells it; and by peer, where one is expected there.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._family = family(listener.host)
        self.known: dict[Key, Flow] = {}

    def to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        """See `ISipTransport.flow_to`."""
        key: Key = (host, port) if peer is None else (host, port, peer)
        flow = self.known.get(key)
        if flow is not None:
            return flow
        address = canonical(host)
        if family(address) is not self._family:
            raise TransportError(f"{address} can't be reached from {self._listener.host}")
        if not 0 < port < 65536:
            raise TransportError(f"{port} is no port")
        return self._remember(key, (address, port), peer)

    def back(self, address: tuple[str, int]) -> Flow:
        """The way to where the kernel says that a datagram came from."""
        # IPv6 comes with flow and scope: (host, port, 0, 0) becomes a second key of the same flow.
        return self.known.get(address) or self._remember(address, address[:2])

    def _remember(self, key: Key, remote: tuple[str, int], peer: Peer | None = None) -> Flow:
        usual: Key = remote if peer is None else (*remote, peer)
        flow = self.known.get(usual)
        if flow is None:
            if len(self.known) > MOST:
                self.known.clear()
            flow = self.known[usual] = Flow(self._listener, remote, peer=peer)
        self.known[key] = flow
        return flow
