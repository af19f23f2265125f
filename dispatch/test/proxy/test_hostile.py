"""What strangers send to make a proxy fall, relay or shout: each row of docs/security.md that needs no socket."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.route_config import RouteConfig
from dispatch.service.sip_config import Limits
from dispatch.sip.message import Message
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.sip.test_agreement import messages
from dispatch.test.wire import FakeTransport, header, request, response_to

GATEWAY: Final = ("192.0.2.71", 5071)
STRANGER: Final = ("203.0.113.9", 5060)
RELAYS: Final = ("stateful", "stateless")
ALL: Final = RouteConfig(algorithm=12)


class HostileCase(SynchronousTestCase):
    def sent(self, data: bytes, source: tuple[str, int] = CALLER, limits: Limits | None = None) -> list[str]:
        """What leaves for it without its 100, the same whichever way we relay, and nothing is logged as a failure."""
        found = []
        for relay in RELAYS:
            farm = Farm(route=RouteConfig(relay=relay), limits=limits)
            farm.receive(data, source)
            found.append([line for line in farm.lines() if " 100 " not in line])
            self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(found[0], found[1])
        return found[0]

    def refused(self, data: bytes, status: int = 400) -> None:
        """It gets this answer and reaches no gateway."""
        lines = self.sent(data)
        self.assertEqual([line[:12] for line in lines], [f"SIP/2.0 {status} "], data)

    def dropped(self, data: bytes) -> None:
        """Nothing leaves."""
        self.assertEqual(self.sent(data), [], data)

    def carried(self, data: bytes) -> None:
        """It reaches a gateway."""
        ((_, remote),) = self.through(data)
        self.assertEqual(remote, GATEWAY)

    def through(self, data: bytes, **how: object) -> list[tuple[bytes, tuple[str, int]]]:
        """What gateways get of it."""
        farm = Farm(**how)  # type: ignore[arg-type]  # passed on
        farm.receive(data)
        return [(out, remote) for out, remote in farm.net.take() if remote != CALLER]


class HeadTests(HostileCase):
    """One head, read alike by everybody."""

    def test_single_headers_twice(self) -> None:
        """What may be there once and is there twice is 400 (RFC 4475 §3.3.8; CVE-2018-14767)."""
        for line in (
            b"From: <sip:x@example.com>;tag=2\r\n",
            b"To: <sip:x@example.com>\r\n",
            b"t: <sip:x@example.com>;tag=\r\n",
            b"Call-ID: other\r\n",
            b"CSeq: 2 INVITE\r\n",
            b"Max-Forwards: 7\r\n",
        ):
            self.refused(request(headers=line))

    def test_max_breadth_twice(self) -> None:
        """So it is with Max-Breadth, where that is looked at (RFC 5393 §5.3.3)."""
        farm = Farm(route=ALL)
        farm.receive(request(headers=b"Max-Breadth: 7\r\nMax-Breadth: 8\r\n"))
        self.assertEqual(farm.lines()[-1], "SIP/2.0 400 Bad Request > 5060")

    def test_lone_line_ends(self) -> None:
        """A CR or an LF alone in the head is 400 (RFC 3261 §25.1: CRLF): a gateway might see one more header there."""
        for lone in (b"\r", b"\n"):
            for data in (
                request(headers=b"X: y%bRoute: <sip:evil.example.net;lr>\r\n" % lone),
                request(headers=b"X: y%b\r\n" % lone),
                request(from_tag=b"f1%bX: y" % lone),
                request(uri=b"sip:bob@example.com%bX: y" % lone),
            ):
                self.refused(data)

    def test_lone_line_ends_of_responses(self) -> None:
        """A reason phrase or header with a CR or LF alone in it is not read as a message of usual layout."""
        for lone in (b"\r", b"\n"):
            answer = response_to(self.through(request())[0][0], 200)
            self.assertTrue(Message(answer).usual)
            for before in (b" Whatever", b"From: "):
                self.assertFalse(Message(answer.replace(before, before + lone)).usual)

    def test_nul(self) -> None:
        """A NUL is 400 wherever a backslash does not quote it (RFC 3261 §25.1: quoted-pair)."""
        for data in (
            request(headers=b"X: y\0z\r\n"),
            request(call_id=b"a\0b"),
            request(uri=b"sip:bob\0@example.com"),
            request(uri=b"sip:bob@example.com;x=\0"),
            request(from_tag=b"a\0b"),
            request(headers=b"Subject\0: x\r\n"),
        ):
            self.refused(data)
        self.carried(request(headers=b'Contact: "a\\\0b" <sip:a@example.com>\r\n'))
        self.carried(request(uri=b"sip:bob%00@example.com"))

    def test_blank_before_the_colon(self) -> None:
        """A header with blanks before its colon is that header (RFC 3261 §7.3.1; ES2020-01), also for a second one."""
        self.refused(request(headers=b"Call-ID : other\r\n"))
        self.refused(request(headers=b"CSeq\t: 2 INVITE\r\n"))
        self.refused(request().replace(b"Content-Length: 0", b"Content-Length \t: 7"))
        ((out, _),) = self.through(request(headers=b"Route : <sip:evil.example.net;lr>\r\n"))
        self.assertNotIn(b"evil", out)

    def test_control_before_the_colon(self) -> None:
        """A name with a control byte in it is no name: it stands for no header of ours and goes on as it came."""
        for odd in (b"\x01", b"\x0b", b"\x7f", b"\xff"):
            self.carried(request(headers=b"Call-ID%b: other\r\n" % odd))

    def test_versions(self) -> None:
        """A request of another version is 505, a response of one is dropped (RFC 4475 §3.1.2.16)."""
        self.refused(request().replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), 505)
        self.dropped(b"SIP/7.0 200 OK" + request()[request().find(b"\r\n") :])

    def test_nothing_but_headers(self) -> None:
        """What has no start line, or no end of its headers, gets no gateway (RFC 4475 §3.3)."""
        whole = request()
        self.dropped(whole[: whole.find(b"Via")])
        self.dropped(b"\r\n".join((b"", *whole.split(b"\r\n")[4:])))
        self.dropped(whole[:-4])

    def test_an_odd_via(self) -> None:
        """A Via that is none is 400 or dropped, and nothing falls (CVE-2018-16657, CVE-2018-8828)."""
        for via in (
            b"SIP/2.0/UDP",
            b",",
            b"SIP/2.0/UDP ,SIP/2.0/UDP a",
            b"SIP/2.0/UDP 192.0.2.9:5060;branch=",
            b"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK;branch=z9hG4bK",
            b"SIP/2.0/UDP [::1",
            b"SIP/2.0/UDP 192.0.2.9;received=;received=",
            b"%s%n/2.0/UDP a",
        ):
            before = b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1\r\n"
            for line in self.sent(request().replace(before, b"Via: %b\r\n" % via)):
                self.assertRegex(line, "^(SIP/2.0 400 |INVITE )", via)


class NumberTests(HostileCase):
    """Numbers that do not fit (RFC 4475 §3.1.2.4, §3.3.15)."""

    def test_cseq(self) -> None:
        """A CSeq beyond 31 bits, or of thousands of digits, is 400 (RFC 3261 §8.1.1.5)."""
        self.carried(request(cseq=2**31 - 1))
        for number in (b"2147483648", b"36893488147419103232", b"9" * 5000, b"-1", b"+1", b"1_0", "٣".encode(), b""):
            self.refused(request().replace(b"CSeq: 1 ", b"CSeq: %b " % number))

    def test_method_of_cseq(self) -> None:
        """A CSeq of another method is 400 (RFC 4475 §3.1.2.17, RFC 3261 §8.1.1.5)."""
        self.refused(request().replace(b"CSeq: 1 INVITE", b"CSeq: 1 OPTIONS"))
        self.refused(request().replace(b"CSeq: 1 INVITE", b"CSeq: 1 invite"))

    def test_port(self) -> None:
        """A port beyond 65535 is 400, in the Request-URI and in Via."""
        for port in (b"65536", b"99999", b"4294972356", b"-1", b"+5", b"5_0", "٣".encode()):
            self.refused(request(uri=b"sip:bob@example.com:" + port))
            self.refused(request(via=b"192.0.2.9:" + port))

    def test_status(self) -> None:
        """A response of a status that is none is dropped (RFC 4475 §3.1.2.19)."""
        sent = self.through(request())[0][0]
        for status in (b"4294967301", b"99", b"700", b"-200", b"+200", b"2_0", "٢٠٠".encode()):
            farm = Farm()
            answer = response_to(farm.invite(), 200)
            farm.receive(answer.replace(b"SIP/2.0 200", b"SIP/2.0 %b" % status), GATEWAY)
            self.assertEqual(farm.lines(), [], status)
        self.assertTrue(sent)

    def test_max_forwards(self) -> None:
        """Max-Forwards beyond 255 is 400 (RFC 3261 §20.22)."""
        for number in (b"256", b"-1", b"+7", b"7_0", b"9" * 5000, "٣".encode(), b""):
            self.refused(request(max_forwards=number))

    def test_expires(self) -> None:
        """A proxy does not read Expires: what does not fit goes on as it came (RFC 3261 §16.3)."""
        for number in (b"4294967296", b"-1", b"9" * 100):
            ((out, _),) = self.through(request(headers=b"Expires: %b\r\n" % number))
            self.assertIn(b"\r\nExpires: %b\r\n" % number, out)


class ContentLengthTests(HostileCase):
    """Lies about the length of the body, over UDP (RFC 3261 §18.3); those on a stream are the framer's."""

    def test_no_number(self) -> None:
        """A length that is no number, or more than there is, is 400 (RFC 4475 §3.1.2.2, §3.1.2.3)."""
        for value in (b"-1", b"+0", b"0_0", "٠".encode(), b"0x0", b"0 0", b"", b"7", b"4294967296", b"9" * 5000):
            self.refused(request().replace(b"Content-Length: 0", b"Content-Length: " + value))

    def test_two(self) -> None:
        """Two different lengths are 400 (RFC 4475 §3.3.9)."""
        self.refused(request(body=b"abc", headers=b"l: 2\r\n"))
        self.refused(request(body=b"abc", headers=b"Content-Length: 2\r\n"))

    def test_more_than_it_says(self) -> None:
        """What stands behind the body is not passed on (RFC 3261 §18.3)."""
        ((out, _),) = self.through(request(body=b"abc") + b"OPTIONS sip:evil SIP/2.0\r\n\r\n")
        self.assertTrue(out.endswith(b"\r\n\r\nabc"))


