"""A trace as Wireshark reads it: the classic pcap format, with headers that the messages might have had.

What went by TLS or WebSocket is there in the clear, by TCP; a port that is not SIP's usual one may have to be decoded
as SIP by hand.
"""

from __future__ import annotations

import ipaddress
import struct
from datetime import datetime
from typing import Final

from dispatch.control.text import to_bytes
from dispatch.control.tracing.record import Traced
from dispatch.control.tracing.step import MESSAGE

_MAGIC: Final = 0xA1B2C3D4  # times in microseconds
_RAW: Final = 101  # LINKTYPE_RAW: packets begin with their IP header
_LONGEST: Final = 65535  # of an IP packet
_HEAD: Final = struct.Struct(">IHHiIII")
_RECORD: Final = struct.Struct(">IIII")
_IPV4: Final = struct.Struct(">BBHHHBBH4s4s")
_IPV6: Final = struct.Struct(">IHBB16s16s")
_UDP: Final = struct.Struct(">HHHH")
_TCP: Final = struct.Struct(">HHIIBBHHH")
_PUSHED: Final = 0x18  # PSH and ACK
_HOPS: Final = 64
_PROTOCOLS: Final = {True: 17, False: 6}
_COUNTED: Final = 2**32

End = tuple[str, int]


def head() -> bytes:
    """What a file begins with."""
    return _HEAD.pack(_MAGIC, 2, 4, 0, 0, _LONGEST, _RAW)


class Packets:
    """Makes packets of messages; remembers how far each stream has come."""

    def __init__(self) -> None:
        self._sent: dict[tuple[End, End], int] = {}

    def packet(self, one: Traced) -> bytes:
        """The packet of a message, with what stands before it in a file; empty for what is no message."""
        if one.kind != MESSAGE:
            return b""
        local, remote = (one.local, one.local_port), (one.remote, one.remote_port)
        source, target = (remote, local) if one.direction == "in" else (local, remote)
        data = to_bytes(one.message)
        is_udp = one.transport == "UDP"
        segment = _udp(source[1], target[1], data, one.size) if is_udp else self._tcp(source, target, data)
        missing = min(one.size - len(data), _LONGEST - 40 - len(segment)) if is_udp else 0
        packet = _ip(source[0], target[0], _PROTOCOLS[is_udp], segment, missing)
        when = datetime.fromisoformat(one.time)
        return _RECORD.pack(int(when.timestamp()), when.microsecond, len(packet), len(packet) + missing) + packet

    def _tcp(self, source: End, target: End, data: bytes) -> bytes:
        """A segment of the stream; what is missing of a message is left out, so that the next one follows."""
        sent = self._sent.get((source, target), 1)
        heard = self._sent.get((target, source), 1)
        self._sent[source, target] = (sent + len(data)) % _COUNTED
        return _TCP.pack(source[1], target[1], sent, heard, 5 << 4, _PUSHED, _LONGEST, 0, 0) + data


def _udp(source: int, target: int, data: bytes, size: int) -> bytes:
    """Without a checksum (RFC 768: 0 stands for none)."""
    return _UDP.pack(source, target, min(_UDP.size + size, _LONGEST), 0) + data


def _ip(source: str, target: str, protocol: int, segment: bytes, missing: int) -> bytes:
    ends = ipaddress.ip_address(source.partition("%")[0]), ipaddress.ip_address(target.partition("%")[0])
    length = len(segment) + missing
    if ends[0].version == 6:
        return _IPV6.pack(6 << 28, length, protocol, _HOPS, ends[0].packed, ends[1].packed) + segment
    fields = (0x45, 0, _IPV4.size + length, 0, 0, _HOPS, protocol)
    head = _IPV4.pack(*fields, 0, ends[0].packed, ends[1].packed)
    return _IPV4.pack(*fields, _checksum(head), ends[0].packed, ends[1].packed) + segment


def _checksum(head: bytes) -> int:
    """That of an IPv4 header (RFC 1071)."""
    total: int = sum(struct.unpack(f">{len(head) // 2}H", head))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
