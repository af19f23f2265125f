"""Destinations that refuse or are dead: the next one takes the call, and the caller sees one clean transaction."""

from __future__ import annotations

from unittest import SkipTest

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
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
)
from dispatch.test.real.sipp import Sipp

# Seconds until silence counts as failure here.
SOON = 1.0

CALLER = document(
    "caller",
    *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
    *(pause(30), inside("BYE", cseq=2), response(200)),
)
TAKES = document(
    "gateway", *(arrives("INVITE"), ringing(), accept(), arrives("ACK")), *(arrives("BYE"), reply(200, "OK"))
)


def fails(code: int, reason: str) -> str:
    return document("failing", arrives("INVITE"), refuse(code, reason), arrives("ACK"))


def gets(code: int) -> str:
    return document("caller", invite(), response(100, optional=True), response(code), ack_failure())


class FailoverTests(RealCase):
    def failing(self, code: int, reason: str, name: str = "failing") -> Sipp:
        """A gateway that refuses one call."""
        return self.gateway(fails(code, reason), name)

    def assert_clean(self, caller: Sipp, code: int) -> None:
        """The caller saw 100, one final answer under one tag, and nothing else."""
        self.assertEqual(caller.journey(), [">INVITE", "100", str(code), ">ACK"])
        self.assertEqual(len(caller.received(code)), 1)

    def test_busy(self) -> None:
        """486 is an answer, not a failure: it goes to the caller, and no other gateway is asked."""
        busy, other = self.failing(486, "Busy Here"), self.silent()
        proxy = self.proxy(busy, other.address)
        caller = self.caller(gets(486), proxy.sockets[0])
        caller.finish()
        busy.finish()
        self.assert_clean(caller, 486)
        self.assertFalse(other.heard())

    def test_unavailable(self) -> None:
        """After 503 the next gateway takes the call; the caller does not hear of the first."""
        failing, gateway = self.failing(503, "Service Unavailable"), self.gateway(TAKES)
        proxy = self.proxy(failing, gateway)
        caller = self.caller(CALLER, proxy.sockets[0])
        caller.finish()
        failing.finish()
        gateway.finish()
        self.assertEqual(caller.journey(), [">INVITE", "100", "180", "200", ">ACK", ">BYE", "200"])

    def test_we_acknowledge(self) -> None:
        """The 503 that we keep gets its ACK from us, within our own transaction (RFC 3261 §17.1.1.3)."""
        failing, gateway = self.failing(503, "Service Unavailable"), self.gateway(TAKES)
        proxy = self.proxy(failing, gateway)
        self.caller(CALLER, proxy.sockets[0]).finish()
        failing.finish()
        (ours,), (ack,) = failing.received("INVITE"), failing.received("ACK")
        self.assertEqual(ack.value(b"Via"), ours.values(b"Via")[0])
        self.assertEqual(ack.value(b"To"), failing.sent(503)[0].value(b"To"))
        self.assertNotEqual(gateway.received("INVITE")[0].values(b"Via")[0], ours.values(b"Via")[0])

    def test_silence(self) -> None:
        """A gateway that never answers is given up, and the next one takes the call."""
        silent, gateway = self.silent(), self.gateway(TAKES)
        proxy = self.proxy(silent.address, gateway, silence=SOON)
        caller = self.caller(CALLER, proxy.sockets[0])
        caller.finish()
        gateway.finish()
        self.assertTrue(silent.heard())
        self.assertEqual(caller.journey(), [">INVITE", "100", "180", "200", ">ACK", ">BYE", "200"])

    def test_nobody(self) -> None:
        """Where no process is, the next gateway takes the call."""
        if service.STAND_IN and self.proto == "tcp":
            raise SkipTest("Kamailio answers 477 by itself")
        gateway = self.gateway(TAKES)
        proxy = self.proxy(self.address(), gateway, silence=SOON)
        self.caller(CALLER, proxy.sockets[0]).finish()
        gateway.finish()

    def test_several_in_turn(self) -> None:
        """Two failures in a row still end at the gateway that works."""
        failing, silent, gateway = self.failing(500, "Server Error"), self.silent(), self.gateway(TAKES)
        proxy = self.proxy(failing, silent.address, gateway, silence=SOON)
        self.caller(CALLER, proxy.sockets[0]).finish()
        failing.finish()
        gateway.finish()

    def test_all_refuse(self) -> None:
        """When all said 503 the caller gets 500: we are not unavailable ourselves (§16.7 step 6)."""
        failing = [self.failing(503, "Service Unavailable", f"failing{number}") for number in range(3)]
        proxy = self.proxy(*failing)
        caller = self.caller(gets(500), proxy.sockets[0])
        caller.finish()
        for one in failing:
            one.finish()
        self.assert_clean(caller, 500)

    def test_all_silent(self) -> None:
        """When none ever answered the caller gets one 408 (§16.8)."""
        proxy = self.proxy(self.silent().address, self.silent().address, silence=SOON)
        caller = self.caller(gets(408), proxy.sockets[0])
        caller.finish()
        self.assert_clean(caller, 408)

    def test_message_after_refusal(self) -> None:
        """A non-INVITE fails over as well: after 503 the next gateway answers."""
        failing = self.gateway(document("failing", arrives("MESSAGE"), reply(503, "No", tag=CALLEE_TAG)), "failing")
        gateway = self.gateway(document("gateway", arrives("MESSAGE"), reply(200, "OK", tag=CALLEE_TAG)))
        proxy = self.proxy(failing, gateway)
        caller = self.caller(document("caller", request("MESSAGE"), response(200)), proxy.sockets[0])
        caller.finish()
        failing.finish()
        gateway.finish()
        self.assertEqual(caller.journey(), [">MESSAGE", "200"])

    def test_message_after_silence(self) -> None:
        """A non-INVITE that is not answered goes to the next gateway."""
        silent = self.silent()
        gateway = self.gateway(document("gateway", arrives("MESSAGE"), reply(200, "OK", tag=CALLEE_TAG)))
        proxy = self.proxy(silent.address, gateway, silence=SOON)
        self.caller(document("caller", request("MESSAGE"), response(200)), proxy.sockets[0]).finish()
        gateway.finish()
        self.assertTrue(silent.heard())


class FailoverOverTcpTests(FailoverTests):
    proto = "tcp"