class FloodTests(HostileCase):
    def flood(self, count: int, **how: object) -> Farm:
        """So many requests that nobody answers."""
        farm = Farm(limits=Limits(transactions=50, **how))  # type: ignore[arg-type]  # passed on
        for number in range(count):
            farm.receive(request(branch=b"z9hG4bK%d" % number, call_id=b"%d" % number), ("203.0.113.9", 1024 + number))
        return farm

    def test_503(self) -> None:
        """Beyond the cap a request gets 503 with Retry-After (RFC 3261 §21.5.4), once, and nothing is kept of it."""
        farm = self.flood(60)
        self.assertEqual(farm.engine.open_transactions, 100)  # one of each kind
        answers = [data for data, _ in farm.net.take() if data.startswith(b"SIP/2.0 503 ")]
        self.assertEqual(len(answers), 10)
        self.assertEqual({line for data in answers for line in header(data, b"Retry-After")}, {b"5"})

    def test_retry_after(self) -> None:
        """Its seconds are the operator's, and there is none where he wants none."""
        for seconds, wanted in ((30, [b"30"]), (0, [])):
            farm = self.flood(51, retry_after=seconds)
            answer = next(data for data, _ in farm.net.take() if data.startswith(b"SIP/2.0 503 "))
            self.assertEqual(header(answer, b"Retry-After"), wanted)

    def test_silence(self) -> None:
        """Where the operator wants silence, a request that is one too many gets none of our bandwidth."""
        farm = self.flood(60, when_full="silence")
        self.assertEqual([line for line in farm.lines() if " 503 " in line], [])
        self.assertEqual(farm.engine.refused_count, 10)

    def test_memory_and_timers(self) -> None:
        """When the flood is over, no transaction and no timer is left of it (RFC 3261 §17)."""
        farm = self.flood(1000)
        farm.wait(200.0)
        self.assertEqual((farm.engine.open_transactions, len(farm.engine.timers)), (0, 0))

    def test_open_calls_go_on(self) -> None:
        """While it lasts, what belongs to open calls still comes through: answers, CANCEL and ACK."""
        farm = Farm(limits=Limits(transactions=1))
        sent = farm.invite()
        farm.receive(request(branch=b"z9hG4bKmore"), STRANGER)
        farm.receive(response_to(sent, 486), GATEWAY)
        farm.receive(request(b"ACK", to_tag=b"t1"))
        self.assertEqual(farm.lines()[1:], ["ACK sip:bob@example.com SIP/2.0 > 5071", "SIP/2.0 486 Whatever > 5060"])


