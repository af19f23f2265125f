"""Tests of dispatch.proxy.request."""

from __future__ import annotations

from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.proxy.request import MAX_FORWARDS, check, hops_edit, is_loop, loop_hash, received_edit, route_cuts
from dispatch.service.route_config import RouteConfig
from dispatch.sip.message import Message, splice
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.wire import FakeTransport, header, request

WAYS: Final = (None, False)  # by the quick patterns, by the full reader


class CheckTests(SynchronousTestCase):
    """RFC 3261 §16.3."""

    def assert_status(self, data: bytes, status: int) -> None:
        """The check of this request fails with this status; 0: it passes."""
        for usual in WAYS:
            message = Message(data, usual)
            if status:
                self.assertEqual(self.assertRaises(ParseError, check, message).status, status, data)
            else:
                check(message)

    def test_passes(self) -> None:
        """A request that has what it must have passes."""
        for method in (b"INVITE", b"ACK", b"BYE", b"OPTIONS", b"PING-PONG"):
            self.assert_status(request(method), 0)

    def test_what_must_be_there(self) -> None:
        """Without Call-ID, CSeq, From or To it is 400 (§8.1.1)."""
        for name in (b"Call-ID", b"CSeq", b"From", b"To"):
            line = next(line for line in request().split(b"\r\n") if line.startswith(name + b":"))
            self.assert_status(request().replace(line + b"\r\n", b""), 400)

    def test_max_forwards_need_not_be_there(self) -> None:
        """Max-Forwards may be missing, as in RFC 2543 (§16.3 step 3)."""
        self.assert_status(request().replace(b"Max-Forwards: 70\r\n", b""), 0)

    def test_what_may_be_there_once(self) -> None:
        """Two of Call-ID, CSeq, From, To or Max-Forwards are 400: gateways differ in which one they believe."""
        for line in (
            b"Call-ID: call-2",
            b"CSeq: 2 INVITE",
            b"From: <sip:eve@example.com>;tag=e",
            b"To: <sip:eve@example.com>",
            b"Max-Forwards: 3",
            b"t: <sip:eve@example.com>",
        ):
            self.assert_status(request(headers=line + b"\r\n"), 400)

    def test_cseq(self) -> None:
        """The method of CSeq must be that of the request line, in the same case (§8.1.1.5)."""
        for text in (b"1 BYE", b"1 invite", b"INVITE", b"x INVITE", b"2147483648 INVITE"):
            self.assert_status(request().replace(b"CSeq: 1 INVITE", b"CSeq: " + text), 400)
        self.assert_status(request(cseq=2147483647), 0)

    def test_empty_call_id(self) -> None:
        """An empty Call-ID is 400."""
        self.assert_status(request(call_id=b""), 400)
        self.assert_status(request(call_id=b"  "), 400)

    def test_a_broken_to(self) -> None:
        """A To that can't be read is 400: its tag says whether the request begins something."""
        for value in (b"<sip:bob@example.com", b'"Bob <sip:bob@example.com>', b""):
            self.assert_status(request().replace(b"To: <sip:bob@example.com>", b"To: " + value), 400)

    def test_a_broken_from(self) -> None:
        """A From that can't be read is 400; inside a dialog only where the full reader reads the rest, too."""
        for to_tag in (b"", b"t"):
            data = request(to_tag=to_tag).replace(b"From: <sip:alice@example.com>", b"From: <sip:alice@example.com")
            self.assertEqual(self.assertRaises(ParseError, check, Message(data, usual=False)).status, 400)
            if to_tag:
                check(Message(data))
            else:
                self.assertEqual(self.assertRaises(ParseError, check, Message(data)).status, 400)

    def test_a_line_feed_alone(self) -> None:
        """A line feed without carriage return in the headers is 400, in the body it is nothing."""
        self.assert_status(request(headers=b"X-A: b\nRoute: <sip:evil.example>\r\n"), 400)
        self.assert_status(request(body=b"v=0\no=x\n"), 0)

    def test_scheme(self) -> None:
        """A Request-URI that we can't route by is 416, if it is a URI at all (§16.3 step 2)."""
        for uri, status in (
            (b"sip:example.com", 0),
            (b"SIPS:bob@example.com", 0),
            (b"sips:bob@example.com", 0),
            (b"tel:+1-212-555-0101", 0),
            (b"sip:b;x=y:z@[2001:db8::1]:5080;lr;p=%20", 0),
            (b"http://example.com", 416),
            (b"urn:service:sos", 0),
            (b"nobodyKnowsThisScheme:totallyopaquecontent", 416),
            (b"sip:", 400),
            (b"sip:bob@", 400),
            (b"sip:bob@example.com:x", 400),
            (b"sip:bob@2001:db8::1", 400),
            (b"bob", 400),
        ):
            self.assert_status(request(uri=uri), status)

    def test_headers_in_the_request_uri(self) -> None:
        """Headers are not allowed in a Request-URI: 400 (§19.1.1)."""
        self.assert_status(request(uri=b"sip:bob@example.com?Route=%3Csip:evil.example%3E"), 400)

    def test_max_forwards(self) -> None:
        """Max-Forwards 0 is 483, out of its range 400 (§16.3 step 3)."""
        for value, status in (
            (b"0", 483),
            (b"000", 483),
            (b"1", 0),
            (b"255", 0),
            (b"256", 400),
            (b"-1", 400),
            (b"x", 400),
        ):
            self.assert_status(request(max_forwards=value), status)

    def test_the_last_hop_of_options(self) -> None:
        """An OPTIONS that may go no further may be answered by us, but not inside a dialog that is not ours."""
        self.assert_status(request(b"OPTIONS", max_forwards=b"0"), 0)
        self.assert_status(request(b"OPTIONS", max_forwards=b"0", to_tag=b"t"), 483)

    def test_proxy_require(self) -> None:
        """Any tag in Proxy-Require is 420, but not in ACK and CANCEL; Require is not for us (§16.3 step 5)."""
        for method, status in ((b"INVITE", 420), (b"OPTIONS", 420), (b"ACK", 0), (b"CANCEL", 0)):
            self.assert_status(request(method, headers=b"Proxy-Require: foo\r\n"), status)
            self.assert_status(request(method, headers=b"proxy-require :\r\n foo, bar\r\n"), status)
            self.assert_status(request(method, headers=b"Require: 100rel\r\n"), 0)


