"""Answers out of the ordinary: several dialogs of one INVITE, late ones, and repeated ones."""

from __future__ import annotations

from dispatch.test.real.case import RealCase
from dispatch.test.real.scenario import (
    CALLEE_TAG,
    accept,
    ack,
    arrives,
    document,
    inside,
    invite,
    late,
    pause,
    reply,
    response,
    ringing,
)
from dispatch.test.real.sipp import Sipp

ONE, TWO = f"{CALLEE_TAG}one", f"{CALLEE_TAG}two"
HANGS_UP = (pause(30), inside("BYE", cseq=2), response(200))
ENDS = (arrives("BYE"), reply(200, "OK"))


class AnswerTests(RealCase):
    def call(self, caller: tuple[str, ...], gateway: tuple[str, ...]) -> tuple[Sipp, Sipp]:
        called = self.gateway(document("gateway", *gateway))
        proxy = self.proxy(called)
        calling = self.caller(document("caller", *caller), proxy.sockets[0])
        calling.finish()
        called.finish()
        return calling, called

    def test_forked_provisionals(self) -> None:
        """180 of two callees and a 183 after them all reach the caller, in order, each under its tag."""
        caller, gateway = self.call(
            (
                *(invite(), response(100, optional=True), response(180), response(180), response(183)),
                *(response(200, routes=True), ack(), *HANGS_UP),
            ),
            (
                *(arrives("INVITE"), ringing(ONE), ringing(TWO), ringing(ONE, 183, "Session Progress"), pause(20)),
                *(accept(TWO), arrives("ACK"), *ENDS),
            ),
        )
        for kind in (180, 183, 200):
            sent, received = gateway.sent(kind), caller.received(kind)
            self.assertEqual([seen.value(b"To") for seen in received], [seen.value(b"To") for seen in sent])
        self.assertEqual(caller.journey()[:6], [">INVITE", "100", "180", "180", "183", "200"])

    def test_forked_answers(self) -> None:
        """Two 200 under two tags both reach the caller, whatever comes between (RFC 3261 §16.7 step 5)."""
        caller, gateway = self.call(
            (
                *(invite(), response(100, optional=True), response(180), response(180)),
                *(response(200, routes=True), ack(branch="ack1")),
                *(response(200, routes=True), ack(branch="ack2"), *HANGS_UP),
            ),
            (
                *(arrives("INVITE"), ringing(ONE), ringing(TWO), pause(20)),
                *(reply(200, "OK", tag=ONE), arrives("ACK")),
                *(late(200, "OK", TWO), arrives("ACK"), *ENDS),
            ),
        )
        answers = [seen for seen in caller.received(200) if seen.value(b"CSeq") == b"1 INVITE"]
        self.assertEqual(len({seen.tag for seen in answers}), 2)
        self.assertEqual({seen.tag for seen in gateway.received("ACK")}, {seen.tag for seen in answers})

    def test_provisional_after_the_answer(self) -> None:
        """A 180 that comes after the 200 is not passed on (RFC 6026 §8.1)."""
        caller, _ = self.call(
            (
                *(invite(), response(100, optional=True), response(200, routes=True)),
                *(pause(100), ack(), *HANGS_UP),
            ),
            (arrives("INVITE"), reply(200, "OK", tag=CALLEE_TAG), ringing(), arrives("ACK"), *ENDS),
        )
        self.assertNotIn("180", caller.journey())


class AnswersOverTcpTests(AnswerTests):
    proto = "tcp"


class RepeatedAnswerTests(RealCase):
    def test_lost_ack(self) -> None:
        """The gateway repeats its 200 until the ACK is there, and each copy reaches the caller (RFC 6026 §7.1)."""
        gateway = self.gateway(document("gateway", arrives("INVITE"), ringing(), accept(), arrives("ACK"), *ENDS))
        proxy = self.proxy(gateway)
        steps = (invite(), response(100, optional=True), response(180), response(200, routes=True))
        caller = self.caller(document("caller", *steps, pause(1800), ack(), *HANGS_UP), proxy.sockets[0])
        caller.finish()
        gateway.finish()
        repeated = [seen for seen in gateway.sent(200) if seen.value(b"CSeq") == b"1 INVITE"]
        received = [seen for seen in caller.received(200) if seen.value(b"CSeq") == b"1 INVITE"]
        self.assertGreaterEqual(len(repeated), 2)
        self.assertEqual(len(received), len(repeated))
        self.assertEqual(len(gateway.received("INVITE")), 1)
        self.assertEqual(len(gateway.received("ACK")), 1)