class ReflectionTests(HostileCase):
    """Nobody is shouted at by way of us (RFC 3261 §26.3.2.4)."""

    def test_one_answer_to_the_source(self) -> None:
        """A refusal goes to the address that the request came from, once, and is not repeated."""
        for data in (
            request(via=b"198.51.100.1:5060", uri=b"http:x"),
            request(via=b"198.51.100.1:5060;maddr=198.51.100.2", uri=b"http:x"),
            request(via=b"198.51.100.1:5060;received=198.51.100.2", uri=b"http:x"),
            request(b"BYE", to_tag=b"t", via=b"198.51.100.1:5060"),
        ):
            for relay in RELAYS:
                farm = Farm(route=RouteConfig(relay=relay))
                farm.receive(data, STRANGER)
                farm.wait(70.0)
                self.assertEqual([remote for _, remote in farm.net.take()], [STRANGER], data)

    def test_no_bigger_than_the_request(self) -> None:
        """What we answer ourselves is hardly longer than what asked for it."""
        for data in (request(uri=b"http:x"), request(b"OPTIONS", b"sip:192.0.2.1"), request(b"BYE", to_tag=b"t")):
            farm = Farm()
            farm.receive(data, STRANGER)
            ((out, _),) = farm.net.take()
            self.assertLess(len(out), len(data) + 80)

    def test_retransmissions_are_bounded(self) -> None:
        """A forged INVITE that a gateway refuses gets its 100 and the refusal for 64*T1: 12 datagrams (§17.2.1)."""
        farm = Farm()
        farm.receive(request(), STRANGER)
        sent = next(data for data, remote in farm.net.take() if remote == GATEWAY)
        farm.receive(response_to(sent, 486), GATEWAY)
        farm.wait(120.0)
        self.assertLessEqual(len([remote for _, remote in farm.net.take() if remote == STRANGER]), 11)

    def test_maddr(self) -> None:
        """A request goes where its URI says, whatever maddr says (RFC 3261 §19.1.1): destinations only."""
        ((_, remote),) = self.through(request(uri=b"sip:bob@example.com;maddr=198.51.100.1"))
        self.assertEqual(remote, GATEWAY)

    def test_port_0(self) -> None:
        """A Via with port 0 is answered at the port for SIP, not at none."""
        for data in (request(via=b"203.0.113.9:0", uri=b"http:x"), request(via=b"203.0.113.9", uri=b"http:x")):
            for line in self.sent(data, ("203.0.113.9", 40000)):
                self.assertEqual(line.rpartition(" > ")[2], "5060")

    def test_forged_responses(self) -> None:
        """A response from elsewhere than a known peer, or of a branch that is not ours, goes nowhere (§18.1.2)."""
        for relay in RELAYS:
            farm = Farm(route=RouteConfig(relay=relay, algorithm=0))
            farm.receive(request())
            sent = next(data for data, remote in farm.net.take() if remote != CALLER)
            answer = response_to(sent, 200)
            own, below = (b"Via: %b\r\n" % value for value in header(answer, b"Via"))
            for forged in (
                answer.replace(own, own.replace(b"branch=z9hG4bKd", b"branch=z9hG4bKe")),
                answer.replace(own, re.sub(rb"(=z9hG4bK[^.]+\.)", rb"\g<1>1", own)),
                answer.replace(own, b""),
            ):
                farm.receive(forged, STRANGER)
                self.assertEqual(farm.lines(), [], (relay, forged))
            if relay == "stateless":  # what its keyed branch does not cover
                farm.proxy._recent.clear()
                farm.receive(answer.replace(below, below.replace(b"192.0.2.9", b"198.51.100.1")), STRANGER)
                self.assertEqual(farm.lines(), [])


