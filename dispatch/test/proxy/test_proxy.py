"""Tests of dispatch.proxy.proxy: answers of our own, and what nobody may make us do."""

from __future__ import annotations

from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.proxy.context import Context, Target
from dispatch.proxy.proxy import Proxy
from dispatch.service.route_config import RouteConfig
from dispatch.service.sip_config import Limits
from dispatch.sip.message import Message
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.wire import FakeTransport, header, request, response_to

GATEWAY: Final = ("192.0.2.71", 5071)
STRANGER: Final = ("203.0.113.9", 5060)
RELAYS: Final = ("stateful", "stateless")
BAD: Final = "SIP/2.0 400 Bad Request > 5060"


def answer_to(data: bytes, farm: Farm | None = None) -> bytes:
    """The one thing that leaves, and it goes back to the caller."""
    farm = farm or Farm()
    farm.receive(data)
    ((out, remote),) = farm.net.take()
    assert remote == CALLER, remote
    return out


class RefusalTests(SynchronousTestCase):
    """Answers to what can't be carried (RFC 3261 §8.2.6)."""

    def test_the_whole_answer(self) -> None:
        """A refusal takes over Via, From, To, Call-ID and CSeq as they came, adds a tag to To, and has no body."""
        data = request(uri=b"http://x", headers=b"Subject: x\r\nRecord-Route: <sip:a;lr>\r\n", body=b"v=0\r\n")
        out = answer_to(data)
        tag = header(out, b"To")[0].partition(b";tag=")[2]
        self.assertRegex(tag, rb"^ds\.[0-9a-f]+\.[0-9a-f]+$")
        self.assertEqual(
            out,
            b"SIP/2.0 416 Unsupported URI Scheme\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1\r\n"
            b"From: <sip:alice@example.com>;tag=f1\r\nTo: <sip:bob@example.com>;tag=" + tag + b"\r\n"
            b"Call-ID: call-1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
        )

    def test_every_via(self) -> None:
        """All Via values come back in their order, the first one with received and rport (§18.2.1)."""
        data = request(uri=b"http://x", via=b"pc.example;rport", headers=b"Via: SIP/2.0/TCP b;branch=z9hG4bKb\r\n")
        self.assertEqual(
            header(answer_to(data), b"Via"),
            [
                b"SIP/2.0/UDP pc.example;rport=5060;received=192.0.2.9;branch=z9hG4bKa1",
                b"SIP/2.0/TCP b;branch=z9hG4bKb",
            ],
        )

    def test_to_where_it_came_from(self) -> None:
        """By UDP an answer goes to the source address, at the Via's port or with rport at the real one (§18.2.2)."""
        for via, port in (
            *((b"203.0.113.1:7000", 7000), (b"203.0.113.1", 5060), (b"203.0.113.1:7000;rport", 40000)),
            *((b"203.0.113.1;rport", 40000), (b"203.0.113.1:40000", 40000)),
        ):
            farm = Farm()
            for data in (
                request(uri=b"http://x", via=via),
                request(b"OPTIONS", b"sip:192.0.2.1", via=via),
                request(b"CANCEL", via=via, branch=b"z9hG4bKc"),
            ):
                farm.receive(data, ("192.0.2.9", 40000))
                ((_, remote),) = farm.net.take()
                self.assertEqual(remote, ("192.0.2.9", port), data)

    def test_by_the_connection(self) -> None:
        """On a stream an answer goes back by the connection, whatever Via says (§18.2.2)."""
        farm = Farm(transports=(FakeTransport(b"TCP"),))
        farm.receive(request(uri=b"http://x", via=b"203.0.113.1:7000", transport=b"TCP"), ("192.0.2.9", 40000))
        ((_, remote),) = farm.net.take()
        self.assertEqual(remote, ("192.0.2.9", 40000))

    def test_a_tag_that_is_there(self) -> None:
        """To keeps the tag that it has."""
        out = answer_to(request(b"BYE", b"http://x", to_tag=b"t1"))
        self.assertEqual(header(out, b"To"), [b"<sip:bob@example.com>;tag=t1"])

    def test_the_same_tag_for_copies(self) -> None:
        """A copy of a request is refused with the same tag, another request with another (§8.2.6.2)."""
        farm = Farm()
        data = request(uri=b"http://x")
        self.assertEqual(answer_to(data, farm), answer_to(data, farm))
        other = answer_to(request(uri=b"http://x", branch=b"z9hG4bKa2"), farm)
        self.assertNotEqual(header(other, b"To"), header(answer_to(data, farm), b"To"))

    def test_unsupported(self) -> None:
        """A 420 names the tags that we don't know (§16.3 step 5)."""
        for lines in (b"Proxy-Require: foo, Bar\r\n", b"Proxy-Require: foo\r\nPROXY-REQUIRE:\r\n\tbar\r\n"):
            out = answer_to(request(headers=lines))
            self.assertTrue(out.startswith(b"SIP/2.0 420 Bad Extension\r\n"))
            self.assertEqual(header(out, b"Unsupported"), [b"foo, bar"])

    def test_in_any_layout(self) -> None:
        """Compact names and folded lines are answered like any other."""
        data = (
            b"INVITE http://x SIP/2.0\r\nf: <sip:a@b>;tag=1\r\nv: SIP/2.0/UDP\r\n 192.0.2.9;branch=z9hG4bKa\r\n"
            b"t:\r\n <sip:c@d>\r\ni: call-1\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n"
        )
        out = Message(answer_to(data))
        self.assertEqual((out.status, out.call_id, out.cseq, out.from_tag), (416, b"call-1", (1, b"INVITE"), b"1"))
        self.assertEqual(out.via.branch, b"z9hG4bKa")
        self.assertIsNotNone(out.to_tag)

    def test_broken_headers(self) -> None:
        """Where a header is missing or broken, 400 comes back with those that are there, as they are."""
        for name, value in (
            (b"Via", b"nonsense"),
            (b"From", b""),
            (b"To", b'"Bob <sip:bob@example.com>'),
            (b"Call-ID", b""),
            (b"CSeq", b"one INVITE"),
            (b"Max-Forwards", b"many"),
            (b"Content-Length", b"-1"),
            (b"Content-Length", b"999"),
        ):
            data = request().replace(
                b"\r\n%b: %b\r\n" % (name, header(request(), name)[0]), b"\r\n%b: %b\r\n" % (name, value)
            )
            if name == b"From":  # nobody looks at one that is there
                data = data.replace(b"\r\nFrom: ", b"")
            out = answer_to(data)
            self.assertTrue(out.startswith(b"SIP/2.0 400 Bad Request\r\n"), name)
            kept = {b"Via", b"From", b"To", b"Call-ID", b"CSeq"} - {name}
            for one in kept:
                self.assertTrue(header(out, one)[0].startswith(header(request(), one)[0]), (name, one))
            self.assertEqual(self.flushLoggedErrors(), [])

    def test_next_to_nothing(self) -> None:
        """However little there is it does no harm; a request with no Via, and what is none, is not answered."""
        for data, lines in (
            (b"INVITE sip:b SIP/2.0\r\nVia: x\r\n\r\n", [BAD]),
            (b"INVITE\r\nv: x\r\n\r\n", [BAD]),
            (b"INVITE sip:b SIP/2.0\r\n\r\n", []),
            (b"INVITE sip:b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n", []),
            (b"INVITE\r\n\r\n", []),
            (b"ACK sip:b SIP/2.0\r\nVia: x\r\n\r\n", []),
            (b"ACK sip:b SIP/2.0\r\n\r\n", []),
            (b"ACK\r\n\r\n", []),
            (b"SIP/2.0 200 OK\r\n\r\n", []),
            (b"SIP/2.0 999 OK\r\n\r\n", []),
            (b"SIP/2.0\r\n\r\n", []),
            (b"sip/2.0 200\r\n\r\n", []),
            (b"INVITE sip:b SIP/2.0\r\nVia: x\r\n", []),
            (b"\0\0\0\0", []),
            (b"", []),
        ):
            farm = Farm()
            farm.receive(data)
            self.assertEqual(farm.lines(), lines, data)
            self.assertEqual(farm.engine.malformed_count, 1, data)
            self.assertEqual(self.flushLoggedErrors(), [])

    def test_the_next_one_is_well(self) -> None:
        """What was refused leaves nothing behind, and hurts no other request."""
        farm = Farm()
        farm.receive(request(uri=b"http://x"))
        self.assertEqual(farm.engine.open_transactions, 0)
        farm.net.take()
        self.assertTrue(farm.invite(branch=b"z9hG4bKa2"))

    def test_a_refusing_network(self) -> None:
        """An answer that can't be sent is lost, and that is all."""
        farm = Farm()
        farm.net.broken = {5060}
        farm.receive(request(uri=b"http://x"))
        self.assertEqual(farm.lines(), [])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_too_many_headers(self) -> None:
        """More header lines than [sip.limits] allows are 400."""
        farm = Farm(limits=Limits(headers=20))
        farm.receive(request(headers=b"X: y\r\n" * 30))
        self.assertEqual(farm.lines(), [BAD])

    def test_too_many_transactions(self) -> None:
        """Above the limit of open transactions new requests get 503; a CANCEL of one that is open still works."""
        farm = Farm(limits=Limits(transactions=1))
        farm.invite()
        farm.receive(request(branch=b"z9hG4bKa2"))
        farm.receive(request(b"ACK", branch=b"z9hG4bKa3", to_tag=b"t"))
        farm.receive(request(b"CANCEL"))
        self.assertEqual(farm.lines(), ["SIP/2.0 503 Service Unavailable > 5060", "SIP/2.0 200 OK > 5060"])
        self.assertEqual(farm.engine.refused_count, 1)


