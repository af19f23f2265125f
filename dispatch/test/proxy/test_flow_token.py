"""Tests of dispatch.proxy.flow_token, and of calls with peers that only their connection leads back to."""

from __future__ import annotations

from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.proxy.flow_token import FlowTokens, hides
from dispatch.service.route_config import RouteConfig
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import FakeTransport, header, request, response_to

SECRET: Final = b"s" * 32
PHONE: Final = ("198.51.100.9", 40_000)
GATEWAY: Final = ("192.0.2.71", 5071)
CONTACT: Final = b"sip:alice@df7jal23ls0d.invalid;transport=ws"


class Connected(FakeTransport):
    """A stream transport whose callers are there until they `leave`."""

    def __init__(self, name: bytes = b"WS", host: str = "192.0.2.1", port: int = 5066) -> None:
        super().__init__(name, host, port)
        self.open: dict[tuple[str, int], Flow] = {}

    def join(self, remote: tuple[str, int] = PHONE) -> Flow:
        """A caller connects."""
        flow = self.open[remote] = Flow(self.listener, remote, object())
        return flow

    def leave(self, flow: Flow) -> None:
        """A caller is gone."""
        del self.open[flow.remote]

    def flow_back(self, host: str, port: int) -> Flow | None:
        return self.open.get((host, port))


class TokenTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.net = Connected()
        self.tokens = FlowTokens(SECRET)

    def test_the_connection(self) -> None:
        """A token leads to its connection, IPv6 too, as long as that is open."""
        for remote in (PHONE, ("2001:db8::9", 40_000), ("fe80::9%eth0", 40_000)):
            flow = self.net.join(remote)
            token = self.tokens.make(flow, b"call-1")
            self.assertIs(self.tokens.flow(token, self.net.listener), flow)
            self.net.leave(flow)
            self.assertIsNone(self.tokens.flow(token, self.net.listener))

    def test_not_the_next_one(self) -> None:
        """Another connection from the same address and port is another peer."""
        token = self.tokens.make(self.net.join(), b"call-1")
        self.net.join()
        self.assertIsNone(self.tokens.flow(token, self.net.listener))

    def test_signed(self) -> None:
        """It is one only for its call and with our secret, and with nothing changed."""
        token = self.tokens.make(self.net.join(), b"call-1")
        self.assertTrue(self.tokens.is_one(token, b"call-1"))
        self.assertFalse(self.tokens.is_one(token, b"call-2"))
        self.assertFalse(FlowTokens(b"t" * 32).is_one(token, b"call-1"))
        for forged in (b"", b"-", b"alice", b"1" + token, token[:-1], token.replace(b"-", b"--", 1)):
            self.assertFalse(self.tokens.is_one(forged, b"call-1"), forged)

    def test_fit_for_a_user(self) -> None:
        """It needs no escape where a URI has its user."""
        self.assertRegex(self.tokens.make(self.net.join(("2001:db8::9", 5)), b"call-1"), rb"^[0-9a-f-]+$")

    def test_who_needs_one(self) -> None:
        """Browsers, TLS, and streams from another address than the one in their Via; a name in it says nothing."""
        tcp, udp = Connected(b"TCP"), FakeTransport()
        for net, via, expected in (
            (self.net, b"df7jal23ls0d.invalid", True),
            (self.net, b"198.51.100.9:40000", True),
            (Connected(b"TLS"), b"198.51.100.9:5061", True),
            (tcp, b"10.0.0.9:5060", True),
            (tcp, b"198.51.100.9:5060", False),
            (tcp, b"[::ffff:198.51.100.9]:5060", False),
            (tcp, b"phone.example.com", False),
        ):
            message = Message(request(via=via, transport=net.name))
            self.assertEqual(hides(message, net.join()), expected, via)
        self.assertFalse(hides(Message(request(via=b"10.0.0.9")), udp.flow_to(*PHONE)))


