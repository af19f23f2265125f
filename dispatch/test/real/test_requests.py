"""Requests outside dialogs, and what the service answers by itself."""

from __future__ import annotations

from dispatch.test.real.case import RealCase
from dispatch.test.real.scenario import (
    CALLEE_TAG,
    ack_failure,
    arrives,
    cancel,
    document,
    invite,
    reply,
    request,
    response,
)


class RequestTests(RealCase):
    def dispatched(self, method: str, body: str = "") -> None:
        gateway = self.gateway(document("gateway", arrives(method), reply(200, "OK", tag=CALLEE_TAG)))
        proxy = self.proxy(gateway)
        caller = self.caller(document("caller", request(method, body=body), response(200)), proxy.sockets[0])
        caller.finish()
        gateway.finish()
        (received,) = gateway.received(method)
        self.assertEqual(received.value(b"Max-Forwards"), b"69")
        self.assertEqual(len(received.values(b"Via")), 2)
        self.assertEqual(received.body, caller.sent(method)[0].body)
        # No 100 for these over a short road (RFC 4320 §4.1).
        self.assertEqual(caller.journey(), [f">{method}", "200"])
        self.assertEqual(len(caller.received(200)[0].values(b"Via")), 1)

    def test_register(self) -> None:
        """REGISTER goes to a gateway, its answer to the caller."""
        self.dispatched("REGISTER")

    def test_options(self) -> None:
        """OPTIONS for somebody goes to a gateway, its answer to the caller."""
        self.dispatched("OPTIONS")

    def test_message(self) -> None:
        """MESSAGE goes to a gateway with its body, its answer to the caller."""
        self.dispatched("MESSAGE", body="good morning\n")

    def test_unknown_method(self) -> None:
        """A method that nobody knows is treated as any non-INVITE (RFC 3261 §16.3)."""
        self.dispatched("FROBNICATE")

    def answered(self, *steps: str) -> list[str]:
        """The messages of a caller whom no gateway is to hear."""
        gateway = self.silent()
        proxy = self.proxy(gateway.address)
        caller = self.caller(document("caller", *steps), proxy.sockets[0])
        caller.finish()
        self.assertFalse(gateway.heard())
        return caller.journey()

    def test_options_to_us(self) -> None:
        """OPTIONS to the service itself gets its 200 (§11.2)."""
        ours = request("OPTIONS", uri="sip:[remote_ip]:[remote_port]")
        self.assertEqual(self.answered(ours, response(200)), [">OPTIONS", "200"])

    def test_no_hop_left(self) -> None:
        """Max-Forwards 0 ends here with 483 (§16.3 step 3); an INVITE's ACK goes no further."""
        self.answered(invite(forwards=0), response(483), ack_failure())

    def test_no_hop_left_for_a_message(self) -> None:
        """Max-Forwards 0 ends here with 483, whatever the method."""
        self.answered(request("MESSAGE", forwards=0), response(483))

    def test_cancel_of_nothing(self) -> None:
        """CANCEL of a transaction that we don't have gets 481 (§9.2)."""
        self.assertEqual(self.answered(cancel(), response(481)), [">CANCEL", "481"])

    def test_a_route_is_no_order(self) -> None:
        """A preloaded Route does not make us a relay to elsewhere: the request is dispatched as any other."""
        elsewhere = self.silent()
        gateway = self.gateway(document("gateway", arrives("MESSAGE"), reply(200, "OK", tag=CALLEE_TAG)))
        proxy = self.proxy(gateway)
        route = f"Route: <sip:[remote_ip]:[remote_port];lr>, <sip:{elsewhere.address.address};lr>"
        steps = (request("MESSAGE", headers=[route]), response(200))
        self.caller(document("caller", *steps), proxy.sockets[0]).finish()
        self.assertEqual(gateway.received("MESSAGE")[0].values(b"Route"), [])
        self.assertFalse(elsewhere.heard())


class RequestsOverTcpTests(RequestTests):
    proto = "tcp"
