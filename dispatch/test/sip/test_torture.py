"""The messages of RFC 4475 and RFC 5118, one test each: what is understood, and what is a ParseError where.

Bytes as in the archives of the RFCs. What a proxy never looks at (Date, Contact, Content-Type, the body ...) may be as
broken as it likes; what is answered to the broken rest is told where the proxy is tested.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.sip import uri as sip_uri
from dispatch.sip.message import Message
from dispatch.test.sip.answers import ACCESSORS, answer

TORTURE: Final = Path(__file__).parent / "torture"


class _TortureCase(SynchronousTestCase):
    def good(self, name: str) -> Message:
        """The message, every accessor of which answers, whichever way it is read."""
        return self.faulty(name)

    def faulty(self, name: str, *broken: str) -> Message:
        """The message, of which only these accessors raise, with 400, whichever way it is read."""
        raw = (TORTURE / f"{name}.dat").read_bytes()
        for usual in (None, False):
            message = Message(raw, usual)
            raising = [accessor for accessor in ACCESSORS if isinstance(answer(message, accessor), ParseError)]
            self.assertEqual(raising, list(broken))
        return Message(raw)

    def refused(self, name: str, status: int) -> None:
        """The message can't even be taken apart."""
        raw = (TORTURE / f"{name}.dat").read_bytes()
        for usual in (None, False):
            self.assertEqual(self.assertRaises(ParseError, Message, raw, usual).status, status)


class ValidTests(_TortureCase):
    """RFC 4475 §3.1.1."""

    def test_wsinv(self) -> None:
        """Blanks, folding, compact names and lists may be wherever the grammar allows them (§3.1.1.1)."""
        message = self.good("wsinv")
        self.assertEqual(message.cseq, (9, b"INVITE"))
        self.assertEqual(message.to_tag, b"1918181833n")
        self.assertEqual(message.from_tag, b"98asjd8")
        self.assertEqual(message.reader.from_uri, b"sip:jdrosen@example.com")
        hops = message.max_forwards
        assert hops is not None
        value, start, stop = hops
        self.assertEqual((value, message.raw[start:stop]), (68, b"0068"))
        self.assertEqual(
            [(via.transport, via.host, via.branch) for via in message.vias],
            [
                (b"UDP", b"192.0.2.2", b"390skdjuw"),
                (b"TCP", b"spindle.example.com", b"z9hG4bK9ikj8"),
                (b"UDP", b"192.168.255.111", b"z9hG4bK30239"),
            ],
        )
        self.assertEqual(
            [entry.uri for entry in message.routes], [b"sip:services.example.com;lr;unknownwith=value;unknown-no-value"]
        )
        self.assertEqual(message.content_length, 150)

    def test_intmeth(self) -> None:
        """Methods, tags and branches are made of the whole range of tokens (§3.1.1.2)."""
        message = self.good("intmeth")
        method = b"!interesting-Method0123456789_*+`.%indeed'~"
        self.assertEqual((message.method, message.cseq[1]), (method, method))
        self.assertEqual(message.via.branch, b"z9hG4bK-.!%66*_+`'~")

    def test_esc01(self) -> None:
        """Escapes stay as they are (§3.1.1.3)."""
        message = self.good("esc01")
        self.assertEqual(message.uri, b"sip:sips%3Auser%40example.com@example.net")

    def test_escnull(self) -> None:
        """An escaped NUL is nothing special (§3.1.1.4)."""
        message = self.good("escnull")
        self.assertEqual(message.reader.from_uri, b"sip:null-%00-null@example.com")

    def test_esc02(self) -> None:
        """A percent sign in a method is no escape (§3.1.1.5)."""
        message = self.good("esc02")
        self.assertEqual(message.method, b"RE%47IST%45R")

    def test_lwsdisp(self) -> None:
        """No blank is needed between display name and address (§3.1.1.6)."""
        message = self.good("lwsdisp")
        self.assertEqual(message.reader.from_uri, b"sip:caller@example.com")

    def test_longreq(self) -> None:
        """Long values are read to their end (§3.1.1.7)."""
        message = self.good("longreq")
        self.assertEqual(len(message.vias), 34)
        self.assertEqual(len(message.reader.to_uri), 379)

    def test_dblreq(self) -> None:
        """What follows the body in a datagram is dropped (§3.1.1.8)."""
        message = self.good("dblreq")
        self.assertTrue(message.raw.endswith(b"Content-Length: 0\r\n\r\n"))
        self.assertEqual(message.body, b"")

    def test_semiuri(self) -> None:
        """A semicolon before the at sign belongs to the user (§3.1.1.9)."""
        message = self.good("semiuri")
        parsed = sip_uri.parse(message.uri)
        assert parsed is not None
        self.assertEqual((parsed.user, parsed.params), (b"user;par=u%40example.net", b""))

    def test_transports(self) -> None:
        """Any transport may stand in Via (§3.1.1.10)."""
        message = self.good("transports")
        self.assertEqual([via.transport for via in message.vias], [b"UDP", b"SCTP", b"TLS", b"UNKNOWN", b"TCP"])

    def test_mpart01(self) -> None:
        """A body has any bytes (§3.1.1.11)."""
        message = self.good("mpart01")
        self.assertIn(b"\0", message.body)
        self.assertEqual(message.content_length, len(message.body))

    def test_unreason(self) -> None:
        """A reason phrase has any bytes (§3.1.1.12)."""
        message = self.good("unreason")
        self.assertEqual(message.status, 200)
        self.assertIn(b"\xd0", message.reason)

    def test_noreason(self) -> None:
        """A reason phrase may be empty (§3.1.1.13)."""
        message = self.good("noreason")
        self.assertEqual((message.status, message.reason), (100, b""))


