"""Requests for ``sips:`` URIs go by TLS or not at all (RFC 3261 §26.2.2, RFC 5630)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.route_config import RouteConfig
from dispatch.sip.message import Message
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import FakeTransport, header, request

TLS_LIST = b"1 sip:192.0.2.72;transport=tls\n1 sip:192.0.2.71:5071\n"


class SipsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.tls = FakeTransport(b"TLS", port=5061)
        self.udp = FakeTransport()

    def farm(self, text: bytes, **settings: str) -> Farm:
        return Farm(text, RouteConfig(**settings), transports=(self.tls, self.udp))  # type: ignore[arg-type]  # words

    def invite(self, farm: Farm, by: FakeTransport, uri: bytes = b"sips:bob@example.com") -> None:
        farm.engine.received(request(uri=uri, transport=by.name), by.flow_to("192.0.2.9", 5060))

    def test_by_tls_only(self) -> None:
        """A destination of another transport is passed over, and nothing leaves by UDP."""
        farm = self.farm(TLS_LIST)
        self.invite(farm, self.tls)
        self.assertEqual(
            self.tls.take_lines(), ["SIP/2.0 100 Trying > 5060", "INVITE sips:bob@example.com SIP/2.0 > 5061"]
        )
        self.assertEqual(self.udp.sent, [])

    def test_no_way_that_is_safe(self) -> None:
        """Without a destination that speaks TLS the answer is 480 with warning 380 (RFC 5630 §5.3)."""
        for relay in ("stateful", "stateless"):
            farm = self.farm(b"1 sip:192.0.2.71:5071\n1 sip:192.0.2.72:5072\n", relay=relay)
            self.invite(farm, self.tls)
            answer = Message(self.tls.take()[-1][0])
            self.assertEqual(answer.status, 480)
            self.assertEqual(answer.header(b"warning"), b'380 192.0.2.1:5061 "SIPS Not Allowed"')
            self.assertEqual(self.udp.sent, [])

    def test_came_by_an_unsafe_way(self) -> None:
        """By UDP the scheme is as good as unknown: 416."""
        farm = self.farm(TLS_LIST)
        self.invite(farm, self.udp)
        self.assertEqual(self.udp.take_lines(), ["SIP/2.0 416 Unsupported URI Scheme > 5060"])
        self.assertEqual(self.tls.sent, [])

    def test_record_route(self) -> None:
        """Our Record-Route is sips: too, and is known again when the dialog follows it (RFC 3261 §16.6 step 4)."""
        farm = self.farm(TLS_LIST)
        self.invite(farm, self.tls)
        (route,) = header(self.tls.take()[-1][0], b"Record-Route")
        self.assertTrue(route.startswith(b"<sips:192.0.2.1:5061;lr;ds="))
        bye = request(b"BYE", b"sips:alice@192.0.2.9", transport=b"TLS", to_tag=b"t1", headers=b"Route: %b\r\n" % route)
        farm.engine.received(bye, self.tls.flow_to("192.0.2.72", 5061))
        self.assertEqual(self.tls.take_lines(), ["BYE sips:alice@192.0.2.9 SIP/2.0 > 5061"])

    def test_of_sip_too(self) -> None:
        """A request for a sip: URI may go by either, whatever it came by."""
        farm = self.farm(b"1 sip:192.0.2.71:5071\n")
        self.invite(farm, self.tls, b"sip:bob@example.com")
        self.assertEqual(self.udp.take_lines(), ["INVITE sip:bob@example.com SIP/2.0 > 5071"])
