"""The clients of a stream door, as many as it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

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
        self._open: dict[object, IAddress | None] = {}

    @property
    def open(self) -> int:
        """How many there are now."""
        return len(self._open)

    def addresses(self) -> list[tuple[str, int]]:
        """Address and port of each, nothing and 0 behind a unix socket."""
        return [(getattr(one, "host", ""), getattr(one, "port", 0)) for one in self._open.values()]

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """One more client, or None: it is closed at once."""
        if self.open >= CONNECTIONS:
            return None
        client = object()
        self._open[client] = addr
        return self._make(partial(self._open.pop, client))


class Bounded(WrappingFactory[ProtocolWrapper]):
    """The same for what makes its own protocols: HTTP and SSH."""

    noisy = False

    def addresses(self) -> list[tuple[str, int]]:
        """As in `Clients`."""
        peers = [one.getPeer() for one in self.protocols]
        return [(getattr(one, "host", ""), getattr(one, "port", 0)) for one in peers]

    def buildProtocol(self, addr: IAddress | None) -> ProtocolWrapper | None:  # type: ignore[override]  # as above
        """One more client, or None."""
        return super().buildProtocol(addr) if len(self.protocols) < CONNECTIONS else None
