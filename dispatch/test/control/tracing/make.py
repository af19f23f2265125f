"""Calls to follow, without a network."""

from __future__ import annotations

from dispatch.control.tracing.filter import Filter
from dispatch.control.tracing.sighting import Sighting
from dispatch.control.tracing.step import Step
from dispatch.control.tracing.trace import Trace
from dispatch.script.route import Decision
from dispatch.sip.flow import Flow
from dispatch.test.wire import FakeTransport, request, response_to

NOW = 1_800_000_000.25
UDP = FakeTransport()
CALLER = UDP.flow_to("192.0.2.9", 5060)
GATEWAY = UDP.flow_to("192.0.2.21", 5070)
INVITE = request()
ACK = request(b"ACK", to_tag=b"t1")
BYE = request(b"BYE", to_tag=b"t1", cseq=2)


def came(raw: bytes, flow: Flow = CALLER) -> Sighting:
    return Sighting(raw, flow, is_in=True)


def left(raw: bytes, flow: Flow = GATEWAY) -> Sighting:
    return Sighting(raw, flow, is_in=False)


def decision(destination: bytes = b"sip:192.0.2.21:5070", call_id: bytes = b"call-1", attempt: int = 1) -> Decision:
    return Decision(b"INVITE", call_id, destination, 1, attempt, "round-robin gave 0, index 0")


class Followed:
    """A trace, and what it told."""

    def __init__(self, wanted: Filter | None = None, *, share: int = 1, count: int = 0) -> None:
        self.steps: list[Step] = []
        self.ends = 0
        self.trace = Trace(wanted or Filter(), self.steps.append, share=share, count=count, over=self._over)

    def _over(self) -> None:
        self.ends += 1

    def see(self, *seen: Sighting) -> None:
        for one in seen:
            self.trace.saw(one, NOW)

    def call(self, call_id: bytes = b"call-1", invite: bytes = b"") -> None:
        """A whole call, from INVITE to the answer of its BYE."""
        invite = invite or request(call_id=call_id)
        ack, bye = (request(one, to_tag=b"t1", call_id=call_id, cseq=2) for one in (b"ACK", b"BYE"))
        self.see(came(invite))
        self.trace.decided(decision(call_id=call_id), NOW)
        self.see(left(response_to(invite, 100), CALLER), left(invite), came(response_to(invite, 200), GATEWAY))
        self.see(left(response_to(invite, 200), CALLER), came(ack), left(ack), came(bye), left(bye))
        self.see(came(response_to(bye, 200), GATEWAY), left(response_to(bye, 200), CALLER))

    def told(self) -> list[str]:
        """Each step in a word or two, since the last time."""
        words = [f"{one.call} {'>' if one.is_in != one.is_callee else '<'} {one.text}" for one in self.steps]
        words = [
            word if one.kind == "message" else f"{one.call} {one.kind}"
            for one, word in zip(self.steps, words, strict=True)
        ]
        self.steps.clear()
        return words
