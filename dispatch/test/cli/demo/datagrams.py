"""A datagram socket that only remembers."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.testing import FakeDatagramTransport


class Datagrams(FakeDatagramTransport):
    """Stands in for the port that a datagram protocol writes to."""

    written: list[tuple[bytes, tuple[str, int]]]
    is_open = True

    def getHost(self) -> IPv4Address:
        return IPv4Address("UDP", "127.0.0.1", 40000)

    def stopListening(self) -> None:
        self.is_open = False

    def take(self) -> list[tuple[bytes, tuple[str, int]]]:
        """All that was written since the last time."""
        taken = self.written[:]
        self.written.clear()
        return taken