class ReceivedTests(SynchronousTestCase):
    """RFC 3261 §18.2.1, RFC 3581 §4."""

    def noted(self, value: bytes, source: tuple[str, int] = CALLER) -> bytes:
        """What becomes of this top Via value."""
        data = request().replace(b"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1", value)
        flow = FakeTransport().flow_to(*source)
        outs = set()
        for usual in WAYS:
            edit = received_edit(Message(data, usual), flow)
            outs.add(header(splice(data, [] if edit is None else [edit]), b"Via")[0])
        (out,) = outs
        return out

    def test_the_truth_stays(self) -> None:
        """A Via that names the address it comes from is left alone, whatever the port."""
        for value in (b"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa", b"SIP/2.0/UDP 192.0.2.9:9;x;branch=z9hG4bKa;y=z"):
            self.assertEqual(self.noted(value), value)
        value = b"SIP/2.0/UDP [2001:db8::9];branch=z9hG4bKa"
        self.assertEqual(self.noted(value, ("2001:db8::9", 5060)), value)

    def test_another_address(self) -> None:
        """A name or another address gets received at its end; IPv6 is written without brackets."""
        for host in (b"pc.example.com", b"192.0.2.10", b"[2001:db8::9]"):
            value = b"SIP/2.0/UDP %b;branch=z9hG4bKa;x=y" % host
            self.assertEqual(self.noted(value), value + b";received=192.0.2.9")
        value = b"SIP/2.0/UDP pc.example.com;branch=z9hG4bKa"
        self.assertEqual(self.noted(value, ("2001:db8::9", 5060)), value + b";received=2001:db8::9")

    def test_rport(self) -> None:
        """Who asks by rport gets port and address, also when they are what Via says."""
        for host in (b"192.0.2.9", b"pc.example.com:7000"):
            self.assertEqual(
                self.noted(b"SIP/2.0/UDP %b;rport;branch=z9hG4bKa" % host, ("192.0.2.9", 40000)),
                b"SIP/2.0/UDP %b;rport=40000;received=192.0.2.9;branch=z9hG4bKa" % host,
            )

    def test_forged(self) -> None:
        """What the sender wrote as received or rport gives way to the truth."""
        for before, after in (
            (b"192.0.2.9;received=203.0.113.1;branch=z9hG4bKa", b"192.0.2.9;branch=z9hG4bKa"),
            (b"a.b;received=203.0.113.1;branch=z9hG4bKa", b"a.b;received=192.0.2.9;branch=z9hG4bKa"),
            (b"a.b;rport=1;branch=z9hG4bKa", b"a.b;rport=5060;received=192.0.2.9;branch=z9hG4bKa"),
            (b"a.b;rport=1;received=x;branch=z9hG4bKa", b"a.b;rport=5060;received=192.0.2.9;branch=z9hG4bKa"),
            (b"a.b;received=x;q;rport;branch=z9hG4bKa", b"a.b;q;rport=5060;received=192.0.2.9;branch=z9hG4bKa"),
        ):
            self.assertEqual(self.noted(b"SIP/2.0/UDP " + before), b"SIP/2.0/UDP " + after)

    def test_only_the_topmost(self) -> None:
        """The values behind the first are not ours to touch."""
        self.assertEqual(
            self.noted(b"SIP/2.0/UDP a.b;branch=z9hG4bKa, SIP/2.0/UDP c.d;branch=z9hG4bKc"),
            b"SIP/2.0/UDP a.b;branch=z9hG4bKa;received=192.0.2.9, SIP/2.0/UDP c.d;branch=z9hG4bKc",
        )


