"""A door of datagrams: a request in each, and its answer in another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol

from dispatch.control.clients import CONNECTIONS

LONGEST: Final = 65535 - 28
"""Bytes of an answer, as much as UDP can carry over IPv4."""


class Datagrams(DatagramProtocol):
    """Answers who has an address to be answered at.

    Args:
        answer: called with a datagram and the name of who sent it; Deferred of the answer, empty for none. It never
            fails.
    """

    noisy = False

    def __init__(self, answer: Callable[[bytes, str], Deferred[bytes]]) -> None:
        self._answer = answer
        self._waiting = 0

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """For Twisted: one from the network."""
        self.received(datagram, addr, f"{addr[0]}:{addr[1]}" if addr else "")

    def received(self, datagram: bytes, addr: Any, peer: str) -> None:
        """Answer it, unless nobody could be answered, or too many wait.

        Args:
            datagram: what came.
            addr: where the answer goes.
            peer: who sent it.
        """
        if not addr or self._waiting >= CONNECTIONS:
            return
        self._waiting += 1
        self._answer(datagram, peer).addCallback(self._answered, addr)

    def _answered(self, answer: bytes, addr: Any) -> None:
        self._waiting -= 1
        transport: Any = self.transport
        if not answer or transport is None:
            return
        try:
            transport.write(answer, addr)
        except OSError:
            return  # the client is gone
