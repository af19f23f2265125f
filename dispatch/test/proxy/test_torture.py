"""The messages of RFC 4475 and RFC 5118 through the whole engine, one test each: passed on, answered or dropped."""

from __future__ import annotations

import re
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.route_config import RouteConfig
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.sip.corpora import TORTURE
from dispatch.test.wire import FakeTransport

GATEWAY: Final = ("192.0.2.71", 5071)
RECEIVED: Final = b";received=192.0.2.9"
# Our own lines: Record-Route only where a dialog may begin.
_ADDED: Final = re.compile(
    rb"(?:Record-Route: <sip:[^\r]+;lr;ds=[0-9a-f]{16}>\r\n)*"
    rb"Via: SIP/2\.0/UDP (?:192\.0\.2\.1|\[2001:db8::1\]):5060;branch=z9hG4bKd[^\r]+\r\n"
)
Change = tuple[bytes, bytes]


def read(name: str) -> bytes:
    """The bytes of a message."""
    return (TORTURE / f"{name}.dat").read_bytes()


class _TortureCase(SynchronousTestCase):
    def passed_on(self, name: str, *changes: Change, drop: bytes = b"") -> None:
        """It goes to the first gateway, these texts changed, our lines added and no other byte touched.

        Args:
            changes: text, and what becomes of it.
            drop: what stands behind the end of the message.
        """
        raw = read(name)
        for relay in ("stateful", "stateless"):
            farm = Farm(route=RouteConfig(relay=relay))
            farm.receive(raw)
            sent = farm.net.take()
            if raw.startswith(b"INVITE") and relay == "stateful":
                self.assertTrue(sent.pop(0)[0].startswith(b"SIP/2.0 100 Trying\r\n"))
            ((out, remote),) = sent
            self.assertEqual(remote, GATEWAY)
            self.assertEqual(b";lr;ds=" in out, raw.startswith(b"INVITE"))
            self.unharmed(raw, out, *changes, drop=drop)

    def unharmed(self, raw: bytes, out: bytes, *changes: Change, drop: bytes = b"") -> None:
        """`out` is `raw` with these changes and our lines, and nothing was logged as a failure."""
        expected = raw.removesuffix(drop)
        for before, after in changes:
            self.assertEqual(expected.count(before), 1, before)
            expected = expected.replace(before, after)
        self.assertEqual(_ADDED.sub(b"", out, count=1), expected)
        self.assertEqual(self.flushLoggedErrors(), [])

    def answered(self, name: str, status: int, *headers: bytes, port: int = CALLER[1]) -> None:
        """It gets this answer, sent to where it came from at the port of its Via, and reaches no gateway."""
        for relay in ("stateful", "stateless"):
            farm = Farm(route=RouteConfig(relay=relay))
            farm.receive(read(name))
            ((out, remote),) = farm.net.take()
            self.assertEqual((out[:12], remote), (b"SIP/2.0 %d " % status, (CALLER[0], port)))
            self.assertTrue(out.endswith(b"\r\nContent-Length: 0\r\n\r\n"))
            for line in headers:
                self.assertIn(b"\r\n%b\r\n" % line, out)
            self.assertEqual(self.flushLoggedErrors(), [])

    def ignored(self, name: str) -> None:
        """Nothing leaves, and nothing was logged as a failure."""
        farm = Farm()
        farm.receive(read(name))
        self.assertEqual(farm.lines(), [])
        self.assertEqual(self.flushLoggedErrors(), [])


def hops(count: int) -> Change:
    """Max-Forwards, one less."""
    return b"Max-Forwards: %d\r\n" % count, b"Max-Forwards: %d\r\n" % (count - 1)


def noted(via: bytes) -> Change:
    """A Via line that ends so gets the address that the message came from."""
    return b"%b\r\n" % via, b"%b%b\r\n" % (via, RECEIVED)


