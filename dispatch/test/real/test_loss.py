"""Calls over a bad road: what is lost is sent again, by whoever has to, and no call fails."""

from __future__ import annotations

from dispatch.test.real.case import RealCase
from dispatch.test.real.lossy import LossyRelay
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import (
    CALLEE_TAG,
    accept,
    ack,
    ack_failure,
    arrives,
    document,
    inside,
    invite,
    pause,
    refuse,
    reply,
    request,
    response,
    ringing,
    stay,
)
from dispatch.test.real.sipp import Sipp

# The answers are to come back over the relay (RFC 3581).
RPORT = ";rport"
CALLS = 100


class LossTests(RealCase):
    def road(self, to: Socket | Process, seed: int) -> LossyRelay:
        """A bad road that ends at `to`."""
        relay = LossyRelay(self.address(), to if isinstance(to, Socket) else to.sockets[0], seed=seed)
        relay.start()
        self.addCleanup(relay.stop)
        return relay

    def calls(self, caller: str, gateway: str, count: int = CALLS) -> tuple[Sipp, Sipp]:
        """Calls from a caller to a gateway, each behind its bad road."""
        behind = self.address()
        second = self.road(behind, seed=20)
        # In the dialog the gateway is to be found over the road, too.
        keys = ("-key", "reached_at", second.at.address)
        called = self.gateway(gateway, at=behind, calls=count, patient=True, extra=keys)
        proxy = self.proxy(second.at)
        first = self.road(proxy, seed=10)
        calling = self.caller(caller, first.at, calls=count, patient=True)
        calling.finish()
        called.finish()
        for relay in (first, second):
            self.assertGreater(relay.lost, 0)
            self.assertGreater(relay.late, 0)
        return calling, called

    def test_calls(self) -> None:
        """With 5% lost and 5% overtaken on both sides every call is set up and ended, at one gateway, once."""
        caller, gateway = self.calls(
            document(
                "caller",
                *(invite(via=RPORT, transaction="set-up"), response(100, optional=True, transaction="set-up")),
                response(180, optional=True, transaction="set-up"),
                *(response(200, routes=True, transaction="set-up"), ack(via=RPORT, transaction="set-up"), pause(200)),
                *(inside("BYE", cseq=2, via=RPORT, transaction="end"), response(200, transaction="end")),
            ),
            document(
                "gateway",
                *(arrives("INVITE"), ringing(), pause(20), accept(contact="[reached_at]")),
                *(arrives("ACK", optional=True), arrives("BYE"), reply(200, "OK"), stay(5000)),
            ),
        )
        self.assertEqual(gateway.statistics().created, CALLS)
        self.assertGreater(caller.statistics().retransmissions + gateway.statistics().retransmissions, 0)

    def test_refusals(self) -> None:
        """A refusal gets through as well, and is acknowledged on each side."""
        self.calls(
            document(
                "caller",
                *(invite(via=RPORT, transaction="set-up"), response(100, optional=True, transaction="set-up")),
                *(response(486, transaction="set-up"), ack_failure(via=RPORT, transaction="set-up")),
                stay(2000),
            ),
            document("gateway", arrives("INVITE"), refuse(486, "Busy Here"), arrives("ACK")),
        )

    def test_messages(self) -> None:
        """Every MESSAGE is answered, and the gateway sees each as one transaction."""
        self.calls(
            document("caller", request("MESSAGE", via=RPORT), response(200)),
            document("gateway", arrives("MESSAGE"), reply(200, "OK", tag=CALLEE_TAG), stay(5000)),
        )