class RelayTests(HostileCase):
    """We are no open relay (RFC 3261 §26.3.2.4, the design's trust)."""

    def test_initial_requests(self) -> None:
        """Whatever Route, Request-URI or Contact says, a request that begins something goes to a destination."""
        for data in (
            request(uri=b"sip:bob@198.51.100.1"),
            request(headers=b"Route: <sip:198.51.100.1;lr>\r\n"),
            request(headers=b"Route: <sip:192.0.2.1;lr>,<sip:198.51.100.1>\r\n"),
            request(headers=b"r: <sip:198.51.100.1;lr>\r\nContact: <sip:198.51.100.1>\r\n"),
        ):
            self.carried(data)

    def test_inside_dialogs(self) -> None:
        """To somebody who is no destination, without the cookie of this call: 403."""
        farm = Farm()
        for cookie in (farm.me.cookie(b"another call"), farm.me.cookie(b"call-1")[:-1], b"", b"0" * 16):
            for route in (b"<sip:192.0.2.1:5060;lr;ds=%b>", b"<sip:192.0.2.1:5060;lr;ds=%b>,<sip:198.51.100.1;lr>"):
                data = request(b"BYE", b"sip:bob@198.51.100.1", to_tag=b"t", headers=b"Route: %b\r\n" % route % cookie)
                self.assertEqual(self.sent(data, STRANGER), ["SIP/2.0 403 Forbidden > 5060"])

    def test_the_cookie_is_no_branch(self) -> None:
        """Who is told the cookies of Call-IDs of his choice learns no keyed branch by it."""
        me = Farm().me
        self.assertNotIn(me.cookie(b"x"), me.branch_hash(b"x"))

    def test_loops(self) -> None:
        """A request that comes round is 482, at once (RFC 5393 §4.2)."""
        for relay in RELAYS:
            farm = Farm(route=RouteConfig(relay=relay))
            farm.receive(request(b"MESSAGE"))
            ((out, _),) = farm.net.take()
            farm.receive(out, GATEWAY)
            self.assertEqual(farm.lines(), ["SIP/2.0 482 Loop Detected > 5060"])


