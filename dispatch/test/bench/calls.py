"""``python -m dispatch.test.bench.calls``: whole calls through the engine without a socket, in microseconds.

For before and after: run it on both, in turn, and compare the best figures. What a peer does to make the next message
is not counted.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tracemalloc
from time import perf_counter_ns
from typing import Any, Final

from dispatch.service.health_config import HealthConfig
from dispatch.service.route_config import RouteConfig
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import header

CALLER: Final = ("192.0.2.9", 5060)
_GATEWAYS: Final = 3
_TICK: Final = 0.05
_SDP: Final = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    b"m=audio 9000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
KINDS: Final = ("INVITE", "180", "200 INVITE", "ACK", "BYE", "200 BYE", "timers")


class Bench:
    """Calls over a fake network; time is added up by kind of message.

    Args:
        relay: ``stateful`` or ``stateless``.
        joined: gateways put all Vias into one line, as SIPp does.
        statistics: what becomes of each is counted.
    """

    def __init__(self, relay: str, *, joined: bool = False, statistics: bool = False) -> None:
        algorithm = 0 if relay == "stateless" else 4
        health = HealthConfig(statistics=statistics)
        self.farm = Farm(route=RouteConfig(relay=relay, algorithm=algorithm), health=health)
        self.joined = joined
        self.spent = dict.fromkeys(KINDS, 0)
        self._made = 0

    def call(self) -> None:
        """INVITE, 180, 200, ACK, BYE, 200."""
        invite, gateway, call = self.start_call()
        for status in (180, 200):
            answer = self._answer(invite, status)
            self._receive("180" if status == 180 else "200 INVITE", answer, gateway)
        routes = header(answer, b"Record-Route")
        self._receive("ACK", self._request(b"ACK", call, 1, routes), CALLER)
        sent = self._receive("BYE", self._request(b"BYE", call, 2, routes), CALLER)
        self._receive("200 BYE", self._answer(sent[0][0], 200), sent[0][1])

    def start_call(self) -> tuple[bytes, tuple[str, int], int]:
        """An INVITE; what the gateway got, which gateway, and the number of the call."""
        self._made += 1
        sent = self._receive("INVITE", self._request(b"INVITE", self._made, 1, [], _SDP), CALLER)
        invite, gateway = sent[-1]
        return invite, gateway, self._made

    def pass_time(self, seconds: float) -> None:
        """Let the timers run."""
        ticks = round(seconds / _TICK)
        start = perf_counter_ns()
        self.farm.clock.pump([_TICK] * ticks)
        self.spent["timers"] += perf_counter_ns() - start
        self.farm.net.take()

    def _receive(self, kind: str, data: bytes, source: tuple[str, int]) -> list[tuple[bytes, tuple[str, int]]]:
        flow = self.farm.net.flow_to(*source)
        received = self.farm.engine.received
        start = perf_counter_ns()
        received(data, flow)
        self.spent[kind] += perf_counter_ns() - start
        sent = self.farm.net.take()
        assert sent, f"{kind} went nowhere"
        return sent

    def _request(self, method: bytes, call: int, cseq: int, routes: list[bytes], body: bytes = b"") -> bytes:
        uri = b"sip:gateway@192.0.2.71:5071" if routes else b"sip:service@192.0.2.1:5060"
        return b"\r\n".join(
            [
                b"%b %b SIP/2.0" % (method, uri),
                b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-%d-%d%b" % (call, cseq, method),
                *(b"Route: %b" % route for route in routes),
                b'From: "caller" <sip:caller%d@192.0.2.9:5060>;tag=c%d' % (call, call),
                b"To: <sip:service@192.0.2.1:5060>" + (b";tag=u%d" % call if routes else b""),
                b"Call-ID: %d-4711@192.0.2.9" % call,
                b"CSeq: %d %b" % (cseq, method),
                b"Contact: <sip:caller@192.0.2.9:5060>",
                b"Max-Forwards: 70",
                *([b"Subject: a call", b"Content-Type: application/sdp"] if body else []),
                b"Content-Length:   %d" % len(body),  # as SIPp writes it
                b"",
                body,
            ]
        )

    def _answer(self, request: bytes, status: int) -> bytes:
        vias = header(request, b"Via")
        call = header(request, b"Call-ID")[0]
        to = header(request, b"To")[0]
        tag = b"" if b";tag=" in to else b";tag=u" + call.partition(b"-")[0]
        body = _SDP if status == 200 and request.startswith(b"INVITE") else b""
        return b"\r\n".join(
            [
                b"SIP/2.0 %d Whatever" % status,
                *([b"Via: " + b", ".join(vias)] if self.joined else [b"Via: " + via for via in vias]),
                *(b"Record-Route: " + route for route in header(request, b"Record-Route")),
                b"From: " + header(request, b"From")[0],
                b"To: " + to + tag,
                b"Call-ID: " + call,
                b"CSeq: " + header(request, b"CSeq")[0],
                b"Contact: <sip:gateway@192.0.2.71:5071>",
                *([b"Content-Type: application/sdp"] if body else []),
                b"Content-Length:   %d" % len(body),  # as SIPp writes it
                b"",
                body,
            ]
        )


def time_calls(relay: str, calls: int, *, joined: bool, statistics: bool = False) -> dict[str, float]:
    """Microseconds per call, by kind of message; 800 calls go by in a second."""
    bench = Bench(relay, joined=joined, statistics=statistics)
    for _ in range(200):
        bench.call()
    bench.spent = dict.fromkeys(KINDS, 0)
    gc.collect()
    gc.freeze()
    for number in range(calls):
        bench.call()
        if number % 40 == 0:
            bench.pass_time(_TICK)
    gc.unfreeze()
    each = {kind: round(spent / calls / 1000, 2) for kind, spent in bench.spent.items()}
    return {**each, "call": round(sum(bench.spent.values()) / calls / 1000, 2)}


def weigh_calls(calls: int) -> dict[str, float]:
    """Bytes per call that rings (two transactions), and what is left of each when all its timers are over.

    Dictionaries keep the size that they once had, so the same calls are made once before anything is weighed.
    """
    bench = Bench("stateful")
    tracemalloc.start()
    _ring_and_end(bench, calls)
    before, _ = tracemalloc.get_traced_memory()
    during, size = _ring_and_end(bench, calls)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "bytes per ringing call": round((during - before) / calls),
        "its INVITE as sent": round(size / calls),
        "bytes left per ended call": round((after - before) / (2 * calls), 1),
        "transactions left": bench.farm.engine.open_transactions,
    }


def _ring_and_end(bench: Bench, calls: int) -> tuple[int, int]:
    """Calls that ring for ever, as many that end, and time; memory while the first ring, and what they had to send."""
    size = sum(sys.getsizeof(bench.start_call()[0]) for _ in range(calls))
    gc.collect()
    during = tracemalloc.get_traced_memory()[0]
    for _ in range(calls):
        bench.call()
    bench.pass_time(Timers().fr_timer + Timers().fr_inv_timer + 64 * Timers().t1 + 10)
    gc.collect()
    return during, size


def main() -> int:
    """Print the best of some runs as JSON."""
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.bench.calls", description=__doc__)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-memory", dest="memory", action="store_false")
    parser.add_argument("--statistics", action="store_true", help="with [health] statistics")
    options = parser.parse_args()
    out: dict[str, Any] = {}
    for relay in ("stateful", "stateless"):
        for joined in (False, True):
            runs = [
                time_calls(relay, options.calls, joined=joined, statistics=options.statistics)
                for _ in range(options.runs)
            ]
            name = f"{relay}, Vias in one line" if joined else relay
            out[name] = min(runs, key=lambda run: run["call"])
    if options.memory:
        out["memory"] = weigh_calls(options.calls)
    print(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