class HopsTests(SynchronousTestCase):
    """RFC 3261 §16.6 step 3."""

    def test_counts_down(self) -> None:
        """Max-Forwards is one less, and only its digits change."""
        for line, expected in (
            (b"Max-Forwards: 70", b"Max-Forwards: 69"),
            (b"Max-Forwards: 1", b"Max-Forwards: 0"),
            (b"Max-Forwards:10 ", b"Max-Forwards:9 "),
            (b"mAX-fORWARDS\t:\r\n 0068", b"mAX-fORWARDS\t:\r\n 67"),
        ):
            data = request().replace(b"Max-Forwards: 70", line)
            for usual in WAYS:
                out = splice(data, [hops_edit(Message(data, usual))])
                self.assertEqual(out, data.replace(line, expected))

    def test_is_added(self) -> None:
        """A request without it gets 70, as its last header."""
        data = request(body=b"v=0\r\n\r\n").replace(b"Max-Forwards: 70\r\n", b"")
        out = splice(data, [hops_edit(Message(data))])
        self.assertEqual(MAX_FORWARDS, 70)
        self.assertEqual(out, data.replace(b"\r\n\r\nv=0", b"\r\nMax-Forwards: 70\r\n\r\nv=0"))


class RouteCutsTests(SynchronousTestCase):
    def test_all_go(self) -> None:
        """Every line of Route goes, however it is written; nothing else does."""
        rest = b"X-Route: a\r\nRecord-Route: <sip:a;lr>\r\n"
        for lines in (
            b"",
            b"Route: <sip:a;lr>\r\n",
            b"Route: <sip:a;lr>\r\nRoute: <sip:b;lr>, <sip:c;lr>\r\n",
            b"ROUTE :\r\n <sip:a;lr>,\r\n\t<sip:b>\r\nroute: <sip:c>\r\n",
        ):
            data = request(headers=lines + rest)
            for usual in WAYS:
                self.assertEqual(splice(data, route_cuts(Message(data, usual))), request(headers=rest))
        data = request(headers=b"Route: <sip:a;lr>\r\n" + rest + b"Route: <sip:b;lr>\r\n")
        for usual in WAYS:
            self.assertEqual(splice(data, route_cuts(Message(data, usual))), request(headers=rest))

    def test_not_in_the_body(self) -> None:
        """What looks like a Route in the body stays."""
        data = request(body=b"x\r\nRoute: <sip:a>\r\n")
        for usual in WAYS:
            self.assertEqual(route_cuts(Message(data, usual)), [])