class BreadthTests(HostileCase):
    """Max-Breadth bounds how many copies there are of one request at a time (RFC 5393 §5)."""

    def shares(self, headers: bytes) -> list[bytes | None]:
        return [Message(out).header(b"max-breadth") for out, _ in self.through(request(headers=headers), route=ALL)]

    def test_shared(self) -> None:
        """What a request may have is shared out to the destinations it goes to at once; without a word it is 60."""
        self.assertEqual(self.shares(b"Max-Breadth: 7\r\n"), [b"3", b"2", b"2"])
        self.assertEqual(self.shares(b"Max-Breadth :3 \r\n"), [b"1", b"1", b"1"])
        self.assertEqual(self.shares(b""), [b"20", b"20", b"20"])

    def test_too_little(self) -> None:
        """Where it is not enough for all of them, the request gets 440 (§5.3.3)."""
        for breadth in (b"2", b"0"):
            farm = Farm(route=ALL)
            farm.receive(request(headers=b"Max-Breadth: %b\r\n" % breadth))
            self.assertEqual(farm.lines(), ["SIP/2.0 440 Max-Breadth Exceeded > 5060"])

    def test_no_number(self) -> None:
        """What is none is 400."""
        farm = Farm(route=ALL)
        farm.receive(request(headers=b"Max-Breadth: many\r\n"))
        self.assertEqual(farm.lines(), ["SIP/2.0 400 Bad Request > 5060"])

    def test_one_after_the_other(self) -> None:
        """To one destination it goes as it came."""
        ((out, _),) = self.through(request(headers=b"Max-Breadth: 7\r\n"))
        self.assertEqual(header(out, b"Max-Breadth"), [b"7"])


