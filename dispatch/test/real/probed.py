"""Gateways that answer probes as they are told, and whoever probes them."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from twisted.protocols import amp

from dispatch.test.real.process import Socket
from dispatch.test.wire import header, response_to

SILENT: Final = 0
_DATAGRAM: Final = 65535
_BURST: Final = 4_000_000  # bytes; Kamailio sends to all at once
_PATIENCE: Final = 10.0
_PKTINFO: Final = 8  # IP_PKTINFO of Linux, which Python does not name
_RCVBUFFORCE: Final = 33  # SO_RCVBUFFORCE, likewise
_INFO: Final = struct.Struct("=i4s4s")  # struct in_pktinfo: interface, our address, that of the header
_TIMESTAMPNS: Final = 35  # SO_TIMESTAMPNS, likewise
_TIME: Final = struct.Struct("@ll")  # struct timespec: seconds, nanoseconds

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
    """Peers at addresses of their own; each probe of a peer, by Call-ID, gets the next answer of its script.

    All of them are one socket, so that there may be many.

    Args:
        scripts: by gateway; the last answer goes on for ever.
        pace: how many times as long answers take as they say.

    Attributes:
        slowest: seconds from the arrival of a probe until its letters were known, at most. Where it is near the time in
            which an answer is due, letters are those of another moment and answers come too late: the histories say
            how busy the machine was then, and nothing of who probes.
    """

    def __init__(self, scripts: Sequence[Sequence[Answer]], pace: int = 1) -> None:
        self.slowest = 0.0
        self._scripts = scripts
        self._pace = pace
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, _PKTINFO, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        with contextlib.suppress(PermissionError):  # only root may have more than others
            self._socket.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BURST)
        self._socket.bind(("", 0))
        port = self._socket.getsockname()[1]
        hosts = [f"127.1.{number >> 8}.{number & 255}" for number, _ in enumerate(scripts, 1)]
        self._number_of = {socket.inet_aton(host): number for number, host in enumerate(hosts)}
        self._addresses = tuple(self._number_of)
        self.uris = [f"sip:{host}:{port}" for host in hosts]

    def close(self) -> None:
        self._socket.close()

    def serve(self, seconds: float, until: Callable[[Histories], bool], *watched: Watched, each: int = 1) -> Histories:
        """Answer until enough was seen, but no longer than so many seconds.

        Args:
            seconds: at most.
            until: whether enough was seen.
            watched: who probes.
            each: letters are asked for at the probes of each n-th gateway only.

        Returns:
            For each of those who probe and each gateway, its letters whenever a fresh probe arrived there.
        """
        by_port = {one.at.port: number for number, one in enumerate(watched)}
        histories: Histories = [[[] for _ in self.uris] for _ in watched]
        known: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        late: list[tuple[float, int, int, bytes, Any]] = []
        serial = itertools.count()
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end and not until(histories):
            while late and late[0][0] <= now:
                self._send(*heapq.heappop(late)[2:])
            self._socket.settimeout(min([end, *(one[0] for one in late[:1])]) - now)
            try:
                gateway, data, peer, arrived = self._receive()
            except TimeoutError:
                continue
            who = by_port[peer[1]]
            calls = known[who, gateway]
            (call_id,) = header(data, b"Call-ID")
            if call_id not in calls:
                calls.append(call_id)
                letters = "" if gateway % each else watched[who].states()[self.uris[gateway]]
                histories[who][gateway].append(letters)
                self.slowest = max(self.slowest, time.time() - arrived)
            script = self._scripts[gateway]
            answer = script[min(calls.index(call_id), len(script) - 1)]
            if answer.status:
                heapq.heappush(late, (now + answer.after * self._pace, next(serial), gateway, answer.to(data), peer))
        return histories

    def _receive(self) -> tuple[int, bytes, Any, float]:
        """Which gateway got what from whom, and at what time of day."""
        space = socket.CMSG_SPACE(_INFO.size) + socket.CMSG_SPACE(_TIME.size)
        data, beside, _, peer = self._socket.recvmsg(_DATAGRAM, space)
        told = {kind: value for _, kind, value in beside}
        _, _, address = _INFO.unpack(told[_PKTINFO])
        seconds, nanoseconds = _TIME.unpack(told[_TIMESTAMPNS])
        return self._number_of[address], data, peer, seconds + nanoseconds / 1e9

    def _send(self, gateway: int, data: bytes, peer: Any) -> None:
        info = _INFO.pack(0, self._addresses[gateway], bytes(4))
        self._socket.sendmsg([data], [(socket.IPPROTO_IP, _PKTINFO, info)], 0, peer)


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
            records = json.loads(one.recv(_BURST))["result"]["RECORDS"]
        targets = [each["DEST"] for record in records for each in record["SET"]["TARGETS"]]
        return {one["URI"]: one["FLAGS"] for one in targets}

    return ask


def our_states(door: Path, number: int | None = None) -> Callable[[], Mapping[str, str]]:
    """Asks ours, through its AMP door.

    Args:
        door: its socket.
        number: the set that is asked for; None for all.
    """
    only = {} if number is None else {b"set": str(number).encode()}

    def ask() -> Mapping[str, str]:
        rows: list[amp.Box] = []
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(_PATIENCE)
            one.connect(str(door))
            page = only
            while True:
                one.sendall(amp.AmpBox({b"_command": b"list", b"_ask": b"1", **page}).serialize())
                data = b""
                while not data.endswith(b"\0\0"):
                    data += one.recv(_DATAGRAM)
                (box,) = amp.parseString(data)
                rows += amp.parseString(box[b"rows"])
                if b"page" not in box:
                    return {row[b"uri"].decode(): row[b"state"].decode() for row in rows}
                page = {b"page": box[b"page"]}

    return ask
