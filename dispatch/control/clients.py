"""The clients of a stream door, as many as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol

CONNECTIONS: Final = 64
"""At a time, for each socket."""


class Clients(Factory):
    """Makes a protocol for each client, up to `CONNECTIONS` at a time.

    Args:
        make: the protocol; it calls what it is given once, when the connection is over.
    """

    noisy = False

    def __init__(self, make: Callable[[Callable[[], object]], Protocol]) -> None:
        self._make = make
        self.open = 0

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """One more client, or None: it is closed at once."""
        if self.open >= CONNECTIONS:
            return None
        self.open += 1
        return self._make(self._gone)

    def _gone(self) -> None:
        self.open -= 1