class AnythingTests(HostileCase):
    @settings(max_examples=200)
    @given(messages(), st.sampled_from(RELAYS))
    def test_mutations(self, raw: bytes, relay: str) -> None:
        """Whatever is done to a message, nothing fails in us, and no line end stands alone in a request that leaves."""
        farm = Farm(route=RouteConfig(relay=relay))
        farm.receive(raw)
        farm.wait(2.0)
        for out, remote in farm.net.take():
            if remote == GATEWAY:
                head = out.partition(b"\r\n\r\n")[0]
                self.assertEqual(head.count(b"\r"), head.count(b"\r\n"))
                self.assertEqual(head.count(b"\n"), head.count(b"\r\n"))
        self.assertEqual(self.flushLoggedErrors(), [])


class EscapeTests(HostileCase):
    """What is escaped stays so (RFC 3261 §19.1.2)."""

    def test_uri(self) -> None:
        """An escaped line end, NUL or separator in a URI is never made the byte that it stands for."""
        uri = b"sip:bob%0d%0aX:%20y%00%40%3b@example.com;p=%0D%0A"
        for mode in ("dst", "domain"):
            ((out, _),) = self.through(request(uri=uri), route=RouteConfig(mode=mode))
            expected = uri if mode == "dst" else uri.partition(b"@")[0] + b"@192.0.2.71:5071"
            self.assertTrue(out.startswith(b"INVITE %b SIP/2.0\r\n" % expected), out[:100])

    def test_headers(self) -> None:
        """So it is in headers, and what is quoted stays quoted."""
        line = b'Contact: "a\\"\\\\%0d%0a" <sip:a%0d%0a@example.com>;x="%00"\r\n'
        ((out, _),) = self.through(request(headers=line))
        self.assertIn(line, out)


class ByStreamTests(HostileCase):
    """Between UDP and a stream."""

    LENGTH = b"Content-Length: 3\r\n"

    def test_length_of_requests(self) -> None:
        """A request that tells no length, as it may by UDP, tells it on a stream, where others follow (§18.3)."""
        udp, tcp = FakeTransport(), FakeTransport(b"TCP")
        for relay in RELAYS:
            listed = b"1 sip:192.0.2.71:5071;transport=tcp\n"
            farm = Farm(listed, RouteConfig(relay=relay), transports=(udp, tcp))
            for layout in (b"Max-Forwards", b"max-forwards"):
                data = request(b"MESSAGE", body=b"abc", branch=b"z9hG4bK" + layout).replace(b"Max-Forwards", layout)
                farm.receive(data.replace(self.LENGTH, b""))
                ((out, _),) = tcp.take()
                self.assertTrue(out.endswith(b"\r\n%b\r\nabc" % self.LENGTH), out)
                farm.receive(data.replace(self.LENGTH, b"").replace(b"z9hG4bK", b"z9hG4bKx") + b"d")
                ((out, _),) = tcp.take()
                self.assertTrue(out.endswith(b"\r\nContent-Length: 4\r\n\r\nabcd"), out)

    def test_length_of_responses(self) -> None:
        """So it is with responses."""
        udp, tcp = FakeTransport(), FakeTransport(b"TCP")
        for relay in RELAYS:
            for status in (180, 200, 404, 503):
                farm = Farm(route=RouteConfig(relay=relay, failover_on=()), transports=(tcp, udp))
                farm.receive(request(transport=b"TCP"))
                ((sent, remote),) = udp.take()
                tcp.take()
                farm.receive(response_to(sent, status).replace(b"Content-Length: 0\r\n", b"") + b"abc", remote, udp)
                ((out, _),) = tcp.take()
                self.assertTrue(out.endswith(b"\r\n%b\r\nabc" % self.LENGTH), out)
                self.assertEqual(out.count(b"Via:"), 1)
                udp.take()

    def test_answered_there(self) -> None:
        """On a stream a refusal goes by the connection, whatever its Via says (RFC 3261 §18.2.2)."""
        tcp = FakeTransport(b"TCP")
        farm = Farm(transports=(tcp,))
        farm.receive(request(uri=b"http:x", transport=b"TCP", via=b"198.51.100.1:7000"), ("203.0.113.9", 40000))
        self.assertEqual([remote for _, remote in tcp.take()], [("203.0.113.9", 40000)])
