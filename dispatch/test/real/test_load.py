"""Many calls at once, evenly spread."""

from __future__ import annotations

from dispatch.test.real.case import RealCase
from dispatch.test.real.scenario import accept, ack, arrives, document, inside, invite, pause, reply, response, ringing

CALLS, RATE, GATEWAYS = 600, 200, 3

CALLER = document(
    "caller",
    *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
    *(pause(50), inside("BYE", cseq=2), response(200)),
)
GATEWAY = document(
    "gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK")
)


class LoadTests(RealCase):
    def test_evenly_spread(self) -> None:
        """600 calls at 200 a second: none fails, at most two messages are repeated, each gateway gets 200."""
        each = CALLS // GATEWAYS
        gateways = [self.gateway(GATEWAY, f"gateway{n}", calls=each, traced=False) for n in range(GATEWAYS)]
        proxy = self.proxy(*gateways)
        caller = self.caller(CALLER, proxy.sockets[0], calls=CALLS, rate=RATE, traced=False)
        counted = [one.finish() for one in (caller, *gateways)]
        self.assertEqual([one.successful for one in counted], [CALLS] + [each] * GATEWAYS)
        self.assertEqual([one.failed for one in counted], [0] * (GATEWAYS + 1))
        self.assertLessEqual(sum(one.retransmissions for one in counted), 2)


class LoadOverTcpTests(LoadTests):
    proto = "tcp"
