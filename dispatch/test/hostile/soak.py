"""``python -m dispatch.test.hostile.soak``: calls for a quarter of an hour, with hostile traffic beside them.

No call may be lost, and memory stays what it is. The callers are SIPp, by UDP and TCP; the gateway takes both, and
reads strictly what reaches it; the stranger sends all that ``make hostile`` does, over and over.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Final

from dispatch.test.bench import usage
from dispatch.test.hostile.cases import cases
from dispatch.test.hostile.gateway import Gateway
from dispatch.test.hostile.peers import GATEWAY, Peers
from dispatch.test.real import ports, service
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import ack, document, inside, invite, pause, response
from dispatch.test.real.sipp import Sipp

_CALLER: Final = document(
    "caller",
    *(invite(), response(100, optional=True), response(200, routes=True), ack()),
    *(pause(500), inside("BYE", cseq=2), response(200)),
)
_TRANSPORTS: Final = ("udp", "tcp")
_LOOK: Final = 10.0  # seconds between two looks at memory
_WARM: Final = 60.0  # seconds until all timers have run once; where memory is compared from
_GROWTH: Final = 4096  # KiB that the allocator may keep in pieces
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Look:
    """How it was at a time: seconds since the start, KiB, hostile cases and requests at the gateway so far."""

    at: float
    pss: int
    thrown: int
    taken: int


class Beside:
    """The gateway and the stranger, each in a thread of its own.

    Args:
        gateway: answers.
        pace: hostile cases a second, as far as they can be sent.
    """

    def __init__(self, gateway: Gateway, pace: int) -> None:
        self.thrown = 0
        self._gateway = gateway
        self._pace = pace
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        """Let the gateway answer."""
        self._begin(self._serve)

    def attack(self, peers: Peers) -> None:
        """Let the stranger go on."""
        self._begin(lambda: self._attack(peers))

    def end(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            ready, _, _ = select.select(self._gateway.waits(), [], [], 0.1)
            self._gateway.serve(ready)

    def _attack(self, peers: Peers) -> None:
        for case in chain.from_iterable(cases(peers.stranger) for _ in repeat(None)):
            if self._is_over.wait(1 / self._pace):
                return
            with contextlib.suppress(OSError):  # a full accept queue is the program's right
                if self.thrown % 2:
                    peers.throw(case.make())
                else:
                    peers.write(case.make())
            self.thrown += 1


def main() -> int:
    """Run, and print a table; status 1 when a call was lost or memory has grown."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.hostile.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--rate", type=int, default=200, help="calls a second, half of them by UDP, half by TCP")
    parser.add_argument("--pace", type=int, default=50, help="hostile cases a second")
    options = parser.parse_args()
    if shutil.which("sipp") is None:
        print("sipp is not installed (Debian: sip-tester)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="soak.") as name, contextlib.ExitStack() as stack:
        return _soak(Path(name), options, stack)


def _soak(folder: Path, options: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    at = ports.free()
    gateway = Gateway(GATEWAY)
    stack.callback(gateway.close)
    beside = Beside(gateway, options.pace)
    stack.callback(beside.end)
    beside.serve()
    plan = service.Plan(
        tuple(Socket(proto, at) for proto in _TRANSPORTS),
        tuple(f"sip:{one.address};transport={one.proto}" for one in gateway.sockets),
        level=True,
    )
    program = service.start("program", folder, plan)
    stack.callback(program.stop)
    program.wait_bound()
    seconds = options.minutes * 60
    calls = int(seconds * options.rate / len(_TRANSPORTS))
    callers = [_caller(folder, Socket(proto, at), calls, options.rate // len(_TRANSPORTS)) for proto in _TRANSPORTS]
    for caller in callers:
        stack.callback(caller.stop)
    peers = Peers((ports.LOOPBACK, at))
    stack.callback(peers.close)
    beside.attack(peers)
    looks = list(_watch(program, callers, beside, gateway))
    return _judge(program, callers, calls, looks, gateway)


def _caller(folder: Path, to: Socket, calls: int, rate: int) -> Sipp:
    name, at = f"caller-{to.proto}", Socket(to.proto, ports.free())
    lasting = calls // rate + 120
    return Sipp(name, _CALLER, folder, at, to=to, calls=calls, rate=rate, traced=False, lasting=lasting)


def _watch(program: Process, callers: list[Sipp], beside: Beside, gateway: Gateway) -> list[Look]:
    start = time.monotonic()
    looks: list[Look] = []
    while any(caller.status is None for caller in callers) and program.status is None:
        time.sleep(min(_LOOK, 1.0) if not looks else _LOOK)
        look = Look(time.monotonic() - start, usage.pss_kib(program.pid), beside.thrown, gateway.taken)
        looks.append(look)
        print(f"{look.at:6.0f} s  PSS {look.pss} KiB  {look.thrown} cases  {look.taken} requests", flush=True)
    return looks


def _judge(program: Process, callers: list[Sipp], calls: int, looks: list[Look], gateway: Gateway) -> int:
    problems = []
    print("\n| calls by | made | lost | repeated messages |\n|---|---|---|---|")
    for proto, caller in zip(_TRANSPORTS, callers, strict=True):
        counted = caller.statistics()
        lost = calls - counted.successful
        print(f"| {proto.upper()} | {counted.created} | {lost} | {counted.retransmissions} |")
        if lost:
            problems.append(f"{lost} calls by {proto} lost\n{caller.tail()}")
    settled = next((look for look in looks if look.at >= _WARM), looks[0])
    print("\n| after | PSS | hostile cases so far |\n|---|---|---|")
    for look in [settled, *looks[:: max(1, len(looks) // 5)][1:], looks[-1]]:
        print(f"| {look.at:.0f} s | {look.pss / 1024:.1f} MiB | {look.thrown} |")
    if looks[-1].pss - settled.pss > _GROWTH:
        problems.append(f"PSS has grown from {settled.pss} to {looks[-1].pss} KiB")
    if program.status is not None or "Traceback" in program.log():
        problems.append(f"the program is not well\n{program.tail()}")
    for reason, data in gateway.faults[:_SHOWN]:
        problems.append(f"the gateway could not read ({reason}): {data[:600]!r}")
    print("\n" + "\n".join(problems))
    print(f"{4 - min(4, len(problems))} passed, {len(problems)} failed")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
