"""Gateways that answer probes as they are told, and whoever probes them."""

from __future__ import annotations

import heapq
import itertools
import json
import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from twisted.protocols import amp

from dispatch.test.real import ports
from dispatch.test.real.process import Socket
from dispatch.test.wire import header, response_to

SILENT: Final = 0
_DATAGRAM: Final = 65535
_PATIENCE: Final = 10.0

Histories = list[list[list[str]]]


class Answer(NamedTuple):
    """What a gateway does with a probe.

    Attributes:
        status: `SILENT` for nothing.
        after: seconds that it takes.
        sender: what From must have for that; another one gets 403.
    """

    status: int
    after: float = 0.0
    sender: bytes = b""

    def to(self, probe: bytes) -> bytes:
        return response_to(probe, self.status if self.sender in header(probe, b"From")[0] else 403)


class Watched(NamedTuple):
    """Somebody who probes.

    Attributes:
        at: where it sends from.
        states: asks it for the letters of each destination, by URI.
    """

    at: Socket
    states: Callable[[], Mapping[str, str]]


class Gateways:
    """Peers on ports of their own; each probe of a peer, by Call-ID, gets the next answer of its script.

    Args:
        scripts: by gateway; the last answer goes on for ever.
    """

    def __init__(self, scripts: Sequence[Sequence[Answer]]) -> None:
        self.sockets = [socket.socket(type=socket.SOCK_DGRAM) for _ in scripts]
        self._scripts = scripts
        self._wake = selectors.DefaultSelector()
        for number, one in enumerate(self.sockets):
            one.bind((ports.LOOPBACK, 0))
            one.setblocking(False)
            self._wake.register(one, selectors.EVENT_READ, number)
        self.uris = [f"sip:{ports.LOOPBACK}:{one.getsockname()[1]}" for one in self.sockets]

    def close(self) -> None:
        self._wake.close()
        for one in self.sockets:
            one.close()

    def serve(self, seconds: float, until: Callable[[Histories], bool], *watched: Watched) -> Histories:
        """Answer until enough was seen, but no longer than so many seconds.

        Returns:
            For each of those who probe and each gateway, its letters whenever a fresh probe arrived there.
        """
        by_port = {one.at.port: number for number, one in enumerate(watched)}
        histories: Histories = [[[] for _ in self.sockets] for _ in watched]
        known: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        late: list[tuple[float, int, int, bytes, Any]] = []
        serial = itertools.count()
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end and not until(histories):
            while late and late[0][0] <= now:
                _, _, gateway, data, peer = heapq.heappop(late)
                self.sockets[gateway].sendto(data, peer)
            for key, _ in self._wake.select(min([end, *(one[0] for one in late)]) - now):
                gateway = key.data
                data, peer = self.sockets[gateway].recvfrom(_DATAGRAM)
                who = by_port[peer[1]]
                calls = known[who, gateway]
                (call_id,) = header(data, b"Call-ID")
                if call_id not in calls:
                    calls.append(call_id)
                    histories[who][gateway].append(watched[who].states()[self.uris[gateway]])
                script = self._scripts[gateway]
                answer = script[min(calls.index(call_id), len(script) - 1)]
                if answer.status:
                    heapq.heappush(late, (now + answer.after, next(serial), gateway, answer.to(data), peer))
        return histories


def kamailio_states(rpc: Path, ours: Path) -> Callable[[], Mapping[str, str]]:
    """Asks a Kamailio.

    Args:
        rpc: its socket.
        ours: path for the socket that it answers to.
    """

    def ask() -> Mapping[str, str]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            ours.unlink(missing_ok=True)
            one.bind(str(ours))
            one.settimeout(_PATIENCE)
            one.sendto(b'{"jsonrpc": "2.0", "method": "dispatcher.list", "id": 1}', str(rpc))
            records = json.loads(one.recv(_DATAGRAM))["result"]["RECORDS"]
        targets = [each["DEST"] for record in records for each in record["SET"]["TARGETS"]]
        return {one["URI"]: one["FLAGS"] for one in targets}

    return ask


def our_states(door: Path) -> Callable[[], Mapping[str, str]]:
    """Asks ours, through its AMP door."""

    def ask() -> Mapping[str, str]:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(_PATIENCE)
            one.connect(str(door))
            one.sendall(amp.AmpBox({b"_command": b"list", b"_ask": b"1"}).serialize())
            data = b""
            while not data.endswith(b"\0\0"):
                data += one.recv(_DATAGRAM)
        (box,) = amp.parseString(data)
        return {row[b"uri"].decode(): row[b"state"].decode() for row in amp.parseString(box[b"rows"])}

    return ask