class InvalidTests(_TortureCase):
    """RFC 4475 §3.1.2."""

    def test_badinv01(self) -> None:
        """Semicolons and commas without anything between make no Via (§3.1.2.1)."""
        self.faulty("badinv01", "via", "vias")

    def test_clerr(self) -> None:
        """A body shorter than its Content-Length is an error on UDP (§3.1.2.2)."""
        self.refused("clerr", 400)

    def test_ncl(self) -> None:
        """A negative Content-Length is none (§3.1.2.3)."""
        self.refused("ncl", 400)

    def test_scalar02(self) -> None:
        """A CSeq over 31 bits and a Max-Forwards over 255 are none (§3.1.2.4)."""
        self.faulty("scalar02", "cseq", "max_forwards")

    def test_scalarlg(self) -> None:
        """A response with a CSeq over 31 bits is no good (§3.1.2.5)."""
        self.faulty("scalarlg", "cseq")

    def test_quotbal(self) -> None:
        """A quote that is not closed makes a broken To (§3.1.2.6)."""
        self.faulty("quotbal", "to_tag")

    def test_ltgtruri(self) -> None:
        """The Request-URI has no brackets (§3.1.2.7)."""
        self.refused("ltgtruri", 400)

    def test_lwsruri(self) -> None:
        """There is no blank in a Request-URI (§3.1.2.8)."""
        self.refused("lwsruri", 400)

    def test_lwsstart(self) -> None:
        """One blank is between the parts of the request line (§3.1.2.9)."""
        self.refused("lwsstart", 400)

    def test_trws(self) -> None:
        """No blank ends the request line (§3.1.2.10)."""
        self.refused("trws", 400)

    def test_escruri(self) -> None:
        """Headers in the Request-URI are seen, so that they can be refused (§3.1.2.11)."""
        message = self.good("escruri")
        parsed = sip_uri.parse(message.uri)
        assert parsed is not None
        self.assertEqual(parsed.headers, b"Route=%3Csip:example.com%3E")

    def test_baddate(self) -> None:
        """Nobody looks at Date (§3.1.2.12)."""
        self.good("baddate")

    def test_regbadct(self) -> None:
        """Nobody looks at Contact (§3.1.2.13)."""
        self.good("regbadct")

    def test_badaspec(self) -> None:
        """No blank is between a bracket and the address (§3.1.2.14)."""
        self.faulty("badaspec", "to_tag")

    def test_baddn(self) -> None:
        """A comma is not in a display name without quotes (§3.1.2.15)."""
        self.faulty("baddn", "from_tag", "to_tag")

    def test_badvers(self) -> None:
        """Another version is answered with 505 (§3.1.2.16)."""
        self.refused("badvers", 505)

    def test_mismatch01(self) -> None:
        """The method of CSeq is given as it is, right or wrong (§3.1.2.17)."""
        message = self.good("mismatch01")
        self.assertEqual((message.method, message.cseq[1]), (b"OPTIONS", b"INVITE"))

    def test_mismatch02(self) -> None:
        """The method of CSeq is given as it is for unknown methods, too (§3.1.2.18)."""
        message = self.good("mismatch02")
        self.assertEqual((message.method, message.cseq[1]), (b"NEWMETHOD", b"INVITE"))

    def test_bigcode(self) -> None:
        """A status has three digits (§3.1.2.19)."""
        self.refused("bigcode", 400)


