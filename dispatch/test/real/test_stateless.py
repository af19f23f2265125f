"""``relay = "stateless"``: nothing is remembered, and all of a call still goes the same way."""

from __future__ import annotations

from dispatch.test.real.case import RealCase
from dispatch.test.real.scenario import (
    CALLEE_TAG,
    accept,
    ack,
    ack_failure,
    arrives,
    back,
    cancel,
    document,
    inside,
    invite,
    late,
    pause,
    refuse,
    reply,
    request,
    response,
    ringing,
)
from dispatch.test.real.sipp import Sipp

CALLS = 30
HASH_OVER_CALL_ID = 0


class StatelessTests(RealCase):
    def calls(self, caller: tuple[str, ...], gateway: tuple[str, ...]) -> tuple[Sipp, list[Sipp]]:
        """Calls spread over three gateways by Call-ID."""
        called = [self.gateway(document("gateway", *gateway), f"gateway{n}", calls=None) for n in range(3)]
        proxy = self.proxy(*called, algorithm=HASH_OVER_CALL_ID, relay="stateless")
        calling = self.caller(document("caller", *caller), proxy.sockets[0], calls=CALLS)
        calling.finish()
        counted = [one.end() for one in called]
        self.assertEqual(sum(one.successful for one in counted), CALLS)
        self.assertEqual(sum(one.failed for one in counted), 0)
        return calling, called

    def assert_one_way(self, gateways: list[Sipp], *methods: str) -> None:
        """Each call was at one gateway, with all its requests, and every gateway had some."""
        homes: dict[bytes, Sipp] = {}
        for gateway in gateways:
            for method in methods:
                calls = [seen.value(b"Call-ID") for seen in gateway.received(method)]
                self.assertGreater(len(calls), 0)
                for call in calls:
                    self.assertIs(homes.setdefault(call, gateway), gateway)
        self.assertEqual(len(homes), CALLS)

    def test_call(self) -> None:
        """Whole calls go through; each stays at the gateway that its Call-ID stands for."""
        _, gateways = self.calls(
            (
                *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
                *(pause(30), inside("BYE", cseq=2), response(200)),
            ),
            (
                *(arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK")),
                *(arrives("BYE"), reply(200, "OK")),
            ),
        )
        self.assert_one_way(gateways, "INVITE", "ACK", "BYE")

    def test_the_callee_hangs_up(self) -> None:
        """A BYE of the callee reaches the caller by our Route."""
        self.calls(
            (
                *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
                *(arrives("BYE"), reply(200, "OK")),
            ),
            (
                *(arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK")),
                *(pause(30), back("BYE"), response(200)),
            ),
        )

    def test_cancel(self) -> None:
        """A CANCEL goes the way of its INVITE, and so does the ACK of the 487 (RFC 3261 §16.11)."""
        _, gateways = self.calls(
            (
                *(invite(), response(100, optional=True), response(180)),
                *(cancel(), response(200), response(487), ack_failure()),
            ),
            (
                *(arrives("INVITE"), ringing(), arrives("CANCEL"), reply(200, "OK")),
                *(late(487, "Request Terminated"), arrives("ACK")),
            ),
        )
        self.assert_one_way(gateways, "INVITE", "CANCEL", "ACK")
        for gateway in gateways:
            self.assert_same_branch(gateway, "INVITE", "CANCEL", "ACK")

    def test_busy(self) -> None:
        """The ACK of a 486 arrives at the gateway that gave it, in the transaction of the INVITE."""
        _, gateways = self.calls(
            (invite(), response(100, optional=True), response(486), ack_failure()),
            (arrives("INVITE"), refuse(486, "Busy Here"), arrives("ACK")),
        )
        self.assert_one_way(gateways, "INVITE", "ACK")
        for gateway in gateways:
            self.assert_same_branch(gateway, "INVITE", "ACK")

    def assert_same_branch(self, gateway: Sipp, *methods: str) -> None:
        """What belongs to one transaction has one top Via, call by call."""
        tops: dict[bytes, set[bytes]] = {}
        for method in methods:
            for seen in gateway.received(method):
                tops.setdefault(seen.value(b"Call-ID"), set()).add(seen.values(b"Via")[0])
        self.assertEqual({len(vias) for vias in tops.values()}, {1})

    def test_message(self) -> None:
        """A MESSAGE and its answer go through."""
        self.calls((request("MESSAGE"), response(200)), (arrives("MESSAGE"), reply(200, "OK", tag=CALLEE_TAG)))


class StatelessOverTcpTests(StatelessTests):
    proto = "tcp"