class ValidTests(_TortureCase):
    """RFC 4475 §3.1.1."""

    def test_wsinv(self) -> None:
        """It has a To tag and is not ours to carry: 403; from a name of ours it follows its Route (§3.1.1.1)."""
        self.answered("wsinv", 403)
        raw = read("wsinv")
        farm = Farm(aliases=(b"192.0.2.9",), names={"services.example.com": "192.0.2.77"})
        farm.receive(raw)
        trying, (out, remote) = farm.net.take()
        self.assertTrue(trying[0].startswith(b"SIP/2.0 100 "))
        self.assertEqual(remote, ("192.0.2.77", 5060))
        self.unharmed(
            raw,
            out,
            (b"MaX-fOrWaRdS: 0068\r\n", b"MaX-fOrWaRdS: 67\r\n"),
            noted(b"192.0.2.2;branch=390skdjuw"),
        )

    def test_intmeth(self) -> None:
        """A method of odd letters is a method (§3.1.1.2)."""
        self.passed_on("intmeth", hops(255), noted(b";branch=z9hG4bK-.!%66*_+`'~"))

    def test_esc01(self) -> None:
        """Escapes are passed on as they came (§3.1.1.3)."""
        self.passed_on("esc01", hops(87), noted(b"host5.example.net;branch=z9hG4bKkdjuw"))

    def test_escnull(self) -> None:
        """An escaped NUL is passed on as it came (§3.1.1.4)."""
        self.passed_on("escnull", hops(70), noted(b"host5.example.com;branch=z9hG4bKkdjuw"))

    def test_esc02(self) -> None:
        """A percent sign in a method is no escape (§3.1.1.5)."""
        self.passed_on("esc02", hops(70), noted(b"host.example.com;branch=z9hG4bK209%fzsnel234"))

    def test_lwsdisp(self) -> None:
        """A display name without a blank behind it is passed on as it came (§3.1.1.6)."""
        self.passed_on("lwsdisp", hops(70), noted(b"funky.example.com;branch=z9hG4bKkdjuw"))

    def test_longreq(self) -> None:
        """Long values, and 34 Via lines in any spelling, are passed on as they came (§3.1.1.7)."""
        self.passed_on("longreq", hops(70), noted(b"sip33.example.com"))

    def test_dblreq(self) -> None:
        """What follows the message in its datagram is dropped, and is no second request (§3.1.1.8)."""
        raw = read("dblreq")
        second = raw[raw.index(b"\r\n\r\n") + 4 :]
        self.assertIn(b"INVITE sip:joe@example.com", second)
        self.passed_on("dblreq", hops(8), noted(b"192.0.2.125;branch=z9hG4bKkdjuw23492"), drop=second)

    def test_semiuri(self) -> None:
        """A semicolon before the at sign belongs to the user (§3.1.1.9)."""
        self.passed_on("semiuri", hops(3), noted(b"192.0.2.1;branch=z9hG4bKkdjuw"))

    def test_transports(self) -> None:
        """Any transport may stand in the Via lines below ours (§3.1.1.10)."""
        self.passed_on("transports", hops(70), noted(b"UDP t1.example.com;branch=z9hG4bKkdjuw"))

    def test_mpart01(self) -> None:
        """A body of any bytes stays whole; rport is answered; the Route of an initial request goes (§3.1.1.11)."""
        self.passed_on(
            "mpart01",
            hops(70),
            (b";rport\r\n", b";rport=5060" + RECEIVED + b"\r\n"),
            (b"Route: <sip:127.0.0.1:5080>\r\n", b""),
        )

    def test_unreason(self) -> None:
        """A response that nothing waits for is dropped, whatever bytes its reason has (§3.1.1.12)."""
        self.ignored("unreason")

    def test_noreason(self) -> None:
        """A response that nothing waits for is dropped, with a reason or without (§3.1.1.13)."""
        self.ignored("noreason")