class SemanticTests(_TortureCase):
    """RFC 4475 §3.2 to §3.4: well formed, but odd."""

    def test_badbranch(self) -> None:
        """A branch that is the magic cookie only is a branch (§3.2.1)."""
        message = self.good("badbranch")
        self.assertEqual(message.via.branch, b"z9hG4bK")

    def test_insuf(self) -> None:
        """Call-ID, From and To must be there (§3.3.1)."""
        self.faulty("insuf", "call_id", "from_tag", "to_tag")

    def test_unkscm(self) -> None:
        """An unknown scheme is for the proxy to refuse (§3.3.2)."""
        message = self.good("unkscm")
        self.assertIsNone(sip_uri.parse(message.uri))

    def test_novelsc(self) -> None:
        """A scheme from elsewhere is for the proxy to refuse (§3.3.3)."""
        message = self.good("novelsc")
        self.assertIsNone(sip_uri.parse(message.uri))

    def test_unksm2(self) -> None:
        """To and From may have any scheme (§3.3.4)."""
        message = self.good("unksm2")
        self.assertEqual(
            (message.reader.to_uri, message.reader.from_uri), (b"isbn:2983792873", b"http://www.example.com")
        )

    def test_bext01(self) -> None:
        """Option tags are found (§3.3.5)."""
        message = self.good("bext01")
        self.assertEqual(message.require, (b"nothingsupportsthis", b"nothingsupportsthiseither"))
        self.assertEqual(message.proxy_require, (b"noproxiessupportthis", b"nordoanyproxiessupportthis"))

    def test_invut(self) -> None:
        """Nobody looks at Content-Type (§3.3.6)."""
        self.good("invut")

    def test_regaut01(self) -> None:
        """Nobody looks at Authorization (§3.3.7)."""
        self.good("regaut01")

    def test_multi01(self) -> None:
        """What may be there once must not be there twice (§3.3.8)."""
        self.faulty("multi01", "call_id", "cseq", "from_tag", "to_tag", "max_forwards")

    def test_mcl01(self) -> None:
        """Two values of Content-Length leave no body (§3.3.9)."""
        self.refused("mcl01", 400)

    def test_bcast(self) -> None:
        """A broadcast address in Via is an address (§3.3.10)."""
        message = self.good("bcast")
        self.assertEqual(message.vias[1].host, b"255.255.255.255")

    def test_zeromf(self) -> None:
        """Max-Forwards may be 0 (§3.3.11)."""
        message = self.good("zeromf")
        hops = message.max_forwards
        assert hops is not None
        self.assertEqual(hops[0], 0)

    def test_cparam01(self) -> None:
        """Nobody looks at the parameters of Contact (§3.3.12)."""
        self.good("cparam01")

    def test_cparam02(self) -> None:
        """Nobody looks at the URI parameters in Contact (§3.3.13)."""
        self.good("cparam02")

    def test_regescrt(self) -> None:
        """Nobody looks at the headers of the URI in Contact (§3.3.14)."""
        message = self.good("regescrt")
        self.assertEqual(message.routes, [])

    def test_sdp01(self) -> None:
        """Nobody looks at Accept (§3.3.15)."""
        self.good("sdp01")

    def test_inv2543(self) -> None:
        """What RFC 2543 did without may be missing: branch, tag, Max-Forwards, Content-Length (§3.4.1)."""
        message = self.good("inv2543")
        self.assertEqual(
            (message.via.branch, message.from_tag, message.max_forwards, message.content_length),
            (b"", None, None, None),
        )
        self.assertEqual(message.reader.to_uri, b"sip:+16505552222@ss1.example.net")