class AckTests(SynchronousTestCase):
    """An ACK is never answered (RFC 3261 §17)."""

    def test_never_answered(self) -> None:
        """Whatever is wrong with an ACK, nothing comes back."""
        for relay in RELAYS:
            for data in (
                request(b"ACK", b"http://x", to_tag=b"t"),
                request(b"ACK", max_forwards=b"0", to_tag=b"t"),
                request(b"ACK", to_tag=b"t").replace(b"CSeq: 1", b"CSeq: x"),
                request(b"ACK", to_tag=b"t").replace(b"Via:", b"Vio:"),
                request(b"ACK", to_tag=b"t", headers=b"Route: nonsense\r\n"),
                request(b"ACK", b"sip:b@203.0.113.5", to_tag=b"t", headers=b"Route: <sip:203.0.113.5;lr>\r\n"),
                request(b"ACK", b"sip:192.0.2.1", to_tag=b"t", headers=b"Route: <sip:192.0.2.1;lr>\r\n"),
            ):
                farm = Farm(route=RouteConfig(relay=relay))
                farm.receive(data, STRANGER)
                self.assertEqual([line for line in farm.lines() if line.startswith("SIP")], [], data)

    def test_of_what_we_refused(self) -> None:
        """The ACK of an answer that we gave without a transaction ends here."""
        for relay in RELAYS:
            farm = Farm(route=RouteConfig(relay=relay))
            tag = header(answer_to(request(max_forwards=b"0"), farm), b"To")[0].partition(b";tag=")[2]
            farm.receive(request(b"ACK", to_tag=tag))
            self.assertEqual(farm.lines(), [])