class InvalidTests(_TortureCase):
    """RFC 4475 §3.1.2."""

    def test_badinv01(self) -> None:
        """A broken Via gets 400 (§3.1.2.1)."""
        self.answered("badinv01", 400)

    def test_clerr(self) -> None:
        """A body shorter than its Content-Length gets 400 on UDP (§3.1.2.2)."""
        self.answered("clerr", 400)

    def test_ncl(self) -> None:
        """A negative Content-Length gets 400 (§3.1.2.3)."""
        self.answered("ncl", 400)

    def test_scalar02(self) -> None:
        """A CSeq over 31 bits gets 400 (§3.1.2.4)."""
        self.answered("scalar02", 400)

    def test_scalarlg(self) -> None:
        """A response with numbers out of range is dropped (§3.1.2.5)."""
        self.ignored("scalarlg")

    def test_quotbal(self) -> None:
        """A quote that is not closed in To gets 400 (§3.1.2.6)."""
        self.answered("quotbal", 400, port=5050)

    def test_ltgtruri(self) -> None:
        """A Request-URI in brackets gets 400 (§3.1.2.7)."""
        self.answered("ltgtruri", 400)

    def test_lwsruri(self) -> None:
        """A blank in the Request-URI gets 400 (§3.1.2.8)."""
        self.answered("lwsruri", 400)

    def test_lwsstart(self) -> None:
        """More than one blank between the parts of the request line gets 400 (§3.1.2.9)."""
        self.answered("lwsstart", 400)

    def test_trws(self) -> None:
        """A blank at the end of the request line gets 400 (§3.1.2.10)."""
        self.answered("trws", 400)

    def test_escruri(self) -> None:
        """Headers in the Request-URI get 400: nobody may have a Route put in by us (§3.1.2.11)."""
        self.answered("escruri", 400)

    def test_baddate(self) -> None:
        """A proxy does not look at Date (§3.1.2.12)."""
        self.passed_on("baddate", hops(70), noted(b"host.example.com;branch=z9hG4bKkdjuw"))

    def test_regbadct(self) -> None:
        """A proxy does not look at Contact (§3.1.2.13)."""
        self.passed_on("regbadct", hops(70), noted(b"135.180.130.133:5060;branch=z9hG4bKkdjuw"))

    def test_badaspec(self) -> None:
        """Blanks between the brackets and the address in To get 400 (§3.1.2.14)."""
        self.answered("badaspec", 400)

    def test_baddn(self) -> None:
        """A comma in a display name without quotes gets 400 (§3.1.2.15)."""
        self.answered("baddn", 400)

    def test_badvers(self) -> None:
        """Another version of SIP gets 505 (§3.1.2.16)."""
        self.answered("badvers", 505)

    def test_mismatch01(self) -> None:
        """Another method in CSeq gets 400 (§3.1.2.17)."""
        self.answered("mismatch01", 400)

    def test_mismatch02(self) -> None:
        """Another method in CSeq gets 400, be the method known or not (§3.1.2.18)."""
        self.answered("mismatch02", 400)

    def test_bigcode(self) -> None:
        """A response with a status of many digits is dropped (§3.1.2.19)."""
        self.ignored("bigcode")


