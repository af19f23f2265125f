"""Whole calls through the service: all seven messages, what it changes of them, and what else happens in a dialog."""

from __future__ import annotations

from typing import Final

from dispatch.test.real.case import RealCase
from dispatch.test.real.scenario import (
    SDP,
    accept,
    ack,
    arrives,
    back,
    document,
    inside,
    invite,
    pause,
    reply,
    response,
    ringing,
)
from dispatch.test.real.sipp import Sipp

# Nothing here is known to a proxy; all of it goes through as it is.
ODD: Final = ['X-Odd_Name.1:   two  blanks ;a="b,c" , <d>', "x-lower:", "P-Long-Thing: \t%41\\ (comment)"]

SETUP: Final = (response(100, optional=True), response(180), response(200, routes=True), ack())
CALLER: Final = document("caller", invite(headers=ODD), *SETUP, pause(30), inside("BYE", cseq=2), response(200))
GATEWAY: Final = document(
    "gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK")
)


class CallTests(RealCase):
    def call(self, caller: str, gateway: str) -> tuple[Sipp, Sipp]:
        """One call from start to end; what both ends saw."""
        called = self.gateway(gateway)
        proxy = self.proxy(called)
        calling = self.caller(caller, proxy.sockets[0])
        calling.finish()
        called.finish()
        return calling, called

    def test_seven_messages(self) -> None:
        """INVITE, 180, 200, ACK, BYE and its 200 go through in order, each once; the caller gets 100 from us."""
        caller, gateway = self.call(CALLER, GATEWAY)
        self.assertEqual(caller.journey(), [">INVITE", "100", "180", "200", ">ACK", ">BYE", "200"])
        self.assertEqual(gateway.journey(), ["INVITE", ">180", ">200", "ACK", "BYE", ">200"])
        self.assertEqual(len(caller.messages()), 7)
        self.assertEqual(len(gateway.messages()), 6)

    def test_one_more_hop(self) -> None:
        """Each request arrives with one more Via, ours on top, and Max-Forwards 69 (RFC 3261 §16.6)."""
        caller, gateway = self.call(CALLER, GATEWAY)
        for method in ("INVITE", "ACK", "BYE"):
            (sent,), (received,) = caller.sent(method), gateway.received(method)
            self.assertEqual(received.value(b"Max-Forwards"), b"69")
            ours, theirs = received.values(b"Via")
            self.assertEqual(theirs, sent.value(b"Via"))
            transport, _, rest = ours.partition(b" ")
            self.assertEqual(transport, f"SIP/2.0/{self.proto.upper()}".encode())
            self.assertTrue(rest.startswith(self.started[1].sockets[0].address.encode() + b";"), rest)
            self.assertIn(b";branch=z9hG4bK", rest)

    def test_each_hop_has_its_branch(self) -> None:
        """INVITE, ACK for 2xx and BYE are three transactions, each with a branch of its own (§8.1.1.7)."""
        _, gateway = self.call(CALLER, GATEWAY)
        tops = [gateway.received(method)[0].values(b"Via")[0] for method in ("INVITE", "ACK", "BYE")]
        self.assertEqual(len({top.partition(b";branch=")[2] for top in tops}), 3)

    def test_responses_lose_our_via(self) -> None:
        """The caller gets each response with its own Via only, and without a change elsewhere (§16.7 step 3)."""
        caller, gateway = self.call(CALLER, GATEWAY)
        for kind in (180, 200):
            for sent, received in zip(gateway.sent(kind), caller.received(kind), strict=True):
                self.assertEqual(len(received.values(b"Via")), 1)
                self.assertEqual(received.start_line, sent.start_line)
                self.assertEqual(received.body, sent.body)
                kept = [line for line in sent.lines if not line.startswith(b"Via:")]
                self.assertEqual([line for line in received.lines if not line.startswith(b"Via:")], kept)

    def test_stays_in_the_route(self) -> None:
        """The 200 shows our Record-Route with lr; what follows comes with our Route and leaves without it (§16.4)."""
        caller, gateway = self.call(CALLER, GATEWAY)
        ours = caller.received(200)[0].value(b"Record-Route")
        self.assertIn(self.started[1].sockets[0].address.encode(), ours)
        self.assertIn(b";lr", ours)
        self.assertEqual(gateway.received("INVITE")[0].value(b"Record-Route"), ours)
        for method in ("ACK", "BYE"):
            self.assertEqual(caller.sent(method)[0].value(b"Route"), ours)
            self.assertEqual(gateway.received(method)[0].values(b"Route"), [])
            self.assertEqual(gateway.received(method)[0].uri, caller.sent(method)[0].uri)

    def test_the_rest_is_untouched(self) -> None:
        """All other header lines and the body arrive byte for byte, in their order."""
        caller, gateway = self.call(CALLER, GATEWAY)
        (sent,), (received,) = caller.sent("INVITE"), gateway.received("INVITE")
        changed = (b"Via:", b"Record-Route:", b"Max-Forwards:")
        for odd in ODD:
            self.assertIn(odd.encode(), received.lines)
        self.assertEqual(
            [line for line in received.lines if not line.startswith(changed)],
            [line for line in sent.lines if not line.startswith(changed)],
        )
        self.assertEqual(received.body, sent.body)
        self.assertEqual(received.start_line, sent.start_line)

    def test_changes_of_the_dialog(self) -> None:
        """UPDATE and re-INVITE with its ACK follow the route to the same gateway."""
        update, again = inside("UPDATE", cseq=2, body=SDP), inside("INVITE", cseq=3, body=SDP)
        caller, gateway = self.call(
            document(
                "caller",
                *(invite(), *SETUP),
                *(update, response(200)),
                *(again, response(100, optional=True), response(200), ack(cseq=3)),
                *(pause(30), inside("BYE", cseq=4), response(200)),
            ),
            document(
                "gateway",
                *(arrives("INVITE"), ringing(), accept(), arrives("ACK")),
                *(arrives("UPDATE"), reply(200, "OK", body=SDP)),
                *(arrives("INVITE"), accept(tag=None), arrives("ACK")),
                *(arrives("BYE"), reply(200, "OK")),
            ),
        )
        for seen in gateway.messages():
            if not seen.sent:
                self.assertEqual(seen.values(b"Route"), [], seen.start_line)
                self.assertEqual(seen.value(b"Max-Forwards"), b"69")
        self.assertEqual(caller.journey()[-2:], [">BYE", "200"])

    def test_the_callee_hangs_up(self) -> None:
        """A BYE of the callee goes to the caller by our Route, without it from there on."""
        caller, gateway = self.call(
            document("caller", invite(), *SETUP, arrives("BYE"), reply(200, "OK")),
            document(
                "gateway",
                *(arrives("INVITE"), ringing(), accept(), arrives("ACK")),
                *(pause(30), back("BYE"), response(200)),
            ),
        )
        (bye,) = caller.received("BYE")
        self.assertEqual(len(bye.values(b"Via")), 2)
        self.assertEqual(bye.values(b"Route"), [])
        self.assertEqual(bye.value(b"Max-Forwards"), b"69")
        self.assertEqual(len(gateway.received(200)[0].values(b"Via")), 1)


class CallOverTcpTests(CallTests):
    proto = "tcp"
