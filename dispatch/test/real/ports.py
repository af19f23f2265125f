"""Loopback ports: free ones to give away, and whether somebody has bound one. Nothing is sent to find out."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"

# Below the range that Linux takes its own from, so that no passing client socket holds one of ours.
_FIRST: Final = 23000
_COUNT: Final = 7000
_LISTENING: Final = "0A"


def _candidates() -> Iterator[int]:
    # Two runs at a time start at different places; the two ports after each stay free for SIPp's media.
    at = os.getpid() * 97
    while True:
        at += 4
        yield _FIRST + at % _COUNT


_next = _candidates()


def free(host: str = LOOPBACK) -> int:
    """A port that is free now for UDP and TCP, and not given away before."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in _next:
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(family, kind) as probe:
                    probe.bind((host, port))
        except OSError:
            continue
        return port
    raise AssertionError("unreachable")


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
