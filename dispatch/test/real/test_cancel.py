"""Calls that end before they are answered: CANCEL, hop by hop, and what crosses it."""

from __future__ import annotations

from dispatch.test.real.case import RealCase
from dispatch.test.real.scenario import (
    ack,
    ack_failure,
    arrives,
    cancel,
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

GETS_487 = (response(487), ack_failure())
GIVES_UP = (cancel(), response(200), *GETS_487)
STOPS = (arrives("CANCEL"), reply(200, "OK"), late(487, "Request Terminated"), arrives("ACK"))


class CancelTests(RealCase):
    def call(self, caller: tuple[str, ...], gateway: tuple[str, ...]) -> tuple[Sipp, Sipp]:
        called = self.gateway(document("gateway", *gateway))
        proxy = self.proxy(called)
        calling = self.caller(document("caller", *caller), proxy.sockets[0])
        calling.finish()
        called.finish()
        return calling, called

    def test_ringing(self) -> None:
        """A ringing call is cancelled: 200 for the CANCEL, 487 for the INVITE, its ACK (RFC 3261 §16.10)."""
        caller, gateway = self.call(
            (invite(), response(100, optional=True), response(180), *GIVES_UP), (arrives("INVITE"), ringing(), *STOPS)
        )
        self.assertEqual(caller.journey(), [">INVITE", "100", "180", ">CANCEL", "200", "487", ">ACK"])
        self.assertEqual(gateway.journey(), ["INVITE", ">180", "CANCEL", ">200", ">487", "ACK"])

    def test_hop_by_hop(self) -> None:
        """Our CANCEL and ACK to the gateway have one Via, that of our INVITE, and its Request-URI (§9.1, §17.1.1.3)."""
        _, gateway = self.call(
            (invite(), response(100, optional=True), response(180), *GIVES_UP), (arrives("INVITE"), ringing(), *STOPS)
        )
        (ours,) = gateway.received("INVITE")
        for method in ("CANCEL", "ACK"):
            (received,) = gateway.received(method)
            self.assertEqual(received.value(b"Via"), ours.values(b"Via")[0])
            self.assertEqual(received.uri, ours.uri)
            self.assertEqual(received.value(b"CSeq"), f"1 {method}".encode())
            self.assertEqual(received.value(b"From"), ours.value(b"From"))

    def test_before_any_answer(self) -> None:
        """A CANCEL waits until the gateway has given a provisional answer (§9.1)."""
        caller, gateway = self.call(
            (invite(), response(100), cancel(), response(200), response(180, optional=True), *GETS_487),
            (arrives("INVITE"), pause(250), ringing(), *STOPS),
        )
        self.assertEqual(caller.received(487)[0].value(b"CSeq"), b"1 INVITE")
        self.assertEqual(gateway.journey(), ["INVITE", ">180", "CANCEL", ">200", ">487", "ACK"])

    def test_too_late(self) -> None:
        """A 200 that crosses the CANCEL wins: the caller gets it, and hangs up."""
        caller, _ = self.call(
            (
                *(invite(), response(100, optional=True), response(180)),
                *(cancel(), response(200), response(200, routes=True), ack()),
                *(pause(30), inside("BYE", cseq=2), response(200)),
            ),
            (
                *(arrives("INVITE"), ringing(), arrives("CANCEL"), reply(200, "OK")),
                *(late(200, "OK"), arrives("ACK"), arrives("BYE"), reply(200, "OK")),
            ),
        )
        answers = [seen.value(b"CSeq") for seen in caller.received(200)]
        self.assertEqual(answers, [b"1 CANCEL", b"1 INVITE", b"2 BYE"])


class CancelOverTcpTests(CancelTests):
    proto = "tcp"
