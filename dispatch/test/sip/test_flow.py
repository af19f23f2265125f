"""Tests of dispatch.sip.flow."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Flow, Listener
from dispatch.test.wire import FakeTransport


class ListenerTests(SynchronousTestCase):
    def test_udp(self) -> None:
        """What goes into Via and Record-Route names what is advertised, not what is bound."""
        listener = Listener(FakeTransport(), "10.0.0.5", 5060, b"203.0.113.7:5070")
        self.assertEqual(listener.via, b"Via: SIP/2.0/UDP 203.0.113.7:5070;branch=")
        self.assertEqual(listener.uri, b"sip:203.0.113.7:5070")
        self.assertEqual((listener.host, listener.port), ("10.0.0.5", 5060))

    def test_tcp(self) -> None:
        """A URI of ours says the transport where it is not UDP, so that a Route leads back to this socket."""
        listener = FakeTransport(b"TCP", "2001:db8::1", sent_by=b"[2001:db8::1]:5060").listener
        self.assertEqual(listener.via, b"Via: SIP/2.0/TCP [2001:db8::1]:5060;branch=")
        parsed = sip_uri.parse(listener.uri)
        assert parsed is not None
        self.assertEqual((parsed.host, parsed.port_number, parsed.transport), (b"[2001:db8::1]", 5060, b"tcp"))


class FlowTests(SynchronousTestCase):
    def test_host(self) -> None:
        """The host of a flow is what a Via of its peer would name, IPv6 in brackets."""
        listener = FakeTransport().listener
        self.assertEqual(Flow(listener, ("192.0.2.9", 5060)).host, b"192.0.2.9")
        self.assertEqual(Flow(listener, ("2001:db8::9", 5060)).host, b"[2001:db8::9]")

    def test_identity(self) -> None:
        """Flows are told apart by identity: the same address on another connection is another flow."""
        listener = FakeTransport().listener
        first, second = (Flow(listener, ("192.0.2.9", 5060), connection=object()) for _ in range(2))
        self.assertNotEqual(first, second)
        self.assertEqual(len({first, second, first}), 2)
