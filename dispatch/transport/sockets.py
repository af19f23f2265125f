"""Local sockets, taken before the reactor runs, and the spelling of addresses."""

from __future__ import annotations

import errno
import socket
from typing import Final

from dispatch.errors import TransportError
from dispatch.sip import host as sip_host
from dispatch.sip.host import host_port

BACKLOG: Final = 1024
"""Connections the kernel keeps for us until they are accepted."""

_ANY_PORT: Final = 9  # discard; nothing is sent

PATIENCE: Final = 90
"""Seconds without a sign of life after which a caller is gone; shorter ones would wear out phones."""

_UDP_BUFFER: Final = 4 << 20  # asked for; the kernel gives what net.core.rmem_max allows

_REMEDIES: Final = {
    errno.EADDRINUSE: "stop the program that has it, or change 'listen'",
    errno.EADDRNOTAVAIL: "no interface of this machine has it; change 'listen'",
    errno.EACCES: "ports below 1024 are for root or CAP_NET_BIND_SERVICE; take a higher one",
    errno.EAFNOSUPPORT: "this machine has no such protocol; change 'listen'",
}


def canonical(host: str) -> str:
    """As `dispatch.sip.host.canonical`, where it must be an address.

    Raises:
        TransportError: not an address.
    """
    address = sip_host.canonical(host)
    if address is None:
        raise TransportError(f"{host!r} is no IP address")
    return address


def family(host: str) -> socket.AddressFamily:
    """The address family of an IP address; a colon tells."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def is_local(host: str) -> bool:
    """Whether this machine has the address: a socket can be bound to it."""
    try:
        with socket.socket(family(host), socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def source_towards(host: str) -> str | None:
    """The address that the kernel sends from to this one; None where there is no route. It sends nothing."""
    try:
        with socket.socket(family(host), socket.SOCK_DGRAM) as probe:
            probe.connect((host, _ANY_PORT))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def watch(stream: socket.socket, patience: int) -> None:
    """Have the kernel notice when the peer is gone without a word (half-open, RFC 9293 §3.5.1, RFC 5482).

    Args:
        patience: seconds without an acknowledgement of what we sent, or of three questions asked in the second half.
    """
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, patience // 2)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, patience // 6)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience * 1000)


def bound(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    """A socket on this address, not blocking; streams listen already.

    Raises:
        TransportError: it can't be had; one line that says what to do.
    """
    scheme = "udp" if kind is socket.SOCK_DGRAM else "tcp"
    try:
        return _bound(kind, canonical(host), port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = _REMEDIES.get(error.errno or 0, "see 'listen'")
        raise TransportError(f"{scheme}:{host_port(host, port)}: {reason}; {remedy}") from None


def _bound(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    made = socket.socket(family(host), kind)
    try:
        made.setblocking(False)
        if family(host) is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # v4 has listeners of its own
        if kind is socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            watch(made, PATIENCE)  # what it accepts has it from here
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UDP_BUFFER)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UDP_BUFFER)
        made.bind((host, port))
        if kind is socket.SOCK_STREAM:
            made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made
