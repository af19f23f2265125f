"""Tests of requests that are too long for a datagram (RFC 3261 §18.1.1): ``udp_mtu``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.route_config import RouteConfig
from dispatch.sip.flow import Flow
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import FakeTransport, request, response_to

G1 = ("192.0.2.71", 5071)
LONG = b"x" * 1300


class UdpMtuTests(SynchronousTestCase):
    def farm(self, *more: FakeTransport, route: RouteConfig | None = None) -> Farm:
        """A farm that listens by UDP, by TCP on another address, and by TCP on the same one."""
        self.udp, self.tcp = FakeTransport(), FakeTransport(b"TCP")
        farm = Farm(transports=(self.udp, FakeTransport(b"TCP", "192.0.2.2"), self.tcp, *more), route=route)
        farm.proxy.udp_mtu = 1300
        return farm

    def by_tcp(self) -> bytes:
        """The one request that left by TCP."""
        ((data, remote),) = self.tcp.take()
        self.assertEqual(remote, G1)
        return data

    def test_long(self) -> None:
        """A long request leaves by TCP from the same address, and its Via and Record-Route say so."""
        farm = self.farm()
        farm.receive(request(body=LONG))
        data = self.by_tcp()
        self.assertIn(b"\r\nVia: SIP/2.0/TCP 192.0.2.1:5060;branch=", data)
        self.assertIn(b"Record-Route: <sip:192.0.2.1:5060;transport=tcp;r2=on;lr;", data)
        self.assertEqual(farm.lines(), ["SIP/2.0 100 Trying > 5060"])

    def test_short(self) -> None:
        """A request that fits goes by UDP, and so does any where nothing is asked for."""
        farm = self.farm()
        farm.receive(request())
        farm.proxy.udp_mtu = 0
        farm.receive(request(body=LONG, branch=b"z9hG4bKother"))
        self.assertEqual(self.tcp.take(), [])
        self.assertEqual([line[:6] for line in farm.lines()], ["SIP/2.", "INVITE"] * 2)

    def test_the_answer(self) -> None:
        """The answer comes by TCP and goes to the caller by UDP; what follows in the transaction goes by TCP."""
        farm = self.farm()
        farm.receive(request(body=LONG))
        farm.receive(response_to(self.by_tcp(), 486), G1, self.tcp)
        self.assertTrue(self.by_tcp().startswith(b"ACK"))
        self.assertEqual(farm.lines()[1:], ["SIP/2.0 486 Whatever > 5060"])

    def test_refused(self) -> None:
        """Where nobody takes TCP the request goes by UDP after all, and nobody else is tried."""
        farm = self.farm()
        self.tcp.broken = {5071}
        farm.receive(request(body=LONG))
        sent = self.udp.take()
        self.assertEqual([remote for _, remote in sent], [("192.0.2.9", 5060), G1])
        self.assertIn(b"\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=", sent[1][0])
        self.assertNotIn(b"r2=on", sent[1][0])
        farm.receive(response_to(sent[1][0], 200), G1)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_refused_later(self) -> None:
        """So it does when the connection that was being opened fails."""
        farm = self.farm()
        farm.receive(request(body=LONG))
        farm.lines()
        self.by_tcp()
        farm.engine.transport_failed(self.flow(), "refused")
        self.assertEqual(farm.lines(), ["INVITE sip:bob@example.com SIP/2.0 > 5071"])

    def test_broken_after_an_answer(self) -> None:
        """A connection that breaks after a provisional answer is a failure like any other: the next one is tried."""
        farm = self.farm()
        farm.receive(request(body=LONG))
        farm.receive(response_to(self.by_tcp(), 180), G1, self.tcp)
        farm.lines()
        farm.engine.transport_failed(self.flow(), "reset")
        self.assertEqual([remote for _, remote in self.tcp.take()], [("192.0.2.72", 5072)])
        self.assertEqual(farm.lines(), [])

    def test_silence(self) -> None:
        """Who takes TCP and says nothing has failed: his request is not repeated by UDP."""
        farm = self.farm()
        farm.receive(request(b"MESSAGE", body=LONG))
        farm.wait(32.5)
        self.assertEqual([remote for _, remote in self.tcp.take()], [G1, ("192.0.2.72", 5072)])
        self.assertEqual(farm.lines(), [])

    def test_cancelled(self) -> None:
        """A call that was given up meanwhile is not tried again."""
        farm = self.farm()
        farm.receive(request(body=LONG))
        farm.receive(request(b"CANCEL"))
        farm.engine.transport_failed(self.flow(), "refused")
        self.assertEqual(
            farm.lines(),
            ["SIP/2.0 100 Trying > 5060", "SIP/2.0 200 OK > 5060", "SIP/2.0 487 Request Terminated > 5060"],
        )

    def test_no_stream(self) -> None:
        """Without a TCP socket of the same family there is nothing but UDP."""
        farm = Farm(transports=(FakeTransport(), FakeTransport(b"TCP", "2001:db8::1")))
        farm.proxy.udp_mtu = 1300
        farm.receive(request(body=LONG))
        self.assertEqual(len(farm.lines()), 2)

    def test_stateless(self) -> None:
        """It holds without memory too; there only a refusal at once leads back to UDP."""
        farm = self.farm(route=RouteConfig(relay="stateless", algorithm=0))
        farm.receive(request(body=LONG))
        self.assertEqual(len(self.tcp.take()), 1)
        self.tcp.broken = {5071, 5072, 5073}
        farm.receive(request(body=LONG))
        self.assertEqual(len(farm.lines()), 1)

    def flow(self) -> Flow:
        return self.tcp.flow_to(*G1)