class BrowserTests(SynchronousTestCase):
    """A browser calls by WebSocket, and the gateway answers by UDP (RFC 7118)."""

    relay = "stateful"

    def setUp(self) -> None:
        self.browsers = Connected()
        self.farm = Farm(transports=(FakeTransport(), self.browsers), route=RouteConfig(relay=self.relay))
        self.flow = self.browsers.join()
        headers = b"Contact: <%b>\r\n" % CONTACT
        self.farm.engine.received(request(via=b"df7jal23ls0d.invalid", transport=b"WS", headers=headers), self.flow)
        self.invite = next(sent for sent, _ in self.farm.net.take() if sent.startswith(b"INVITE"))
        self.browsers.take()
        self.routes = header(self.invite, b"Record-Route")

    def bye(self, routes: list[bytes], uri: bytes, **how: bytes) -> bytes:
        lines = b"".join(b"Route: %b\r\n" % route for route in routes)
        return request(b"BYE", uri, to_tag=b"t1", headers=lines, branch=b"z9hG4bKbye", **how)  # type: ignore[arg-type]

    def test_the_answer(self) -> None:
        """The answer goes by the connection."""
        self.farm.receive(response_to(self.invite, 200), GATEWAY)
        ((out, remote),) = self.browsers.take()
        self.assertEqual((out[:11], remote), (b"SIP/2.0 200", PHONE))
        self.assertEqual(len(header(out, b"Via")), 1)

    def test_both_sides(self) -> None:
        """The gateway is told of its own socket first, the browser of the WebSocket; only there is a token."""
        ours, theirs = self.routes
        self.assertTrue(ours.startswith(b"<sip:192.0.2.1:5060;r2=on;lr;ds="), ours)
        self.assertRegex(theirs, rb"^<sip:[0-9a-f-]+@192\.0\.2\.1:5066;transport=ws;r2=on;lr;ds=")

    def test_from_the_gateway(self) -> None:
        """A BYE of the gateway reaches the browser, whose Contact no DNS knows."""
        self.farm.receive(self.bye(self.routes, CONTACT), GATEWAY)
        ((out, remote),) = self.browsers.take()
        self.assertTrue(out.startswith(b"BYE %b SIP/2.0\r\nVia: SIP/2.0/WS 192.0.2.1:5066;" % CONTACT), out)
        self.assertEqual((remote, header(out, b"Route")), (PHONE, []))

    def test_from_the_browser(self) -> None:
        """A BYE of the browser reaches the gateway, from a connection that it had to open anew as well."""
        self.browsers.leave(self.flow)
        again = self.browsers.join(("198.51.100.9", 40_001))
        bye = self.bye(self.routes[::-1], b"sip:bob@192.0.2.71:5071", via=b"x.invalid", transport=b"WS")
        self.farm.engine.received(bye, again)
        self.assertEqual(self.farm.lines(), ["BYE sip:bob@192.0.2.71:5071 SIP/2.0 > 5071"])

    def test_the_wrong_way_round(self) -> None:
        """Routes in the wrong order don't send a browser its own request."""
        bye = self.bye(self.routes, b"sip:bob@192.0.2.71:5071", via=b"x.invalid", transport=b"WS")
        self.farm.engine.received(bye, self.flow)
        self.assertEqual(self.browsers.take(), [])
        self.assertEqual(self.farm.lines(), ["BYE sip:bob@192.0.2.71:5071 SIP/2.0 > 5071"])

    def test_gone(self) -> None:
        """A BYE for a browser that is gone gets 430 (RFC 5626 §5.3)."""
        self.browsers.leave(self.flow)
        self.farm.receive(self.bye(self.routes, CONTACT), GATEWAY)
        self.assertEqual(self.farm.lines(), ["SIP/2.0 430 Flow Failed > 5060"])
        self.assertEqual(self.browsers.take(), [])

    def test_gone_before_its_answer(self) -> None:
        """A request that waits for the answer of a browser whose connection breaks fails at once (RFC 3261 §18.4)."""
        self.farm.receive(self.bye(self.routes, CONTACT), GATEWAY)
        self.farm.net.take()
        self.farm.engine.transport_failed(self.flow, "reset")
        stateful = ["SIP/2.0 500 Server Internal Error > 5060"]
        self.assertEqual(self.farm.lines(), stateful if self.relay == "stateful" else [])
        self.farm.engine.transport_failed(self.flow, "reset")
        self.assertEqual(self.farm.lines(), [])

    def test_another_call(self) -> None:
        """With the Routes of another call nobody reaches the browser."""
        self.farm.receive(self.bye(self.routes, CONTACT, call_id=b"call-2"), ("203.0.113.66", 5060))
        self.assertEqual(self.farm.lines(), ["SIP/2.0 403 Forbidden > 5060"])
        self.assertEqual(self.browsers.take(), [])


class StatelessBrowserTests(BrowserTests):
    relay = "stateless"

    def test_the_answer_to_nobody(self) -> None:
        """An answer to a browser that is gone goes nowhere."""
        self.browsers.leave(self.flow)
        self.farm.receive(response_to(self.invite, 200), GATEWAY)
        self.assertEqual(self.browsers.take(), [])


class NatTests(SynchronousTestCase):
    """A phone behind NAT calls by TCP."""

    def test_until_it_is_gone(self) -> None:
        """It is reached by its connection, and when that is gone by its Contact."""
        phones = Connected(b"TCP", port=5060)
        farm = Farm(transports=(FakeTransport(), phones))
        flow = phones.join()
        farm.engine.received(request(via=b"10.0.0.9:5060", transport=b"TCP"), flow)
        invite = next(sent for sent, _ in farm.net.take() if sent.startswith(b"INVITE"))
        phones.take()
        lines = b"".join(b"Route: %b\r\n" % route for route in header(invite, b"Record-Route"))
        contact = b"sip:alice@10.0.0.9;transport=tcp"
        for branch, remote in ((b"z9hG4bKb1", PHONE), (b"z9hG4bKb2", ("10.0.0.9", 5060))):
            farm.receive(request(b"BYE", contact, to_tag=b"t1", headers=lines, branch=branch), GATEWAY)
            ((_, where),) = phones.take()
            self.assertEqual(where, remote)
            phones.open.pop(PHONE, None)