class Ipv6Tests(_TortureCase):
    """RFC 5118 §4."""

    def host(self, message: Message) -> tuple[bytes, int]:
        """Host and port of the Request-URI."""
        parsed = sip_uri.parse(message.uri)
        assert parsed is not None
        return parsed.host, parsed.port_number

    def test_ipv6_good(self) -> None:
        """An address in brackets is a host (§4.1)."""
        message = self.good("ipv6-good")
        self.assertEqual(self.host(message), (b"[2001:db8::10]", 0))
        self.assertEqual(message.via.host, b"[2001:db8::9:1]")

    def test_ipv6_bad(self) -> None:
        """An address without brackets makes no URI (§4.2)."""
        message = self.good("ipv6-bad")
        self.assertIsNone(sip_uri.parse(message.uri))

    def test_port_ambiguous(self) -> None:
        """What is in the brackets is no port (§4.3)."""
        message = self.good("port-ambiguous")
        self.assertEqual(self.host(message), (b"[2001:db8::10:5070]", 0))

    def test_port_unambiguous(self) -> None:
        """What follows the brackets is the port (§4.4)."""
        message = self.good("port-unambiguous")
        self.assertEqual(self.host(message), (b"[2001:db8::10]", 5070))

    def test_via_received_param_with_delim(self) -> None:
        """The address in received may have brackets (§4.5)."""
        message = self.good("via-received-param-with-delim")
        self.assertEqual(message.via.received, b"[2001:db8::9:255]")

    def test_via_received_param_no_delim(self) -> None:
        """The address in received needs no brackets (§4.5)."""
        message = self.good("via-received-param-no-delim")
        self.assertEqual(message.via.received, b"2001:db8::9:255")
        self.assertEqual(message.via.branch, b"z9hG4bKas3")

    def test_ipv6_in_sdp(self) -> None:
        """Nobody looks at addresses in the body (§4.6)."""
        message = self.good("ipv6-in-sdp")
        self.assertEqual(self.host(message), (b"[2001:db8::10]", 0))

    def test_mult_ip_in_header(self) -> None:
        """Both kinds of address may be in Via (§4.7)."""
        message = self.good("mult-ip-in-header")
        self.assertEqual(
            [(via.host, via.port) for via in message.vias],
            [(b"[2001:db8::9:1]", 6050), (b"192.0.2.1", 0), (b"[2001:db8::9:255]", 0)],
        )

    def test_mult_ip_in_sdp(self) -> None:
        """Nobody looks at how many addresses a body has (§4.8)."""
        self.good("mult-ip-in-sdp")

    def test_ipv4_mapped_ipv6(self) -> None:
        """An IPv4 address may be the end of an IPv6 address (§4.9)."""
        message = self.good("ipv4-mapped-ipv6")
        self.assertEqual(
            [(via.host, via.port) for via in message.vias],
            [(b"[::ffff:192.0.2.10]", 19823), (b"[::ffff:192.0.2.2]", 0)],
        )

    def test_ipv6_bug_abnf_3_colons(self) -> None:
        """Three colons, which an erratum of the grammar allowed, are tolerated (§4.10)."""
        message = self.good("ipv6-bug-abnf-3-colons")
        self.assertEqual(self.host(message), (b"[2001:db8:::192.0.2.1]", 0))
        self.assertEqual(message.reader.to_uri, b"sip:user@[2001:db8:::192.0.2.1]")

    def test_ipv6_correct_abnf_2_colons(self) -> None:
        """Two colons are right (§4.10)."""
        message = self.good("ipv6-correct-abnf-2-colons")
        self.assertEqual(self.host(message), (b"[2001:db8::192.0.2.1]", 0))


class CompletenessTests(SynchronousTestCase):
    def test_each_message_has_a_test(self) -> None:
        """All 49 messages of RFC 4475 and 12 of RFC 5118 are there, and have a test that is named for them."""
        names = {path.stem.replace("-", "_") for path in TORTURE.glob("*.dat")}
        self.assertEqual(len(names), 49 + 12)
        cases = (ValidTests, InvalidTests, SemanticTests, Ipv6Tests)
        tests = {name.removeprefix("test_") for case in cases for name in vars(case) if name.startswith("test_")}
        self.assertEqual(tests, names)