class SemanticTests(_TortureCase):
    """RFC 4475 §3.2 to §3.4: well formed, but odd."""

    def test_badbranch(self) -> None:
        """A branch that is nothing but the magic cookie is passed on below our own (§3.2.1)."""
        self.passed_on("badbranch", hops(3), noted(b"192.0.2.1;branch=z9hG4bK"))

    def test_insuf(self) -> None:
        """A request without Call-ID, From and To gets 400 (§3.3.1)."""
        self.answered("insuf", 400)

    def test_unkscm(self) -> None:
        """An unknown scheme in the Request-URI gets 416 (§3.3.2)."""
        self.answered("unkscm", 416)

    def test_novelsc(self) -> None:
        """A scheme that is none of SIP's in the Request-URI gets 416 (§3.3.3)."""
        self.answered("novelsc", 416)

    def test_unksm2(self) -> None:
        """To and From may have any scheme (§3.3.4)."""
        self.passed_on("unksm2", hops(70), noted(b"192.0.2.21:5060;branch=z9hG4bKkdjuw"))

    def test_bext01(self) -> None:
        """A Proxy-Require gets 420, and the tags that we don't know; Require is not for us (§3.3.5)."""
        self.answered("bext01", 420, b"Unsupported: noproxiessupportthis, nordoanyproxiessupportthis")

    def test_invut(self) -> None:
        """A proxy does not look at Content-Type (§3.3.6)."""
        self.passed_on("invut", hops(70), noted(b"somehost.example.com;branch=z9hG4bKkdjuw"))

    def test_regaut01(self) -> None:
        """A proxy does not look at Authorization (§3.3.7)."""
        self.passed_on("regaut01", hops(8), noted(b"192.0.2.253;branch=z9hG4bKkdjuw"))

    def test_multi01(self) -> None:
        """What may be there once and is there twice gets 400 (§3.3.8)."""
        self.answered("multi01", 400)

    def test_mcl01(self) -> None:
        """Two values of Content-Length get 400 (§3.3.9)."""
        self.answered("mcl01", 400)

    def test_bcast(self) -> None:
        """A response is not sent to the broadcast address that its second Via names (§3.3.10)."""
        self.ignored("bcast")

    def test_zeromf(self) -> None:
        """OPTIONS with Max-Forwards 0 is answered by us (§3.3.11, RFC 3261 §16.3 step 3)."""
        self.answered("zeromf", 200)

    def test_cparam01(self) -> None:
        """A proxy does not look at the parameters of Contact (§3.3.12)."""
        self.passed_on("cparam01", hops(70), noted(b"saturn.example.com:5060;branch=z9hG4bKkdjuw"))

    def test_cparam02(self) -> None:
        """A proxy does not look at the URI in Contact (§3.3.13)."""
        self.passed_on("cparam02", hops(70), noted(b"saturn.example.com:5060;branch=z9hG4bKkdjuw"))

    def test_regescrt(self) -> None:
        """A Route within the URI in Contact is no Route (§3.3.14)."""
        self.passed_on("regescrt", hops(70), noted(b"host5.example.com;branch=z9hG4bKkdjuw"))

    def test_sdp01(self) -> None:
        """A proxy does not look at Accept (§3.3.15)."""
        self.passed_on("sdp01", hops(5), noted(b"192.0.2.15;branch=z9hG4bKkdjuw"))

    def test_inv2543(self) -> None:
        """What RFC 2543 did without may be missing; Max-Forwards is added, the strict Record-Route stays (§3.4.1)."""
        self.passed_on(
            "inv2543",
            noted(b"Via: SIP/2.0/UDP iftgw.example.com"),
            (b"Content-Type: application/sdp\r\n", b"Content-Type: application/sdp\r\nMax-Forwards: 70\r\n"),
        )


