"""Tests of dispatch.transport.names.steps."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.transport.names.zone import DENIED, Zone, addresses, pointers, services, walk
from dispatch.transport.names.records import AAAA, FAILED, NAPTR, SRV, A, Answer, Naptr, Outcome, Srv
from dispatch.transport.names.steps import Ability
from dispatch.transport.names.target import Place, Want

UDP_ONLY = Ability()
ALL = Ability(frozenset((b"UDP", b"TCP", b"TLS")), (A,))
HOST = {("gw.example", A): addresses("192.0.2.7")}
FAR = {("a.example", A): addresses("192.0.2.1"), ("b.example", A): addresses("192.0.2.2")}


def naptr(order: int, preference: int, service: bytes, replacement: str, flags: bytes = b"S") -> Naptr:
    return Naptr(order, preference, flags, service, replacement)


class StepsTests(SynchronousTestCase):
    def places(self, want: Want, zone: Zone, ability: Ability = ALL) -> tuple[Place, ...]:
        return walk(want, zone, ability)[0].places

    def asked(self, want: Want, zone: Zone, ability: Ability = ALL) -> list[str]:
        return walk(want, zone, ability)[1]

    def test_a_port_asks_for_addresses_only(self) -> None:
        """A URI with a port has no SRV and no NAPTR records (RFC 3263 §4.1, §4.2)."""
        want = Want("gw.example", 5070)
        self.assertEqual(self.asked(want, HOST), ["A gw.example"])
        self.assertEqual(self.places(want, HOST), (Place(b"UDP", 5070, ("192.0.2.7",)),))
        secure = Want("gw.example", 5071, secure=True)
        self.assertEqual(self.places(secure, HOST), (Place(b"TLS", 5071, ("192.0.2.7",)),))

    def test_without_records_the_default(self) -> None:
        """Without NAPTR and SRV it is UDP and 5060, sips TLS and 5061, and nothing we can't send by is asked for."""
        want = Want("gw.example")
        srv = ["SRV _sip._udp.gw.example", "SRV _sip._tcp.gw.example"]
        self.assertEqual(self.asked(want, HOST), ["NAPTR gw.example", *srv, "A gw.example"])
        self.assertEqual(self.asked(want, HOST, UDP_ONLY), ["NAPTR gw.example", srv[0], "A gw.example"])
        self.assertEqual(self.places(want, HOST), (Place(b"UDP", 5060, ("192.0.2.7",)),))
        self.assertEqual(self.places(want._replace(secure=True), HOST), (Place(b"TLS", 5061, ("192.0.2.7",)),))

    def test_naptr_chooses_the_transport(self) -> None:
        """The pointer of the lowest order and preference that we can send by decides; its name has the SRV records."""
        zone = {
            **FAR,
            ("gw.example", NAPTR): pointers(
                naptr(50, 20, b"SIP+D2U", "_sip._udp.gw.example"),
                naptr(50, 10, b"SIP+D2T", "tcp.gw.example"),
                naptr(10, 0, b"SIPS+D2T", "_sips._tcp.gw.example"),
                naptr(1, 0, b"SIP+D2S", "_sip._sctp.gw.example"),
                naptr(1, 0, b"SIP+D2U", "regexp.gw.example", b"U"),
            ),
            ("tcp.gw.example", SRV): services(Srv(0, 0, 5080, "a.example")),
            ("_sips._tcp.gw.example", SRV): services(Srv(0, 0, 5081, "b.example")),
        }
        want = Want("gw.example")
        self.assertEqual(self.places(want, zone), (Place(b"TLS", 5081, ("192.0.2.2",)),))
        two = Ability(frozenset((b"UDP", b"TCP")), (A,))
        self.assertEqual(self.places(want, zone, two), (Place(b"TCP", 5080, ("192.0.2.1",)),))

    def test_sips_goes_by_tls_only(self) -> None:
        """A sips URI takes no pointer to a transport without TLS (§4.1)."""
        zone = {**HOST, ("gw.example", NAPTR): pointers(naptr(1, 1, b"SIP+D2T", "_sip._tcp.gw.example"))}
        want = Want("gw.example", secure=True)
        self.assertEqual(self.asked(want, zone), ["NAPTR gw.example", "SRV _sips._tcp.gw.example", "A gw.example"])

    def test_a_transport_of_the_uri(self) -> None:
        """A transport that the URI names asks for its SRV records and no NAPTR."""
        zone = {**FAR, ("_sip._tcp.gw.example", SRV): services(Srv(0, 0, 5080, "a.example"))}
        want = Want("gw.example", transport=b"TCP")
        self.assertEqual(self.asked(want, zone), ["SRV _sip._tcp.gw.example", "A a.example"])
        self.assertEqual(self.places(want, zone), (Place(b"TCP", 5080, ("192.0.2.1",)),))

    def test_naptr_can_be_left_out(self) -> None:
        """Where the domain is not to be asked for its transport, it is not."""
        self.assertNotIn("NAPTR gw.example", self.asked(Want("gw.example"), HOST, Ability(asks_naptr=False)))

    def test_all_targets(self) -> None:
        """A SRV set gives each of its machines with all its addresses, by priority; what has no address is left out."""
        zone = {
            **FAR,
            ("b.example", A): addresses("192.0.2.2", "192.0.2.3"),
            ("_sip._udp.gw.example", SRV): services(
                Srv(20, 0, 5062, "a.example"), Srv(10, 7, 5061, "b.example"), Srv(10, 1, 5063, "gone.example")
            ),
        }
        expected = (
            Place(b"UDP", 5061, ("192.0.2.2", "192.0.2.3"), 10, 7),
            Place(b"UDP", 5062, ("192.0.2.1",), 20, 0),
        )
        self.assertEqual(self.places(Want("gw.example"), zone), expected)

    def test_decidedly_not_there(self) -> None:
        """A SRV target of "." says that there is no such service: the name's own address is no way round (RFC 2782)."""
        zone = {**HOST, ("_sip._udp.gw.example", SRV): services(Srv(0, 0, 0, ""))}
        self.assertEqual(self.places(Want("gw.example"), zone), ())
        zone = {**zone, **FAR, ("_sip._tcp.gw.example", SRV): services(Srv(0, 0, 5080, "a.example"))}
        self.assertEqual(self.places(Want("gw.example"), zone), (Place(b"TCP", 5080, ("192.0.2.1",)),))

    def test_both_kinds_of_address(self) -> None:
        """Addresses are asked for as far as a socket of ours reaches them, IPv4 first."""
        zone = {**HOST, ("gw.example", AAAA): addresses("2001:db8::7")}
        both = Ability(frozenset((b"UDP",)), (A, AAAA))
        want = Want("gw.example", 5060)
        self.assertEqual(self.places(want, zone, both)[0].addresses, ("192.0.2.7", "2001:db8::7"))
        self.assertEqual(self.places(want, zone, Ability(kinds=(AAAA,)))[0].addresses, ("2001:db8::7",))

    def test_a_name_that_is_denied_is_not_asked_again(self) -> None:
        """NXDOMAIN speaks for all kinds of records of the name (RFC 8020)."""
        both = Ability(kinds=(A, AAAA))
        self.assertEqual(self.asked(Want("gw.example", 5060), {("gw.example", A): DENIED}, both), ["A gw.example"])

    def test_the_shortest_ttl(self) -> None:
        """What was found holds as long as the record of the shortest TTL on the way."""
        zone = {
            ("_sip._udp.gw.example", SRV): services(Srv(0, 0, 5060, "a.example"), ttl=300),
            ("a.example", A): Answer(Outcome.NONE, alias="b.example", ttl=20),
            ("b.example", A): addresses("192.0.2.2", ttl=90),
        }
        found, _ = walk(Want("gw.example"), zone, UDP_ONLY)
        self.assertEqual((found.ttl, found.places[0].addresses), (20, ("192.0.2.2",)))

    def test_certainty(self) -> None:
        """A question without answer on the way makes the whole uncertain, found or not."""
        for kind in (NAPTR, SRV, A):
            name = "_sip._udp.gw.example" if kind == SRV else "gw.example"
            found, _ = walk(Want("gw.example"), {**HOST, (name, kind): FAILED}, UDP_ONLY)
            self.assertFalse(found.is_certain)
            self.assertEqual(bool(found.places), kind != A)
        self.assertTrue(walk(Want("gw.example"), {}, UDP_ONLY)[0].is_certain)

    def test_an_alias_that_leads_on_for_ever(self) -> None:
        """Aliases that lead in a circle end after eight questions, as a failure."""
        zone = {
            ("a.example", A): Answer(Outcome.NONE, alias="b.example", ttl=1),
            ("b.example", A): Answer(Outcome.NONE, alias="a.example", ttl=1),
        }
        found, asked = walk(Want("a.example", 5060), zone, UDP_ONLY)
        self.assertEqual((found.places, found.is_certain, len(asked)), ((), False, 8))

    def test_two_hundred_targets(self) -> None:
        """Of a huge SRV set the 32 of the lowest priorities are used, and of a machine 16 addresses."""
        many = [Srv(200 - number, 0, 5060, f"m{number}.example") for number in range(200)]
        zone = {
            (f"m{number}.example", A): addresses(*(f"10.0.{number}.{n}" for n in range(40))) for number in range(200)
        }
        places = self.places(Want("gw.example"), {**zone, ("_sip._udp.gw.example", SRV): services(*many)})
        self.assertEqual([place.priority for place in places], list(range(1, 33)))
        self.assertEqual({len(place.addresses) for place in places}, {16})

    def test_questions_are_bounded(self) -> None:
        """However a domain is built, a name costs a hundred questions at most."""
        loop = {(f"m{n}.example", A): Answer(Outcome.NONE, alias=f"m{n}.example", ttl=1) for n in range(200)}
        many = services(*(Srv(0, 0, 5060, f"m{number}.example") for number in range(200)))
        asked = self.asked(Want("gw.example"), {**loop, ("_sip._udp.gw.example", SRV): many})
        self.assertEqual(len(asked), 100)
