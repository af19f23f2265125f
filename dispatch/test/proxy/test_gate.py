"""Tests of dispatch.proxy.gate."""

from __future__ import annotations

from ipaddress import ip_network

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.proxy.gate import Gate, Rates
from dispatch.service.sip_config import Limits
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.wire import request

STRANGER = ("203.0.113.9", 5060)
CARRIER = b"1 sip:192.0.2.71:5071\n2 sip:192.0.2.9\n"


class RatesTests(SynchronousTestCase):
    def test_burst_and_rate(self) -> None:
        """So many messages pass at once, then as many as the rate gives back, and never more than a burst."""
        rates = Rates(2.0, 3)
        self.assertEqual([rates.admits("a", 0.0) for _ in range(5)], [True, True, True, False, False])
        self.assertEqual([rates.admits("a", 0.5) for _ in range(2)], [True, False])
        self.assertEqual([rates.admits("a", 100.0) for _ in range(5)].count(True), 3)

    def test_each_source_has_its_own(self) -> None:
        """One that is loud takes nothing from others."""
        rates = Rates(1.0, 1)
        self.assertEqual([rates.admits(one, 0.0) for one in ("a", "a", "b", "b")], [True, False, True, False])

    def test_forged_sources_fill_no_memory(self) -> None:
        """However many addresses there are, so many are remembered; those that spoke last among them."""
        rates = Rates(1.0, 1)
        for number in range(100_000):
            rates.admits(f"10.0.{number >> 8}.{number & 255}", 0.0)
        self.assertLessEqual(len(rates), 40_000)
        self.assertFalse(rates.admits("10.0.390.159", 0.0))


class GateTests(SynchronousTestCase):
    def gate(self, *networks: str, **how: object) -> Gate:
        farm = Farm(CARRIER)
        return Gate(lambda: farm.router.membership, [ip_network(one) for one in networks], **how)  # type: ignore[arg-type]  # passed on

    def test_networks(self) -> None:
        """Who is in a trusted network is heard, v4 and v6."""
        gate = self.gate("198.51.100.0/24", "2001:db8::/32", is_closed=True)
        heard = [gate.admits(one, 0.0) for one in ("198.51.100.7", "198.51.101.7", "2001:db8::7", "2001:db9::7")]
        self.assertEqual(heard, [True, False, True, False])

    def test_destinations(self) -> None:
        """Destinations are heard, those of any set unless sets are named."""
        for sets, heard in (((), [True, True]), ((1,), [True, False]), ((2,), [False, True])):
            gate = self.gate(sets=sets, is_closed=True)
            self.assertEqual([gate.admits(one, 0.0) for one in ("192.0.2.71", "192.0.2.9")], heard)

    def test_destinations_are_never_too_loud(self) -> None:
        """The rate is for others: all answers come from destinations."""
        gate = self.gate(rates=Rates(1.0, 1))
        self.assertEqual([gate.admits("192.0.2.71", 0.0) for _ in range(3)], [True] * 3)
        self.assertEqual([gate.admits("203.0.113.9", 0.0) for _ in range(3)], [True, False, False])


class EngineTests(SynchronousTestCase):
    """The gate in front of everything."""

    def test_unseen(self) -> None:
        """From a source that is not trusted nothing is read and nothing answered, on no account."""
        farm = Farm(limits=Limits(trust=(ip_network("192.0.2.0/24"),)))
        for data in (request(), request(b"OPTIONS", b"sip:192.0.2.1"), b"\0" * 50, request(uri=b"x:y")):
            farm.receive(data, STRANGER)
        self.assertEqual(farm.lines(), [])
        self.assertEqual((farm.engine.unheard_count, farm.engine.request_count, farm.engine.malformed_count), (4, 0, 0))
        farm.receive(request(), CALLER)
        self.assertEqual(farm.lines()[-1], "INVITE sip:bob@example.com SIP/2.0 > 5071")

    def test_rate(self) -> None:
        """What is beyond the rate of a source is dropped, and heard again a second later."""
        farm = Farm(limits=Limits(rate=1, burst=2))
        for number in range(5):
            farm.receive(request(b"MESSAGE", branch=b"z9hG4bK%d" % number), STRANGER)
        self.assertEqual((len(farm.lines()), farm.engine.unheard_count), (2, 3))
        farm.wait(1.0)
        farm.net.take()
        farm.receive(request(b"MESSAGE", branch=b"z9hG4bKlate"), STRANGER)
        self.assertEqual(farm.lines(), ["MESSAGE sip:bob@example.com SIP/2.0 > 5073"])

    def test_malformed_counts(self) -> None:
        """What a stream could not be cut into is no way around the gate."""
        farm = Farm(limits=Limits(trust=(ip_network("192.0.2.0/24"),)))
        farm.engine.malformed(request(), farm.net.flow_to(*STRANGER), ParseError("no Content-Length"))
        self.assertEqual(farm.lines(), [])

    def test_off(self) -> None:
        """Unless asked for there is no gate."""
        self.assertIsNone(Farm().engine.gate)
