"""HEP version 3, as Homer takes it: https://github.com/sipcapture/HEP.

::

    packet = "HEP3" length *chunk          ; two octets, of the whole packet
    chunk  = vendor type length *OCTET     ; two octets each; length of the whole chunk, vendor 0 for the generic types
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

from dispatch.control.tracing.step import Step

_HEAD: Final = struct.Struct(">4sH")
_CHUNK: Final = struct.Struct(">HHH")
_GENERIC: Final = 0
_SIP: Final = 1
_INET: Final = {4: 2, 6: 10}  # AF_INET and AF_INET6
_ADDRESSES: Final = {4: (3, 4), 6: (5, 6)}  # types of source and destination
_CALL_ID: Final = 100  # bytes; a longer one is cut
LONGEST: Final = 65507 - 300
"""Bytes of a message that fit into a datagram with all else."""


def packet(step: Step, node: int) -> bytes:
    """A message as a HEP packet.

    Args:
        node: who we are; the capture agent's id.
    """
    source, target = (step.remote, step.local) if step.is_in else (step.local, step.remote)
    ends = [ipaddress.ip_address(host.partition("%")[0]) for host, _ in (source, target)]
    version = ends[0].version
    seconds, microseconds = divmod(round(step.time * 1_000_000), 1_000_000)
    chunks = b"".join(
        (
            _chunk(1, bytes((_INET[version],))),
            _chunk(2, bytes((17 if step.transport == b"UDP" else 6,))),
            *(_chunk(kind, end.packed) for kind, end in zip(_ADDRESSES[version], ends, strict=True)),
            _chunk(7, source[1].to_bytes(2, "big")),
            _chunk(8, target[1].to_bytes(2, "big")),
            _chunk(9, seconds.to_bytes(4, "big")),
            _chunk(10, microseconds.to_bytes(4, "big")),
            _chunk(11, bytes((_SIP,))),
            _chunk(12, node.to_bytes(4, "big")),
            _chunk(17, step.call_id[:_CALL_ID]),
            _chunk(15, step.raw[:LONGEST]),
        )
    )
    return _HEAD.pack(b"HEP3", _HEAD.size + len(chunks)) + chunks


def _chunk(kind: int, value: bytes) -> bytes:
    return _CHUNK.pack(_GENERIC, kind, _CHUNK.size + len(value)) + value
