"""Loopback ports: free ones to give away, and whether somebody has bound one. Nothing is sent to find out."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"

# Below the range that Linux takes its own from, so that no passing client socket holds one of ours.
_FIRST: Final = 23000
_LAST: Final = 32600
_SHARE: Final = 600
_BLOCK: Final = 4
"""SIPp binds three ports behind its own: for sound, to be controlled (at all addresses), and for pictures."""
_LISTENING: Final = "0A"


def _candidates() -> Iterator[int]:
    with _claim() as share:
        first = share.getsockname()[1]
        while True:
            yield from range(first + _BLOCK, first + _SHARE, _BLOCK)


def _claim() -> socket.socket:
    """A share of the ports, ours while its first one is held: other runs at the same time take others."""
    for first in range(_FIRST, _LAST, _SHARE):
        held = socket.socket()
        try:
            held.bind(("", first))
        except OSError:
            held.close()
            continue
        return held
    raise AssertionError("too many runs at a time: each share of the loopback ports is taken")


_next = _candidates()


def free(host: str = LOOPBACK) -> int:
    """A port that is free now for UDP and TCP, with those behind it that SIPp binds, and was not given away lately."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in islice(_next, _SHARE // _BLOCK):
        try:
            for kind, number in ((socket.SOCK_STREAM, 1), (socket.SOCK_DGRAM, _BLOCK)):
                for each in range(port, port + number):
                    with socket.socket(family, kind) as probe:
                        probe.bind((host, each))
        except OSError:
            continue
        return port
    raise AssertionError(f"no port of this run is free at {host}")


def _spelled(host: str) -> str:
    """An address as the kernel's tables spell it: each 32-bit word in the machine's byte order."""
    packed = ipaddress.ip_address(host).packed
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


def is_bound(proto: str, host: str, port: int) -> bool:
    """Is there a socket bound (``udp``) or listening (all else) at this very address, or at all addresses?"""
    table = "udp" if proto == "udp" else "tcp"
    family = "6" if ":" in host else ""
    anywhere = "0" * (32 if family else 8)
    wanted = {f"{_spelled(host)}:{port:04X}", f"{anywhere}:{port:04X}"}
    for line in Path(f"/proc/net/{table}{family}").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if local in wanted and (proto == "udp" or state == _LISTENING):
            return True
    return False
