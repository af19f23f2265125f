"""``python -m dispatch.test.bench.control``: how long control keeps the service from its calls.

The service has a list of many lines. All the time OPTIONS are sent to it, one after the other, and what the longest
answer took beyond an idle service's is how long it was busy otherwise; meanwhile `dispatchctl` does one thing again and
again. JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from dispatch.test.real import ports, service
from dispatch.test.real.control import COMMAND, enable
from dispatch.test.real.process import Socket

_OPTIONS: Final = (
    "OPTIONS sip:{at} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{number}\r\nFrom: <sip:probe@{me}>;tag=1\r\n"
    "To: <sip:{at}>\r\nCall-ID: probe-{number}\r\nCSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\n"
    "Content-Length: 0\r\n\r\n"
)
_PAUSE: Final = 0.001


class Probe:
    """Asks a service whether it is awake."""

    def __init__(self, at: Socket) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.connect((at.host, at.port))
        self._socket.settimeout(10)
        self._me = "{}:{}".format(*self._socket.getsockname())
        self._at = at.address
        self._number = random.randrange(1 << 20)

    def ask(self) -> float:
        """Milliseconds until the answer."""
        self._number += 1
        request = _OPTIONS.format(at=self._at, me=self._me, number=self._number).encode()
        begun = time.perf_counter()
        self._socket.send(request)
        self._socket.recv(65536)
        return (time.perf_counter() - begun) * 1000

    def watch(self, going_on: Callable[[], bool]) -> list[float]:
        """What answers took, in milliseconds, as long as something goes on."""
        found = []
        while going_on():
            found.append(self.ask())
            time.sleep(_PAUSE)
        return found


def write_list(path: Path, count: int, odd: int) -> None:
    """A list of so many destinations in ten sets; `odd` changes one line in a hundred."""
    path.write_text(
        "".join(
            f"{1 + number % 10} sip:127.{number >> 16}.{number >> 8 & 255}.{number & 255}:"
            f"{5060 + (odd if number % 100 == 0 else 0)} 0 0 duid=gw{number}\n"
            for number in range(count)
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.bench.control", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000, help="of the list")
    parser.add_argument("--times", type=int, default=10, help="how often each command is given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench.") as name:
        print(json.dumps(_measure(Path(name), options.lines, options.times), indent=1))
    return 0


def _measure(folder: Path, lines: int, times: int) -> dict[str, Any]:
    at = Socket("udp", ports.free())
    config = enable(service.write(folder, service.Plan((at,), ())), folder / "amp.sock")
    listed = folder / "dispatcher.list"
    write_list(listed, lines, 0)
    process = service.launch("service", folder, config, (at,))
    try:
        process.wait_bound()
        process.wait_logged("listening on")
        probe = Probe(at)
        out = {"lines": lines, "idle": _figures(probe.watch(_until(time.monotonic() + 3)), [])}
        for command in ("list", "diff", "reload"):
            held: list[float] = []
            took: list[float] = []
            for number in range(times):
                write_list(listed, lines, 1 + number % 2)
                begun = time.perf_counter()
                with (folder / f"{command}.out").open("wb") as output:
                    child = subprocess.Popen([*COMMAND, "-c", str(config), command], stdout=output, stderr=output)
                    held += probe.watch(lambda child=child: child.poll() is None)  # type: ignore[misc]
                took.append((time.perf_counter() - begun) * 1000)
                if child.returncode:
                    raise RuntimeError((folder / f"{command}.out").read_text())
            out[command] = _figures(held, took)
    finally:
        process.stop()
    return out


def _until(end: float) -> Callable[[], bool]:
    return lambda: time.monotonic() < end


def _figures(held: list[float], took: list[float]) -> dict[str, float]:
    held = sorted(held)
    return {
        "answers": len(held),
        "median_ms": round(held[len(held) // 2], 2),
        "p99_ms": round(held[len(held) * 99 // 100], 2),
        "longest_ms": round(held[-1], 2),
        **({"command_ms": round(sorted(took)[len(took) // 2])} if took else {}),
    }


if __name__ == "__main__":
    sys.exit(main())
