"""``python -m dispatch.test.bench.probes``: what probing a long list costs, and how long it keeps others waiting.

The service probes one gateway that has many names; a share of them never answers. Beside that it is asked by OPTIONS
how it is, all the time: the slowest answer is an upper bound for how long its reactor was held.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import selectors
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from time import process_time_ns
from typing import Any, Final

from dispatch.service import collector
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.test.bench import usage
from dispatch.test.proxy.farm import Farm
from dispatch.test.real import ports, service
from dispatch.test.real.process import Socket
from dispatch.test.wire import request, response_to

_NAME: Final = re.compile(rb"^OPTIONS sip:([0-9]+)@")
_BUFFER: Final = 1 << 23
_WARM: Final = 3.0
_ASKED_EACH: Final = 0.01  # seconds
_LOOK: Final = 0.05
_DATAGRAM: Final = 65535


class Gateway:
    """One socket that many destinations stand for; those whose number is below `dead` never answer."""

    def __init__(self, dead: int) -> None:
        self._dead = dead
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self.socket.bind((ports.LOOPBACK, 0))
        self.socket.setblocking(False)
        self.seconds: Counter[int] = Counter()
        self.probed: set[int] = set()

    def uri(self, number: int) -> str:
        return f"sip:{number}@{ports.LOOPBACK}:{self.socket.getsockname()[1]}"

    def answer(self) -> None:
        """All that has come."""
        while True:
            try:
                data, peer = self.socket.recvfrom(_DATAGRAM)
            except BlockingIOError:
                return
            found = _NAME.match(data)
            assert found is not None
            number = int(found[1])
            self.seconds[int(time.monotonic())] += 1
            self.probed.add(number)
            if number >= self._dead:
                self.socket.sendto(response_to(data, 200), peer)


class Asker:
    """Asks the service how it is, one question at a time."""

    def __init__(self, to: Socket) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((ports.LOOPBACK, 0))
        self.socket.connect((to.host, to.port))
        self.socket.setblocking(False)
        self._uri = f"sip:{to.address}".encode()
        self._via = b"%b:%d" % (ports.LOOPBACK.encode(), self.socket.getsockname()[1])
        self._asked = 0.0
        self._is_open = False
        self._count = 0
        self.times: list[float] = []

    def ask(self, now: float) -> None:
        """The next question, when it is time and the last one was answered."""
        if not self._is_open and now - self._asked >= _ASKED_EACH:
            self._count += 1
            self._asked, self._is_open = now, True
            self.socket.send(request(b"OPTIONS", self._uri, via=self._via, branch=b"z9hG4bKask%d" % self._count))

    def hear(self, now: float) -> None:
        """An answer has come."""
        self.socket.recv(_DATAGRAM)
        self._is_open = False
        self.times.append(now - self._asked)


def alone(count: int, interval: int, dead: int) -> dict[str, Any]:
    """Prober and engine without sockets for three intervals, in CPU time, whatever else the machine does.

    Args:
        count: destinations.
        interval: seconds between probes of one.
        dead: how many of them never answer.
    """
    text = b"".join(b"1 sip:%d@192.0.2.71:5071\n" % number for number in range(count))
    farm = Farm(text, parameters=DispatcherConfig(ds_ping_interval=interval, ds_probing_mode=1))
    collector.settle()
    collector.rounds(farm.clock).startService()
    farm.prober.startService()
    looks: list[int] = []
    answers = 0
    for _ in range(round(3 * interval / _LOOK)):
        start = process_time_ns()
        farm.clock.advance(_LOOK)
        looks.append(process_time_ns() - start)
        for data, remote in farm.net.take():
            found = _NAME.match(data)
            if found is not None and int(found[1]) >= dead:
                answer = response_to(data, 200)
                start = process_time_ns()
                farm.receive(answer, remote)
                answers += process_time_ns() - start
    gc.unfreeze()
    gc.enable()
    return {
        "destinations": count,
        "dead": dead,
        "us_per_probe": round((sum(looks) + answers) / 1000 / farm.prober.sent, 1),
        "longest_look_ms": round(max(looks) / 1e6, 1),
        "p99_look_ms": round(sorted(looks)[len(looks) * 99 // 100] / 1e6, 1),
    }


def measure(count: int, interval: int, dead: int, seconds: float) -> dict[str, Any]:
    """Figures for one list.

    Args:
        count: destinations.
        interval: seconds between probes of one; 0 for none, to compare with.
        dead: how many of them never answer.
        seconds: how long, after a while to warm up.
    """
    with tempfile.TemporaryDirectory(prefix="probes.") as place:
        folder = Path(place)
        at = Socket("udp", ports.free())
        gateway, asker = Gateway(dead), Asker(at)
        destinations = tuple(gateway.uri(number) for number in range(count))
        parameters = {"ds_ping_interval": interval, "ds_probing_mode": 1}
        config = service.write(folder, service.Plan((at,), destinations, silence=30.0, parameters=parameters))
        process = service.launch("proxy", folder, config, (at,))
        try:
            process.wait_bound()
            _serve(gateway, asker, _WARM)
            gateway.seconds.clear()
            gateway.probed.clear()
            asker.times.clear()
            before = usage.cpu_ns(process.pid)
            _serve(gateway, asker, seconds)
            cpu = (usage.cpu_ns(process.pid) - before) / 1e9 / seconds
        finally:
            process.stop()
            gateway.socket.close()
            asker.socket.close()
        whole = sorted(gateway.seconds.items())[1:-1]
        return {
            "destinations": count,
            "interval_s": interval,
            "dead": dead,
            "cpu_percent": round(100 * cpu, 1),
            "probed": len(gateway.probed),
            "datagrams": sum(gateway.seconds.values()),
            "most_datagrams_in_a_second": max((number for _, number in whole), default=0),
            "slowest_answer_ms": round(1000 * max(asker.times), 1),
            "p99_answer_ms": round(1000 * sorted(asker.times)[len(asker.times) * 99 // 100], 1),
        }


def _serve(gateway: Gateway, asker: Asker, seconds: float) -> None:
    with selectors.DefaultSelector() as wake:
        wake.register(gateway.socket, selectors.EVENT_READ)
        wake.register(asker.socket, selectors.EVENT_READ)
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            asker.ask(now)
            for key, _ in wake.select(_ASKED_EACH):
                if key.fileobj is asker.socket:
                    asker.hear(time.monotonic())
                else:
                    gateway.answer()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--destinations", type=int, default=10_000)
    parser.add_argument("--interval", type=int, default=30, help="seconds between probes of a destination")
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    count, interval, seconds = options.destinations, options.interval, options.seconds
    rows = [alone(count, interval, dead) for dead in (0, count // 2)]
    rows += [measure(count, every, dead, seconds) for every, dead in ((0, 0), (interval, 0), (interval, count // 2))]
    json.dump(rows, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