class CancelTests(SynchronousTestCase):
    """RFC 3261 §9.2 and §16.10."""

    def test_answered_here(self) -> None:
        """A CANCEL gets 200 from us with the tag that our answer to the INVITE has, each time it comes."""
        farm = Farm(timers=Timers(fr_timer=2.0))
        farm.invite()
        first = answer_to(request(b"CANCEL"), farm)
        self.assertTrue(first.startswith(b"SIP/2.0 200 OK\r\n"))
        self.assertEqual(answer_to(request(b"CANCEL"), farm), first)
        farm.wait(2.1)
        final = next(data for data, remote in reversed(farm.net.take()) if remote == CALLER)
        self.assertTrue(final.startswith(b"SIP/2.0 487 "))
        self.assertEqual(header(final, b"To"), header(first, b"To"))

    def test_after_the_answer(self) -> None:
        """A CANCEL for a call that was answered gets 200 and does nothing."""
        for status in (200, 486):
            farm = Farm()
            farm.receive(response_to(farm.invite(), status), GATEWAY)
            farm.net.take()
            farm.receive(request(b"CANCEL"))
            self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060"])

    def test_of_another(self) -> None:
        """A CANCEL that differs from the INVITE in branch or sent-by cancels nothing: 481."""
        for data, port in (
            (request(b"CANCEL", branch=b"z9hG4bKa2"), 5060),
            (request(b"CANCEL", via=b"192.0.2.9:5061"), 5061),
        ):
            farm = Farm()
            farm.receive(response_to(farm.invite(), 180), GATEWAY)
            farm.net.take()
            farm.receive(data)
            self.assertEqual(farm.lines(), [f"SIP/2.0 481 Call/Transaction Does Not Exist > {port}"])

    def test_of_something_else_than_invite(self) -> None:
        """A CANCEL for another request than an INVITE cancels nothing (§9.1)."""
        farm = Farm()
        farm.receive(request(b"MESSAGE"))
        farm.net.take()
        farm.receive(request(b"CANCEL"))
        self.assertEqual(farm.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist > 5060"])

    def test_without_the_magic_cookie(self) -> None:
        """A CANCEL of an RFC 2543 caller finds its INVITE (§17.2.3)."""
        farm = Farm()
        farm.receive(response_to(farm.invite(branch=b"1"), 180), GATEWAY)
        farm.net.take()
        farm.receive(request(b"CANCEL", branch=b"1"))
        self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060", "CANCEL sip:bob@example.com SIP/2.0 > 5071"])


class MergedTests(SynchronousTestCase):
    """RFC 3261 §8.2.2.2: only what we answer ourselves."""

    def options(self, **how: object) -> bytes:
        return request(b"OPTIONS", b"sip:192.0.2.1", **how)  # type: ignore[arg-type]  # passed through

    def test_by_another_path(self) -> None:
        """The same request by another path gets 482, its own copy the answer again."""
        farm = Farm()
        first = answer_to(self.options(), farm)
        self.assertEqual(answer_to(self.options(), farm), first)
        self.assertTrue(answer_to(self.options(branch=b"z9hG4bKb"), farm).startswith(b"SIP/2.0 482 Request merged\r\n"))

    def test_another_request(self) -> None:
        """Another From tag, Call-ID or CSeq makes another request."""
        farm = Farm()
        answer_to(self.options(), farm)
        for data in (
            self.options(branch=b"z9hG4bKb", from_tag=b"f2"),
            self.options(branch=b"z9hG4bKc", call_id=b"call-2"),
            self.options(branch=b"z9hG4bKd", cseq=2),
        ):
            self.assertTrue(answer_to(data, farm).startswith(b"SIP/2.0 200 OK\r\n"))

    def test_later(self) -> None:
        """When the transaction is forgotten the same request is no longer merged."""
        farm = Farm()
        answer_to(self.options(), farm)
        farm.wait(33.0)
        self.assertTrue(answer_to(self.options(branch=b"z9hG4bKb"), farm).startswith(b"SIP/2.0 200 OK\r\n"))


class StrayResponseTests(SynchronousTestCase):
    """Responses that nothing waits for are dropped."""

    def test_dropped(self) -> None:
        """With a wrong branch, another's Via, one Via or none, a response goes nowhere."""
        farm = Farm()
        answer = response_to(farm.invite(), 200)
        own, below = (b"Via: %b\r\n" % value for value in header(answer, b"Via"))
        for data in (
            answer.replace(own, b""),
            answer.replace(own, own.replace(b"branch=", b"branch=x")),
            answer.replace(own, own.replace(b"z9hG4bKds", b"z9hG4bKdl")),
            answer.replace(own, b"Via: SIP/2.0/UDP 192.0.2.1:5060\r\n"),
            answer.replace(own + below, b""),
            answer.replace(own, own[:-3] + b"\r\n"),
        ):
            farm.receive(data, GATEWAY)
            self.assertEqual(farm.lines(), [], data)
            self.assertEqual(self.flushLoggedErrors(), [])

    def test_counted(self) -> None:
        """Each of them is counted."""
        farm = Farm()
        answer = response_to(farm.invite(), 200).replace(b"z9hG4bKds", b"z9hG4bKdx")
        farm.receive(answer, GATEWAY)
        farm.receive(answer, GATEWAY)
        self.assertEqual((farm.engine.response_count, farm.engine.stray_count), (2, 2))


class TrustTests(SynchronousTestCase):
    """In-dialog requests that we carry, and those that we don't."""

    def sent(self, data: bytes, source: tuple[str, int] = STRANGER, **how: object) -> list[str]:
        """What leaves for it, without its 100, whichever way we relay."""
        found = []
        for relay in RELAYS:
            farm = Farm(route=RouteConfig(relay=relay), **how)  # type: ignore[arg-type]  # passed through
            farm.receive(data, source)
            lines = [line for line in farm.lines() if " 100 " not in line]
            if lines not in found:
                found.append(lines)
        (lines,) = found
        return lines

    def bye(self, uri: bytes = b"sip:bob@203.0.113.5", route: bytes = b"") -> bytes:
        return request(b"BYE", uri, to_tag=b"t", headers=b"Route: %b\r\n" % route if route else b"")

    def test_between_strangers(self) -> None:
        """From a stranger to a stranger without our cookie: 403, we are no open relay."""
        for data in (
            self.bye(),
            self.bye(route=b"<sip:192.0.2.1;lr>"),
            self.bye(route=b"<sip:192.0.2.1;lr>, <sip:203.0.113.6;lr>"),
            self.bye(route=b"<sip:203.0.113.6;lr>"),
            self.bye(b"sip:bob@192.0.2.71", route=b"<sip:203.0.113.6;lr>"),
        ):
            self.assertEqual(self.sent(data), ["SIP/2.0 403 Forbidden > 5060"], data)

    def test_a_forged_cookie(self) -> None:
        """The cookie of another call, or none of ours at all, opens nothing."""
        for cookie in (Farm().me.cookie(b"call-2"), b"0" * 16):
            data = self.bye(route=b"<sip:192.0.2.1:5060;lr;ds=%b>" % cookie)
            self.assertEqual(self.sent(data), ["SIP/2.0 403 Forbidden > 5060"])

    def test_our_cookie(self) -> None:
        """Who shows the cookie of the call is carried wherever the Route leads, also after a restart."""
        own = b"<sip:192.0.2.1:5060;lr;ds=%b>" % Farm().me.cookie(b"call-1")
        self.assertEqual(self.sent(self.bye(route=own)), ["BYE sip:bob@203.0.113.5 SIP/2.0 > 5060"])
        data = self.bye(route=own + b",<sip:203.0.113.6:5066;lr>")
        self.assertEqual(self.sent(data), ["BYE sip:bob@203.0.113.5 SIP/2.0 > 5066"])

    def test_from_a_destination(self) -> None:
        """A gateway may send inside a dialog to anybody, from any port."""
        for port in (5071, 40000):
            self.assertEqual(self.sent(self.bye(), ("192.0.2.71", port)), ["BYE sip:bob@203.0.113.5 SIP/2.0 > 5060"])

    def test_to_a_destination(self) -> None:
        """Anybody may send inside a dialog to a gateway."""
        self.assertEqual(
            self.sent(self.bye(b"sip:bob@192.0.2.71:5071")), ["BYE sip:bob@192.0.2.71:5071 SIP/2.0 > 5071"]
        )
        data = self.bye(route=b"<sip:192.0.2.71:5071;lr>")
        self.assertEqual(self.sent(data), ["BYE sip:bob@203.0.113.5 SIP/2.0 > 5071"])

    def test_from_an_alias(self) -> None:
        """A neighbour that is one of our own names may send to anybody."""
        lines = self.sent(self.bye(), aliases=(b"203.0.113.9",))
        self.assertEqual(lines, ["BYE sip:bob@203.0.113.5 SIP/2.0 > 5060"])

    def test_from_our_own_address(self) -> None:
        """Only an alias is ours as a source; a NAT's address that we advertise, or our machine's, is everybody's."""
        carried, refused = ["BYE sip:bob@203.0.113.5 SIP/2.0 > 5060"], ["SIP/2.0 403 Forbidden > 5060"]
        for source, alias, lines in (
            (("192.0.2.1", 40000), b"lb.example.com", refused),
            (("203.0.113.9", 5070), b"203.0.113.9:5070", carried),
            (("203.0.113.9", 5071), b"203.0.113.9:5070", refused),
            (("203.0.113.9", 5071), b"203.0.113.9:5060", refused),
            (("198.51.100.1", 5060), b"lb.example.com", refused),
        ):
            nets = (FakeTransport(sent_by=b"198.51.100.1:5060"),)
            self.assertEqual(self.sent(self.bye(), source, aliases=(alias,), transports=nets), lines, source)

    def test_beside_us(self) -> None:
        """A destination on our own address opens its own port there to strangers, and no other."""
        text = b"1 sip:192.0.2.1:5071\n1 sip:192.0.2.72\n"
        for uri, line in (
            (b"sip:192.0.2.1:5071", "BYE sip:192.0.2.1:5071 SIP/2.0 > 5071"),
            (b"sip:192.0.2.1:8080", "SIP/2.0 403 Forbidden > 5060"),
            (b"sip:192.0.2.72:8080", "BYE sip:192.0.2.72:8080 SIP/2.0 > 8080"),
        ):
            self.assertEqual(self.sent(self.bye(uri), text=text), [line])

    def test_back_to_us(self) -> None:
        """What would come back to us is nobody's dialog: 481, whoever sends it."""
        for uri in (b"sip:192.0.2.1", b"sip:bob@192.0.2.1:5060", b"sip:bob@lb.example.com:5080"):
            for source in (STRANGER, GATEWAY):
                lines = self.sent(self.bye(uri), source)
                self.assertEqual(lines, ["SIP/2.0 481 Call/Transaction Does Not Exist > 5060"], uri)
        own = b"<sip:192.0.2.1:5060;lr;ds=%b>" % Farm().me.cookie(b"call-1")
        lines = self.sent(self.bye(b"sip:192.0.2.1", own))
        self.assertEqual(lines, ["SIP/2.0 481 Call/Transaction Does Not Exist > 5060"])

    def test_an_initial_request_goes_to_destinations_only(self) -> None:
        """However the Route of an initial request is made, right cookie or not, it goes to a gateway without it."""
        own = b"<sip:192.0.2.1:5060;lr;ds=%b>" % Farm().me.cookie(b"call-1")
        for lines in (
            b"Route: <sip:203.0.113.6;lr>\r\n",
            b"Route: <sip:203.0.113.6>\r\n",
            b"Route: <sip:192.0.2.1;lr>,<sip:203.0.113.6;lr>\r\n",
            b"Route: %b\r\nRoute: <sip:203.0.113.6>\r\n" % own,
            b"ROUTE :\r\n <sip:203.0.113.6;lr>\r\n",
        ):
            for uri in (b"sip:bob@203.0.113.5", own[1:-1]):
                for relay in RELAYS:
                    farm = Farm(route=RouteConfig(relay=relay))
                    farm.receive(request(b"MESSAGE", uri, headers=lines), STRANGER)
                    ((out, remote),) = farm.net.take()
                    self.assertEqual(remote, GATEWAY, lines)
                    self.assertTrue(out.startswith(b"MESSAGE %b SIP/2.0\r\n" % uri), out)
                    self.assertEqual(Message(out).routes, [])


class RouteTests(SynchronousTestCase):
    """What reaches the route that decides."""

    def setUp(self) -> None:
        self.farm = Farm()
        self.seen: list[bytes] = []
        proxy = Proxy(self.farm.engine, self.farm.me, Timers(), self.decide)
        self.farm.engine.proxy = proxy

    def decide(self, context: Context) -> None:
        self.seen.append(context.message.method)
        context.reply(404)

    def test_what_the_route_is_asked(self) -> None:
        """Every request that is well and no copy, and a CANCEL that belongs to nothing; ACKs too, but unanswered."""
        for data in (
            *(request(), request(b"BYE", to_tag=b"t"), request(b"CANCEL", branch=b"z9hG4bKz")),
            *(request(b"ACK", branch=b"z9hG4bKy", to_tag=b"t"), request(uri=b"http://x")),
        ):
            self.farm.receive(data)
        self.assertEqual(self.seen, [b"INVITE", b"BYE", b"CANCEL", b"ACK"])
        self.assertEqual(len([line for line in self.farm.lines() if " 404 " in line]), 3)

    def test_a_route_that_fails(self) -> None:
        """A bug in a route is logged and told by 500, and the next request is served."""

        def fail(context: Context) -> None:
            raise RuntimeError("boom")

        self.farm.engine.proxy = Proxy(self.farm.engine, self.farm.me, Timers(), fail)
        self.farm.receive(request())
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(self.farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"])
        self.farm.engine.proxy = Proxy(self.farm.engine, self.farm.me, Timers(), self.decide)
        self.farm.receive(request(branch=b"z9hG4bKa2"))
        self.assertEqual(self.seen, [b"INVITE"])

    def test_a_route_that_can_not_read_it(self) -> None:
        """What a route finds malformed is refused once, with or without a transaction."""
        for is_open in (False, True):
            farm = Farm()

            def fail(context: Context, is_open: bool = is_open) -> None:
                if is_open:
                    context.relay(Target(b"sip:192.0.2.71:5071"))
                raise ParseError("broken", status=400)

            farm.engine.proxy = Proxy(farm.engine, farm.me, Timers(), fail)
            farm.receive(request())
            self.assertEqual([line for line in farm.lines() if line[:11] == BAD[:11]], [BAD])

    def test_what_the_proxy_raises(self) -> None:
        """A request that can't be carried raises for the engine, which has it refused."""
        flow = self.farm.net.flow_to(*CALLER)
        message = Message(request(max_forwards=b"0"))
        error = self.assertRaises(ParseError, self.farm.engine.proxy.request, message, flow)
        self.assertEqual((error.status, self.farm.lines()), (483, []))

    def test_branches_are_never_the_same(self) -> None:
        """Each branch is new, has the magic cookie and ends with the loop hash (§8.1.1.7)."""
        proxy = self.farm.engine.proxy
        made = [proxy.new_branch(b"0123abcd") for _ in range(100)]
        self.assertEqual(len(set(made)), 100)
        for one in made:
            self.assertRegex(one, rb"^z9hG4bKds[0-9a-f]{12}\.[0-9a-f]+\.0123abcd$")

    def test_branches_of_another_run(self) -> None:
        """After a restart no branch is one of before."""
        other = Proxy(self.farm.engine, self.farm.me, Timers(), self.decide)
        self.assertNotEqual(other.prefix, self.farm.engine.proxy.prefix)
