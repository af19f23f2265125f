"""Calls from every kind of socket to every other: in by the one, out by the other, and requests inside both ways."""

from __future__ import annotations

import re
from typing import Final

from dispatch.test.real import service, tls_bridge
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Socket
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

# --- a call in which the caller changes something and the callee hangs up

_MADE: Final = (invite(), response(100, optional=True), response(180), response(200, routes=True), ack())
_TAKEN: Final = (arrives("INVITE"), ringing(), accept(), arrives("ACK"))
CALLER_CHANGES: Final = document(
    "caller",
    *_MADE,
    *(inside("INVITE", cseq=2, body=SDP), response(100, optional=True), response(200), ack(cseq=2)),
    *(arrives("BYE"), reply(200, "OK")),
)
CALLEE_ENDS: Final = document(
    "gateway",
    *_TAKEN,
    *(arrives("INVITE", again=True), accept(tag=None), arrives("ACK")),
    *(pause(20), back("BYE"), response(200)),
)

# --- and one in which the callee changes something and the caller hangs up

CALLER_ENDS: Final = document(
    "caller",
    *_MADE,
    *(arrives("INVITE", again=True), accept(tag=None), arrives("ACK")),
    *(pause(20), inside("BYE", cseq=2), response(200)),
)
CALLEE_CHANGES: Final = document(
    "gateway",
    *_TAKEN,
    *(pause(20), back("INVITE"), response(100, optional=True), response(200), back("ACK", again=False)),
    *(arrives("BYE"), reply(200, "OK")),
)

SIDES: Final = {
    "udp": ("udp", "127.0.0.1"),
    "tcp": ("tcp", "127.0.0.1"),
    "tls": ("tls", "127.0.0.1"),
    "udp6": ("udp", "::1"),
}
_ROUTE: Final = re.compile(rb"<sip:(?:[0-9a-f-]+@)?([^;>]+)(?:;transport=([a-z]+))?(;r2=on)?;lr;ds=[0-9a-f]{16}>")
_CALLS: Final = 3


class PairTests(RealCase):
    ours_only = True
    programs = ("sipp", "socat")

    def calls_to(self, side: str, caller: str, gateway: str) -> None:
        """A few calls from each kind of socket to a gateway on this one."""
        at = {name: self.address(proto, host) for name, (proto, host) in SIDES.items()}
        more = {"sip.tls": tls_bridge.sip_tls(self.folder / "certificates")}
        called, listed = self.called(side, gateway)
        self.keep(service.start("proxy", self.folder, service.Plan(tuple(at.values()), (listed,), more=more)))
        callers = {name: self.calling(name, caller, at[name]) for name in SIDES}
        for one in callers.values():
            one.finish()
        called.finish()
        for name, one in callers.items():
            self.in_the_way(one, at[name], at[side])
        for seen in called.messages():
            if not seen.sent:
                self.assertEqual(seen.values(b"Route"), [], seen.start_line)

    def called(self, side: str, scenario: str) -> tuple[Sipp, str]:
        """A gateway on that side, and what the list says of it."""
        calls = _CALLS * len(SIDES)
        if side != "tls":
            gateway = self.gateway(scenario, at=self.address(*SIDES[side]), calls=calls)
            return gateway, self.uri(gateway.sockets[0])
        at = self.address("tcp")
        gateway = self.gateway(tls_bridge.secured(scenario, at), at=self.address("tcp"), calls=calls)
        self.keep(tls_bridge.before(self.folder / "certificates", at, gateway.sockets[0]))
        return gateway, f"sip:{at.address};transport=tls tls_name={tls_bridge.GATEWAY}"

    def calling(self, side: str, scenario: str, proxy: Socket) -> Sipp:
        """A caller on that side."""
        name = f"caller-{side}"
        if side != "tls":
            return self.caller(scenario, proxy, name, calls=_CALLS)
        at = self.address("tcp")
        self.keep(tls_bridge.towards(self.folder / "certificates", at, proxy))
        return self.caller(tls_bridge.secured(scenario, at), at, name, calls=_CALLS)

    def in_the_way(self, caller: Sipp, inbound: Socket, outbound: Socket) -> None:
        """The route set names the socket of each side, or the one of both (RFC 5658); with TLS always both sides."""
        expected = [inbound] if inbound == outbound and inbound.proto != "tls" else [inbound, outbound]
        (*_, first) = (one for one in caller.received(200) if one.value(b"CSeq") == b"1 INVITE")
        found = _ROUTE.findall(b", ".join(first.values(b"Record-Route")))[::-1]
        self.assertEqual(
            [(where, transport) for where, transport, _ in found],
            [(one.address.encode(), b"" if one.proto == "udp" else one.proto.encode()) for one in expected],
        )
        self.assertEqual({bool(r2) for *_, r2 in found}, {len(expected) == 2})
        for seen in caller.messages():
            if not seen.sent:
                self.assertEqual(seen.values(b"Route"), [], seen.start_line)

    def test_to_udp(self) -> None:
        """Calls from each side reach a gateway on UDP, and what either end sends inside reaches the other."""
        self.calls_to("udp", CALLER_CHANGES, CALLEE_ENDS)

    def test_to_tcp(self) -> None:
        """The same to a gateway on TCP."""
        self.calls_to("tcp", CALLER_CHANGES, CALLEE_ENDS)

    def test_to_tls(self) -> None:
        """The same to a gateway on TLS, which proves its name, and asks for ours."""
        self.calls_to("tls", CALLER_CHANGES, CALLEE_ENDS)

    def test_to_udp6(self) -> None:
        """The same to a gateway on UDP over IPv6."""
        self.calls_to("udp6", CALLER_CHANGES, CALLEE_ENDS)

    def test_back_from_udp(self) -> None:
        """A gateway on UDP changes the call with each side, which ends it."""
        self.calls_to("udp", CALLER_ENDS, CALLEE_CHANGES)

    def test_back_from_tcp(self) -> None:
        """A gateway on TCP changes the call with each side, which ends it."""
        self.calls_to("tcp", CALLER_ENDS, CALLEE_CHANGES)

    def test_back_from_tls(self) -> None:
        """A gateway on TLS changes the call with each side, which ends it."""
        self.calls_to("tls", CALLER_ENDS, CALLEE_CHANGES)

    def test_back_from_udp6(self) -> None:
        """A gateway on UDP over IPv6 changes the call with each side, which ends it."""
        self.calls_to("udp6", CALLER_ENDS, CALLEE_CHANGES)
