"""Who is believed at the other end of TLS, by real sockets and real certificates (RFC 5922)."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import cast

from twisted.internet import reactor as real_reactor
from twisted.internet.threads import deferToThread

from dispatch.cli.tls_demo.authority import Issued
from dispatch.service.tls_config import Pair, Tls
from dispatch.sip.flow import Flow, Peer
from dispatch.test.real.test_transport import Inbox, LoopbackCase, message
from dispatch.test.transport.certificates import authority, stranger
from dispatch.test.transport.fakes import FewLimits
from dispatch.transport.interfaces import IReactor
from dispatch.transport.stream import StreamTransport
from dispatch.transport.tls import TlsLayer, judge
from dispatch.transport.tls_context import Contexts

reactor = cast(IReactor, real_reactor)

GATEWAY = Peer("gw.example")


class TlsCase(LoopbackCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir(parents=True)
        (self.folder / "ca.pem").write_bytes(authority().own.pem)
        self.refusals: list[tuple[Flow, str]] = []

    def side(
        self,
        inbox: Inbox,
        issued: Issued,
        *,
        asks: bool = False,
        names: dict[str, Issued] | None = None,
        message_time: float = 30.0,
    ) -> StreamTransport:
        """A transport that has this certificate."""
        number = len(list(self.folder.iterdir()))
        tls = Tls(
            issued.write(self.folder, f"{number}"),
            self.folder / f"{number}.key",
            self.folder / "ca.pem",
            names={
                name: Pair(one.write(self.folder, f"{number}-{name}"), self.folder / f"{number}-{name}.key")
                for name, one in (names or {}).items()
            },
        )
        layer = TlsLayer(Contexts(tls, judge), asks=asks, clock=reactor)
        layer.refused = lambda flow, reason: self.refusals.append((flow, reason))
        limits = FewLimits(message=100_000, message_time=message_time)
        transport = StreamTransport("127.0.0.1", 0, inbox, limits, layer=layer)
        transport.bind()
        transport.start(reactor)
        self.addCleanup(transport.stop)
        return transport

    async def call(
        self,
        issued: Issued,
        peer: Peer | None = GATEWAY,
        *,
        ours: Issued | None = None,
        asks: bool = False,
        names: dict[str, Issued] | None = None,
    ) -> str:
        """Send to a gateway that has this certificate; why that failed, empty where it arrived and was answered."""
        here, there = Inbox(), Inbox(echo=True)
        gateway = self.side(there, issued, asks=asks, names=names)
        caller = self.side(here, ours or authority().issue("caller.example", names=["caller.example"]))
        flow = caller.flow_to("127.0.0.1", gateway.listener.port, peer)
        caller.send(message(1), flow)
        await here.all(1)
        if here.messages:
            self.assertEqual((there.messages, self.refusals), ([message(1)], []))
            return ""
        self.assertEqual(there.messages, [], "it got what was not for it")
        (failed, reason) = here.failures[0]
        self.assertIs(failed, flow)
        return reason.partition(": ")[2]


class IdentityTests(TlsCase):
    async def test_right_name(self) -> None:
        """A certificate for the domain, by URI or by DNS name, is believed, and the message arrives (§7.1)."""
        self.assertEqual(await self.call(authority().issue("x", uris=["sip:gw.example"])), "")
        self.assertEqual(await self.call(authority().issue("x", names=["GW.example"])), "")
        self.assertEqual(await self.call(authority().issue("gw.example")), "")

    async def refused(self, issued: Issued, *words: str, peer: Peer | None = GATEWAY) -> None:
        reason = await self.call(issued, peer)
        for word in ("tls_identity", *words):
            self.assertIn(word, reason)
        self.assertEqual([reason for _, reason in self.refusals], [reason])

    async def test_wrong_name(self) -> None:
        """A certificate for another domain is refused, and what was sent never leaves."""
        await self.refused(
            authority().issue("gw.example", names=["other.example"]), "other.example, not for gw.example"
        )

    async def test_uri_before_dns(self) -> None:
        """A DNS name does not count beside a sip: URI (§7.1)."""
        issued = authority().issue("x", uris=["sip:other.example"], names=["gw.example"])
        await self.refused(issued, "other.example, not for gw.example")

    async def test_wildcard(self) -> None:
        """An asterisk covers nothing (§7.2)."""
        await self.refused(authority().issue("x", names=["*.example"]), "*.example, not for gw.example")

    async def test_address(self) -> None:
        """Where no name is known, nobody is believed."""
        await self.refused(authority().issue("127.0.0.1"), "tls_name", peer=Peer(""))

    async def test_nobody_said_who(self) -> None:
        """A flow without any expectation is refused too."""
        await self.refused(authority().issue("gw.example"), "tls_name", peer=None)

    async def test_expired(self) -> None:
        """A certificate that is over is refused."""
        await self.refused(authority().issue("gw.example", lasts=timedelta(days=-1)), "expired")

    async def test_self_signed(self) -> None:
        """A certificate that only vouches for itself is refused."""
        await self.refused(authority().issue("gw.example", is_self_signed=True), "signed by itself")

    async def test_other_authority(self) -> None:
        """A certificate of an authority that is not ours is refused."""
        await self.refused(stranger().issue("gw.example"), "an authority that is not trusted")

    async def test_not_verified(self) -> None:
        """Where verification is off, anybody will do."""
        self.assertEqual(await self.call(stranger().issue("other.example"), Peer("gw.example", False)), "")
        self.assertEqual(await self.call(stranger().issue("other.example"), Peer("", False)), "")

    async def test_sni(self) -> None:
        """We say whom we mean (SNI), and who has several certificates shows that one; without, the first."""
        other, gateway = authority().issue("other.example"), authority().issue("gw.example")
        self.assertEqual(await self.call(other, names={"gw.example": gateway}), "")
        await self.refused(other, "no name is known", peer=Peer(""))

    async def test_several_domains_at_one_address(self) -> None:
        """Two domains behind one address are two connections: what is for one never goes by that of the other."""
        here, there = Inbox(), Inbox(echo=True)
        gateway = self.side(there, authority().issue("a.example"), names={"b.example": authority().issue("b.example")})
        caller = self.side(here, authority().issue("caller.example"))
        flows = [caller.flow_to("127.0.0.1", gateway.listener.port, Peer(name)) for name in ("a.example", "b.example")]
        for number, flow in enumerate(flows):
            caller.send(message(number), flow)
        await here.all(2)
        self.assertEqual(len({id(flow) for flow in there.flows}), 2)


class ClientTests(TlsCase):
    async def test_shown(self) -> None:
        """Asked for our certificate we show it, and are let in."""
        self.assertEqual(await self.call(authority().issue("gw.example"), asks=True), "")

    async def test_not_trusted(self) -> None:
        """A caller whose certificate is not of the authority is let go before anything is read, and hears why."""
        reason = await self.call(authority().issue("gw.example"), ours=stranger().issue("caller.example"), asks=True)
        self.assertIn("alert", reason)
        self.assertEqual(self.refusals, [])


class ManyTests(TlsCase):
    async def test_much_at_once(self) -> None:
        """Messages of any size go both ways in order, from before the handshake on."""
        here, there = Inbox(), Inbox(echo=True)
        gateway = self.side(there, authority().issue("gw.example"))
        caller = self.side(here, authority().issue("caller.example"))
        flow = caller.flow_to("127.0.0.1", gateway.listener.port, GATEWAY)
        sent = [message(number, number * 200) for number in range(80)]
        for one in sent:
            caller.send(one, flow)
        await here.all(len(sent))
        self.assertEqual(there.messages, sent)
        self.assertEqual(here.messages, sent)

    async def test_handshakes_that_stall(self) -> None:
        """Who lets the handshake wait is cut, whether he called us or was called, and who waits for him hears of it."""
        here, deaf = Inbox(), socket.create_server(("127.0.0.1", 0))
        self.addCleanup(deaf.close)
        caller = self.side(here, authority().issue("caller.example"), message_time=0.5)
        flow = caller.flow_to("127.0.0.1", deaf.getsockname()[1], GATEWAY)
        caller.send(message(1), flow)
        with socket.create_connection(("127.0.0.1", caller.listener.port)) as stranger_:
            await here.all(2)  # the end of the caller is told, too
            self.assertIn(flow, [lost for lost, _ in here.failures])
            stranger_.settimeout(20)
            with self.assertRaises(ConnectionResetError):
                await deferToThread(stranger_.recv, 1)

    async def test_who_speaks_no_tls(self) -> None:
        """A peer that speaks no TLS is a failure in OpenSSL's words, and no refusal of who it is."""
        here, plain = Inbox(), socket.create_server(("127.0.0.1", 0))
        self.addCleanup(plain.close)
        caller = self.side(here, authority().issue("caller.example"))
        caller.send(message(1), caller.flow_to("127.0.0.1", plain.getsockname()[1], GATEWAY))
        accepted, _ = await deferToThread(plain.accept)
        self.addCleanup(accepted.close)
        accepted.sendall(b"SIP/2.0 400 Bad Request\r\n\r\n")
        await here.all(1)
        self.assertIn("wrong version number", here.failures[0][1])
        self.assertEqual(self.refusals, [])
