"""What sends a trace to Homer: a socket that never waits."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import closing
from typing import Final

from dispatch.control.tracing import hep
from dispatch.control.tracing.step import MESSAGE, Step
from dispatch.sip.host import host_port

PORT: Final = 9060


class Homer:
    """A collector that takes HEP by UDP.

    Args:
        address: where it is.
        node: who we are there.

    Attributes:
        dropped: messages that the system did not take: its buffer was full, or nobody listens there.
    """

    def __init__(self, address: tuple[str, int], node: int) -> None:
        self._node = node
        kind = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.socket(kind, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._address = address
        self.dropped = 0

    def take(self, step: Step) -> None:
        """Send a message; what is none is left out."""
        if step.kind != MESSAGE:
            return
        try:
            self._socket.sendto(hep.packet(step, self._node), self._address)
        except OSError:
            self.dropped += 1

    def close(self) -> None:
        """Give the socket back."""
        with closing(self._socket):
            return


def parse(text: str) -> tuple[str, int]:
    """Address and port of ``udp:HOST:PORT``.

    Raises:
        ValueError: what is wrong with it, for the operator.
    """
    scheme, _, rest = text.partition(":")
    host, _, port = rest.rpartition(":")
    if scheme != "udp" or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no udp:ADDRESS:PORT")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise ValueError(f"{host!r} is no address; names are not looked up here") from None
    return str(address), int(port)


def shown(address: tuple[str, int]) -> str:
    """As it is written."""
    return f"udp:{host_port(*address)}"