class LoopTests(SynchronousTestCase):
    """RFC 3261 §16.3 step 4, RFC 5393 §4.2."""

    def test_hash(self) -> None:
        """The hash tells by Request-URI, Call-ID, CSeq number and the Route that is left."""
        base = loop_hash(Message(request()), b"")
        self.assertRegex(base, rb"^[0-9a-f]{8}$")
        for data, leftover in (
            (request(uri=b"sip:carol@example.com"), b""),
            (request(call_id=b"call-2"), b""),
            (request(cseq=2), b""),
            (request(), b"Route: <sip:p1;lr>\r\n"),
        ):
            self.assertNotEqual(loop_hash(Message(data), leftover), base)

    def test_hash_of_what_belongs_together(self) -> None:
        """What changes on the way round makes no other hash, nor do CANCEL and the ACK of a refusal have one."""
        base = loop_hash(Message(request()), b"")
        for data in (
            request(branch=b"z9hG4bKz", max_forwards=b"60", headers=b"Via: SIP/2.0/UDP x;branch=z9hG4bKx\r\n"),
            request(b"CANCEL"),
            request(b"ACK", to_tag=b"t1"),
        ):
            self.assertEqual(loop_hash(Message(data), b""), base)

    def test_own_branches(self) -> None:
        """A loop is where any Via, the first or a later one, has a branch of ours that ends with the hash."""
        ours = (b"z9hG4bKdsA.", b"z9hG4bKdlB.")
        for vias, expected in (
            ((b"z9hG4bKdsA.1.0123abcd",), True),
            ((b"z9hG4bKx", b"z9hG4bKdsA.1.0123abcd"), True),
            ((b"z9hG4bKx", b"z9hG4bKdlB.0.f.0123abcd", b"z9hG4bKy"), True),
            ((b"z9hG4bKdsA.1.aaaaaaaa", b"z9hG4bKdsA.2.0123abcd"), True),
            ((b"z9hG4bKdsA.1.aaaaaaaa",), False),
            ((b"z9hG4bKdsZ.1.0123abcd",), False),
            ((b"z9hG4bK0123abcd",), False),
        ):
            lines = b"".join(b"Via: SIP/2.0/UDP 192.0.2.8;branch=%b\r\n" % branch for branch in vias[1:])
            message = Message(request(branch=vias[0], headers=lines))
            self.assertEqual(is_loop(message, ours, b"0123abcd"), expected, vias)


class RoundTests(SynchronousTestCase):
    """Loops and spirals through the whole engine."""

    def returned(self, sent: bytes, uri: bytes = b"") -> bytes:
        """What a gateway sends back that forwards what it got, perhaps to another Request-URI."""
        via = b"Via: SIP/2.0/UDP 192.0.2.71:5071;branch=z9hG4bKgw%d\r\nVia: " % len(sent)
        out = sent.replace(b"Via: ", via, 1)
        return out if not uri else out.replace(sent.split(b" ")[1], uri, 1)

    def test_a_loop(self) -> None:
        """A request that comes round unchanged gets 482, though the algorithm has moved on meanwhile."""
        for relay in ("stateful", "stateless"):
            farm = Farm(route=RouteConfig(relay=relay))
            farm.receive(self.returned(farm.invite()), ("192.0.2.71", 5071))
            self.assertEqual(farm.lines(), ["SIP/2.0 482 Loop Detected > 5071"], relay)

    def test_a_spiral(self) -> None:
        """A request that comes back for another Request-URI is none that goes round; the second time it is."""
        farm = Farm()
        back = self.returned(farm.invite(), b"sip:carol@example.com")
        second = farm.invite_of(back)
        self.assertTrue(second.startswith(b"INVITE sip:carol@example.com "))
        farm.receive(self.returned(second), ("192.0.2.71", 5071))
        self.assertEqual(farm.lines(), ["SIP/2.0 482 Loop Detected > 5071"])

    def test_back_to_the_first_uri(self) -> None:
        """A spiral that comes back to the Request-URI of an earlier round is a loop."""
        farm = Farm()
        second = farm.invite_of(self.returned(farm.invite(), b"sip:carol@example.com"))
        farm.receive(self.returned(second, b"sip:bob@example.com"), ("192.0.2.71", 5071))
        self.assertEqual(farm.lines(), ["SIP/2.0 482 Loop Detected > 5071"])

    def test_a_neighbour_is_no_loop(self) -> None:
        """The branch of another node of this program is not ours."""
        self.assertTrue(Farm().invite_of(self.returned(Farm().invite())))

    def test_a_later_request_is_no_loop(self) -> None:
        """A gateway that calls back in the same call, its CSeq being another, is heard."""
        farm = Farm()
        back = self.returned(farm.invite()).replace(b"CSeq: 1 ", b"CSeq: 2 ")
        self.assertTrue(farm.invite_of(back))
