"""One measurement: a proxy between a SIPp caller and three SIPp gateways."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dispatch.test.bench import usage
from dispatch.test.bench.subjects import Subject
from dispatch.test.real import ports
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import accept, ack, arrives, document, inside, invite, pause, reply, response, ringing
from dispatch.test.real.sipp import Sipp

GATEWAYS: Final = 3
WARM: Final = 100
_STARTED: Final = 30

# The pauses keep SIPp from sending two messages back to back, which UDP may swap.
CALLER: Final = document(
    "caller",
    *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
    *(pause(50), inside("BYE", cseq=2), response(200)),
)
GATEWAY: Final = document(
    "gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK")
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run came to.

    Attributes:
        calls: asked for.
        failed: of these.
        retransmissions: of caller and gateways, warming up included.
        cpu_us: microseconds of CPU per call, user and system.
        pss_before: KiB after warming up.
        pss_after: KiB right after the last call, with what timers still hold.
        pss_settled: KiB after a further wait; None where there was none.
    """

    calls: int
    failed: int
    retransmissions: int
    cpu_us: float
    pss_before: int
    pss_after: int
    pss_settled: int | None = None


def measure(
    subject: Subject, folder: Path, *, rate: int, calls: int, settle: float = 0.0, proto: str = "udp"
) -> Figures:
    """Make calls through a proxy started for this.

    Args:
        proto: that all messages go by, ``udp`` or ``tcp``.
        rate: calls a second.
        settle: seconds to wait at the end, for `Figures.pss_settled`.
    """
    with contextlib.ExitStack() as stack:

        def keep(process: Process) -> None:
            stack.callback(process.stop)
            process.wait_bound()

        lasting = int(_STARTED + (WARM + calls) / rate * 2 + settle)
        gateways = [
            Sipp(f"gateway{n}", GATEWAY, folder, _address(proto), calls=None, traced=False, lasting=lasting)
            for n in range(GATEWAYS)
        ]
        for gateway in gateways:
            keep(gateway)
        at = _address(proto)
        uris = (f"sip:{gateway.sockets[0].address};transport={proto}" for gateway in gateways)
        proxy = subject(folder, at, tuple(uris))
        keep(proxy)

        def call(name: str, count: int, pace: int) -> Sipp:
            caller = Sipp(
                name, CALLER, folder, _address(proto), to=at, calls=count, rate=pace, traced=False, lasting=lasting
            )
            keep(caller)
            caller.wait(lasting + 10.0)
            return caller

        warm = call("warm", WARM, min(rate, 100)).statistics()
        pss_before, cpu_before = usage.pss_kib(proxy.pid), usage.cpu_ns(proxy.pid)
        caller = call("caller", calls, rate).statistics()
        cpu, pss_after = usage.cpu_ns(proxy.pid) - cpu_before, usage.pss_kib(proxy.pid)
        pss_settled = None
        if settle:
            time.sleep(settle)
            pss_settled = usage.pss_kib(proxy.pid)
        counted = [warm, caller, *(gateway.end() for gateway in gateways)]
    return Figures(
        calls,
        calls - caller.successful,
        sum(one.retransmissions for one in counted),
        cpu / 1000 / max(1, caller.successful),
        pss_before,
        pss_after,
        pss_settled,
    )


def _address(proto: str) -> Socket:
    return Socket(proto, ports.free())
