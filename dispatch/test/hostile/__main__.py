"""``python -m dispatch.test.hostile``: all that strangers send, over UDP and TCP, and after each of it a call.

The program is the real one. At the end its memory is what it was, no traceback is in its log, and a gateway that
forgives nothing could read all that it got.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dispatch.test.bench import usage
from dispatch.test.hostile.cases import Case, cases
from dispatch.test.hostile.gateway import Gateway
from dispatch.test.hostile.linear import slow
from dispatch.test.hostile.peers import Peers
from dispatch.test.real import ports, service
from dispatch.test.real.process import Process, Socket

_WARM: Final = 300  # calls before memory is measured
_T1: Final = 0.05  # seconds; a transaction is gone after 64 of them
_SETTLED: Final = 64 * _T1 * 2 + 2
_GROWTH: Final = 10240  # KiB that the allocator may keep in pieces: less than one for each case
_SHOWN: Final = 10


class Verdict:
    """Counts what held and what did not, and says so."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def add(self, what: str, problem: str) -> None:
        """One check; an empty problem is none."""
        if not problem:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {what}: {problem}", flush=True)


def main() -> int:
    """Run; status 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.hostile", description=__doc__)
    parser.add_argument("--each", type=int, default=1, help="take only each N-th case, the others not at all")
    options = parser.parse_args()
    verdict = Verdict()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hostile.") as name:
        _attack(Path(name), options.each, verdict)
    verdict.add("time to read grows with length", slow())
    print(f"in {time.monotonic() - started:.0f} seconds")
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    return int(verdict.failed > 0)


def _attack(folder: Path, each: int, verdict: Verdict) -> None:
    at = ports.free()
    peers = Peers((ports.LOOPBACK, at))
    program = start(folder, at, peers)
    try:
        for _ in range(_WARM):
            peers.call()
        before = usage.pss_kib(program.pid)
        for transport, attack in (("udp", _by_datagram), ("tcp", _by_stream)):
            count = 0
            for case in _some(cases(peers.stranger), each):
                count += 1
                verdict.add(f"{transport}: a call after {case.name}", attack(peers, case) or peers.call())
                if program.status is not None:
                    break
            print(f"{transport}: {count} cases, {peers.gateway.taken} requests at the gateway so far", flush=True)
        time.sleep(_SETTLED)
        verdict.add("a call when all is over", peers.call())
        _judge(program, peers, before, verdict)
    finally:
        program.stop()
        peers.close()


def destinations(gateway: Gateway) -> tuple[str, ...]:
    """The gateway as the list has it, by UDP and by TCP."""
    return tuple(f"sip:{one.address}" + (";transport=tcp" if one.proto == "tcp" else "") for one in gateway.sockets)


def start(folder: Path, at: int, peers: Peers) -> Process:
    """The program, ready."""
    plan = service.Plan(
        (Socket("udp", at), Socket("tcp", at)),
        destinations(peers.gateway),
        level=True,
        silence=2.0,
        more={"sip.timers": {"t1": _T1, "fr_timer": 2.0, "t4": 0.5}},
    )
    program = service.start("program", folder, plan)
    program.wait_bound()
    return program


def _some(every: Iterator[Case], each: int) -> Iterator[Case]:
    return (case for number, case in enumerate(every) if number % each == 0)


def _by_datagram(peers: Peers, case: Case) -> str:
    peers.throw(case.make())
    return ""


def _by_stream(peers: Peers, case: Case) -> str:
    return "" if peers.write(case.make()) else "the connection was not closed"


def _judge(program: Process, peers: Peers, before: int, verdict: Verdict) -> None:
    after = usage.pss_kib(program.pid)
    print(f"PSS {before} KiB before, {after} KiB after")
    grown = after - before > _GROWTH
    verdict.add("memory", f"{before} KiB before, {after} KiB after" if grown else "")
    verdict.add("the program runs", "" if program.status is None else program.tail())
    tracebacks = program.log().count("Traceback")
    verdict.add("no traceback", f"{tracebacks} in the log\n{program.tail()}" if tracebacks else "")
    for reason, data in peers.gateway.faults[:_SHOWN]:
        print(f"the gateway could not read ({reason}): {data[:600]!r}")
    verdict.add(
        "what is forwarded can be read", f"{len(peers.gateway.faults)} requests can't" if peers.gateway.faults else ""
    )


if __name__ == "__main__":
    sys.exit(main())
