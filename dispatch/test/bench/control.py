"""``python -m dispatch.test.bench.control``: how long control keeps the service from its calls.

The service has a list of many lines. All the time OPTIONS are sent to it, one after the other, and what the longest
answer took beyond an idle service's is how long it was busy otherwise; meanwhile `dispatchctl` does one thing again and
again, and then clients of BINRPC and JSON-RPC list all of it. With ``--rate`` calls go through it all the time, and
none may fail; then ``--requests`` a second are made beside them, and what that adds to the CPU of a call is told. JSON
on standard output.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from dispatch.test.bench import run, usage
from dispatch.test.real import ports, service
from dispatch.test.real.control import COMMAND, enable
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.sipp import Sipp

_OPTIONS: Final = (
    "OPTIONS sip:{at} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{number}\r\nFrom: <sip:probe@{me}>;tag=1\r\n"
    "To: <sip:{at}>\r\nCall-ID: probe-{number}\r\nCSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\n"
    "Content-Length: 0\r\n\r\n"
)
_PAUSE: Final = 0.001
_T1: Final = 0.5  # seconds until a question that the machine has lost is repeated
_REPEATS: Final = 20
_ASKING: Final = (sys.executable, "-m", "dispatch.test.bench.asking")
_WINDOW: Final = 20  # seconds
_SETTLE: Final = 5.0  # for looking up what the list names

Started = TypeVar("Started", bound=Process)


class Probe:
    """Asks a service whether it is awake."""

    def __init__(self, at: Socket) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.connect((at.host, at.port))
        self._socket.settimeout(_T1)
        self._me = "{}:{}".format(*self._socket.getsockname())
        self._at = at.address
        self._number = random.randrange(1 << 20)

    def ask(self) -> float:
        """Milliseconds until the answer."""
        self._number += 1
        request = _OPTIONS.format(at=self._at, me=self._me, number=self._number).encode()
        begun = time.perf_counter()
        for _ in range(_REPEATS):
            self._socket.send(request)
            with contextlib.suppress(TimeoutError):
                self._socket.recv(65536)
                break
        return (time.perf_counter() - begun) * 1000

    def watch(self, going_on: Callable[[], bool]) -> list[float]:
        """What answers took, in milliseconds, as long as something goes on."""
        found = []
        while going_on():
            found.append(self.ask())
            time.sleep(_PAUSE)
        return found


def write_list(path: Path, first: str, count: int, odd: int, sets: int = 10, flags: int = 0) -> None:
    """`first`, and so many further destinations with these flags; `odd` changes one line in a hundred."""
    path.write_text(
        first
        + "".join(
            f"{2 + number % sets} sip:127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}:"
            f"{5060 + (odd if number % 100 == 0 else 0)} {flags} 0 duid=gw{number}\n"
            for number in range(count)
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.bench.control", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000, help="of the list")
    parser.add_argument("--sets", type=int, default=10, help="that they are in")
    parser.add_argument("--times", type=int, default=10, help="how often each command is given")
    parser.add_argument("--rate", type=int, default=0, help="calls a second meanwhile")
    parser.add_argument("--requests", type=int, default=1000, help="of control a second, beside calls; 0 for none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench.") as name, contextlib.ExitStack() as stack:
        out = _measure(Path(name), options, stack)
    print(json.dumps(out, indent=1))
    return int(out.get("calls", {}).get("failed", 0) > 0)


_COMMANDS: Final[Mapping[str, Callable[[int], Sequence[str]]]] = {
    "list": lambda number: ("list",),
    "diff": lambda number: ("diff",),
    "reload": lambda number: ("reload",),
    "reload, other flags": lambda number: ("reload",),
    "set-state of all": lambda number: ("set-state", "2", "all", "ia"[number % 2]),
}


def _measure(folder: Path, options: argparse.Namespace, stack: contextlib.ExitStack) -> dict[str, Any]:
    lines, sets, times, rate = options.lines, options.sets, options.times, options.rate

    def keep(process: Started) -> Started:
        stack.callback(process.stop)
        process.wait_bound()
        return process

    at, lasting = Socket("udp", ports.free()), 120 + times * 40
    gateway = keep(Sipp("gateway", run.GATEWAY, folder, _address(), calls=None, traced=False, lasting=lasting))
    plan = service.Plan((at,), (f"sip:{gateway.sockets[0].address}",))
    http = ports.free()
    config = enable(service.write(folder, plan), folder / "amp.sock")
    with config.open("a") as file:
        file.write(f'binrpc = "unix:{folder}/ctl.sock"\njsonrpc = "tcp:{http}:interface=127.0.0.1"\n')
    listed = folder / "dispatcher.list"
    first = listed.read_text()
    write_list(listed, first, lines, 0, sets)
    process = keep(service.launch("service", folder, config, (at,)))
    process.wait_logged("listening on")
    caller = None
    if rate:
        calls = rate * lasting
        caller = keep(
            Sipp("caller", run.CALLER, folder, _address(), to=at, calls=calls, rate=rate, traced=False, lasting=lasting)
        )
    time.sleep(_SETTLE)
    probe = Probe(at)
    out: dict[str, Any] = {"lines": lines, "rate": rate}
    out["nothing"] = _figures(probe.watch(_until(time.monotonic() + 5)), [])
    ways: dict[str, Callable[[int], Sequence[str]]] = {
        "list over binrpc": lambda number: (*_ASKING, "binrpc", f"{folder}/ctl.sock", "dispatcher.list"),
        "list over jsonrpc": lambda number: (*_ASKING, "jsonrpc", str(http), "dispatcher.list"),
    }
    for name, words in _COMMANDS.items():
        ways[name] = partial(_typed, config, words)
    for command, way in ways.items():
        held: list[float] = []
        took: list[float] = []
        for number in range(times):
            flags = 8 * (number % 2) if command == "reload, other flags" else 0
            write_list(listed, first, lines, 1 + number % 2, sets, flags)
            begun = time.perf_counter()
            with (folder / f"{command}.out").open("wb") as output:
                child = subprocess.Popen(way(number), cwd=service.ROOT, stdout=output, stderr=output)
                held += probe.watch(lambda child=child: child.poll() is None)  # type: ignore[misc]
            took.append((time.perf_counter() - begun) * 1000)
            if child.returncode:
                raise RuntimeError((folder / f"{command}.out").read_text())
        out[command] = _figures(held, took)
    if caller is not None and options.requests:
        out["requests"] = _beside_calls(process.pid, f"{folder}/ctl.sock", rate, options.requests)
    if caller is not None:
        out["calls"] = caller.end()._asdict()
    return out


def _typed(config: Path, words: Callable[[int], Sequence[str]], number: int) -> Sequence[str]:
    return (*COMMAND, "-c", str(config), *words(number))


def _beside_calls(pid: int, path: str, rate: int, requests: int) -> dict[str, float]:
    """What so many requests a second add to the CPU of a call, in microseconds."""

    def spent(words: list[str]) -> tuple[float, str]:
        before = usage.cpu_ns(pid)
        told = subprocess.run(words, cwd=service.ROOT, capture_output=True, text=True, check=True).stdout
        return (usage.cpu_ns(pid) - before) / 1000 / (rate * _WINDOW), told

    alone, _ = spent(["sleep", str(_WINDOW)])
    asking = ["--rate", str(requests), "--seconds", str(_WINDOW)]
    both, told = spent([*_ASKING, "binrpc", path, "dispatcher.ping_active", *asking])
    return {
        "answers_per_second": int(told) / _WINDOW,
        "cpu_us_per_call_alone": round(alone, 1),
        "cpu_us_per_call_beside": round(both, 1),
        "cpu_us_per_request": round((both - alone) * rate / requests, 1),
    }


def _address() -> Socket:
    return Socket("udp", ports.free())


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
