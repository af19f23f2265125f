"""What live traffic tells, with real gateways: who refuses every call is left alone for a while, and comes back."""

from __future__ import annotations

import signal

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process
from dispatch.test.real.scenario import arrives, document, refuse, reply
from dispatch.test.real.sipp import Sipp
from dispatch.test.real.test_failover import CALLER, TAKES

CALLS = 40
REFUSES = document("refusing", arrives("INVITE"), refuse(503, "Busy"), arrives("ACK"))
LATER = document(
    "later", arrives("INVITE"), reply(503, "Busy", tag="t", headers=["Retry-After: 2"], again=True), arrives("ACK")
)


class EjectionTests(RealCase):
    ours_only = True

    def farm(self, refusing: str, **health: service.Value) -> tuple[Sipp, Process]:
        """A gateway that refuses and one that takes calls, in turn, and the service."""
        bad, good = self.gateway(refusing, "refusing", calls=None), self.gateway(TAKES, "good", calls=None)
        plan = service.Plan(
            (self.address(),),
            (self.uri(bad.sockets[0]), self.uri(good.sockets[0])),
            more={
                "health": {"slow_start": 0, "retry_after": health.pop("retry_after", 0)},
                "health.ejection": {"base_time": 2, **health},
            },
        )
        return bad, self.keep(service.start("proxy", self.folder, plan))

    def test_out_and_back(self) -> None:
        """A gateway that answers 503 to each call is asked a few times only, comes back mended, and no call is lost."""
        bad, proxy = self.farm(REFUSES, consecutive_failures=3)
        self.caller(CALLER, proxy.sockets[0], "first", calls=CALLS, rate=20).finish()
        proxy.wait_logged("failures in a row, the last: answered 503")
        self.assertLess(len(bad.received("INVITE")), CALLS / 2)
        bad.stop(signal.SIGKILL)
        mended = self.gateway(TAKES, "mended", at=bad.sockets[0], calls=None)
        proxy.wait_logged("returned, its ejection is over")
        self.caller(CALLER, proxy.sockets[0], "second", calls=CALLS, rate=20).finish()
        self.assertGreater(len(mended.received("INVITE")), 0)

    def test_retry_after(self) -> None:
        """One 503 with Retry-After is enough for as long as it says."""
        bad, proxy = self.farm(LATER, retry_after=60)
        self.caller(CALLER, proxy.sockets[0], "first", calls=20, rate=20).finish()
        self.assertLess(len(bad.received("INVITE")), 3)
        proxy.wait_logged("returned, its ejection is over")