class Ipv6Tests(_TortureCase):
    """RFC 5118 §4."""

    def test_ipv6_good(self) -> None:
        """An address in brackets is a host (§4.1)."""
        self.passed_on("ipv6-good", hops(70), noted(b"[2001:db8::9:1];branch=z9hG4bKas3-111"))

    def test_ipv6_bad(self) -> None:
        """An address without brackets in the Request-URI gets 400 (§4.2)."""
        self.answered("ipv6-bad", 400)

    def test_port_ambiguous(self) -> None:
        """What may be meant as a port is not taken out of the brackets (§4.3)."""
        self.passed_on("port-ambiguous", hops(70), noted(b"[2001:db8::9:1];branch=z9hG4bKas3-111"))

    def test_port_unambiguous(self) -> None:
        """A port behind the brackets is a port (§4.4)."""
        self.passed_on("port-unambiguous", hops(70), noted(b"[2001:db8::9:1];branch=z9hG4bKas3-111"))

    def test_via_received_param_with_delim(self) -> None:
        """It has a To tag and is not ours to carry: 403; from a name of ours it goes on, received set right (§4.5)."""
        self.answered("via-received-param-with-delim", 403)
        raw = read("via-received-param-with-delim")
        six = FakeTransport(host="2001:db8::1", sent_by=b"[2001:db8::1]:5060")
        farm = Farm(transports=(six,), aliases=(b"[2001:db8::9:254]",))
        farm.receive(raw, ("2001:db8::9:254", 5060))
        ((out, remote),) = six.take()
        self.assertEqual(remote, ("2001:db8::10", 5060))
        self.unharmed(raw, out, hops(70), (b";received=[2001:db8::9:255];", b";received=2001:db8::9:254;"))

    def test_via_received_param_no_delim(self) -> None:
        """What the peer wrote as received gives way to the address it has (§4.5)."""
        self.passed_on("via-received-param-no-delim", hops(70), (b";received=2001:db8::9:255;", RECEIVED + b";"))

    def test_ipv6_in_sdp(self) -> None:
        """A proxy does not look at addresses in the body; it ends where Content-Length says (§4.6)."""
        self.passed_on("ipv6-in-sdp", hops(70), noted(b"[2001:db8::20];branch=z9hG4bKas3-111"), drop=b"98/90000\r\n")

    def test_mult_ip_in_header(self) -> None:
        """It has a To tag and is not ours to carry: 403; to a name of ours it goes on (§4.7)."""
        self.answered("mult-ip-in-header", 403, port=6050)
        raw = read("mult-ip-in-header")
        farm = Farm(aliases=(b"192.0.2.9",), names={"host.example.net": "192.0.2.77"})
        farm.receive(raw)
        ((out, remote),) = farm.net.take()
        self.assertEqual(remote, ("192.0.2.77", 5060))
        self.unharmed(raw, out, hops(70), noted(b"[2001:db8::9:1]:6050;branch=z9hG4bKas3-111"))

    def test_mult_ip_in_sdp(self) -> None:
        """A proxy does not look at how many addresses a body has; it ends where Content-Length says (§4.8)."""
        self.passed_on("mult-ip-in-sdp", hops(70), noted(b"[2001:db8::9:1];branch=z9hG4bKas3-111"), drop=b"/90000\r\n")

    def test_ipv4_mapped_ipv6(self) -> None:
        """An IPv4 address may be the end of an IPv6 address (§4.9)."""
        self.passed_on(
            "ipv4-mapped-ipv6", hops(70), noted(b"[::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19"), drop=b"8/90000\r\n"
        )

    def test_ipv6_bug_abnf_3_colons(self) -> None:
        """Three colons, which an erratum of the grammar allowed, are tolerated (§4.10)."""
        self.passed_on("ipv6-bug-abnf-3-colons", hops(70), noted(b"lab1.east.example.com;branch=z9hG4bKas3-111"))

    def test_ipv6_correct_abnf_2_colons(self) -> None:
        """Two colons are right (§4.10)."""
        self.passed_on("ipv6-correct-abnf-2-colons", hops(70), noted(b"lab1.east.example.com;branch=z9hG4bKas3-111"))


class CompletenessTests(SynchronousTestCase):
    def test_each_message_has_a_test(self) -> None:
        """All 49 messages of RFC 4475 and 12 of RFC 5118 have a test that is named for them."""
        names = {path.stem.replace("-", "_") for path in TORTURE.glob("*.dat")}
        self.assertEqual(len(names), 49 + 12)
        cases = (ValidTests, InvalidTests, SemanticTests, Ipv6Tests)
        tests = {name.removeprefix("test_") for case in cases for name in vars(case) if name.startswith("test_")}
        self.assertEqual(tests, names)
