"""Tests of dispatch.proxy.dialog."""

from __future__ import annotations

from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ParseError
from dispatch.proxy.dialog import Identity, Routing
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message, splice
from dispatch.test.wire import FakeTransport, header, request

SECRET: Final = b"s" * 32
ALIASES: Final = (b"lb.example.com", b"sip.example.com:5080")
PEER: Final = b"sip:bob@192.0.2.71:5071"


def identity(secret: bytes = SECRET, aliases: tuple[bytes, ...] = ALIASES) -> Identity:
    """192.0.2.1:5060 by UDP and TCP, [2001:db8::1]:5060, and 10.0.0.1:5070 that is 203.0.113.1:5060 outside."""
    transports = (
        FakeTransport(),
        FakeTransport(b"TCP"),
        FakeTransport(host="2001:db8::1", sent_by=b"[2001:db8::1]:5060"),
        FakeTransport(host="10.0.0.1", port=5070, sent_by=b"203.0.113.1:5060"),
    )
    return Identity([one.listener for one in transports], aliases, secret)


class IdentityTests(SynchronousTestCase):
    def test_names(self) -> None:
        """Bound and advertised addresses are us with their port, an alias without port is us with any."""
        me = identity()
        for host, port, expected in (
            (b"192.0.2.1", 5060, True),
            (b"192.0.2.1", 0, True),
            (b"192.0.2.1", 5061, False),
            (b"192.0.2.2", 5060, False),
            (b"[2001:db8::1]", 0, True),
            (b"[2001:DB8::1]", 5060, True),
            (b"[2001:db8:0:0::1]", 5060, True),
            (b"[::ffff:192.0.2.1]", 5060, True),
            (b"2001:db8::1", 0, False),
            (b"10.0.0.1", 5070, True),
            (b"10.0.0.1", 0, False),
            (b"203.0.113.1", 0, True),
            (b"lb.example.com", 0, True),
            (b"LB.Example.COM", 9999, True),
            (b"sip.example.com", 5080, True),
            (b"sip.example.com", 0, False),
            (b"example.com", 0, False),
            (b"xlb.example.com", 0, False),
        ):
            self.assertEqual(me.is_me(host, port), expected, (host, port))

    def test_behind_a_wildcard(self) -> None:
        """A socket on all addresses is reached by each of the machine's, of its family and at its port; no others."""
        anywhere = [FakeTransport(host="0.0.0.0", sent_by=b"192.0.2.1:5060").listener]
        me = Identity(anywhere, (), SECRET, {"192.0.2.8", "2001:db8::8"}.__contains__)
        for host, port, expected in (
            (b"192.0.2.8", 5060, True),
            (b"[::ffff:192.0.2.8]", 0, True),
            (b"192.0.2.8", 5061, False),
            (b"192.0.2.9", 5060, False),
            (b"[2001:db8::8]", 5060, False),
            (b"gw.example.com", 5060, False),
        ):
            self.assertEqual(me.is_me(host, port), expected, (host, port))
        self.assertTrue(me.is_my_host(b"192.0.2.8"))
        self.assertTrue(me.is_my_host(b"192.0.2.1"))
        self.assertFalse(me.is_my_host(b"[2001:db8::8]"))
        self.assertFalse(me.is_my_host(b"192.0.2.9"))

    def test_aliases_in_any_case(self) -> None:
        """An alias is us in whatever case the operator wrote it."""
        self.assertTrue(identity(aliases=(b"LB.Example.com",)).is_me(b"lb.example.com", 0))

    def test_uris(self) -> None:
        """A URI is ours by host and port, whatever its user and parameters; what is no URI is not ours."""
        me = identity()
        for text, expected in (
            (b"sip:192.0.2.1", True),
            (b"sip:bob@192.0.2.1:5060;transport=tcp", True),
            (b"sips:lb.example.com;lr", True),
            (b"sip:192.0.2.1:5061", False),
            (b"sip:192.0.2.1@example.com", False),
            (b"tel:+123", False),
            (b"nonsense", False),
            (b"", False),
        ):
            for _ in range(2):  # found out, then remembered
                self.assertEqual(me.is_my_uri(text), expected, text)

    def test_the_socket_of_a_uri(self) -> None:
        """A URI names the socket with its transport and the address in our Record-Route; UDP and 5060 go unsaid."""
        me = identity()
        for text, number in (
            (b"sip:192.0.2.1", 0),
            (b"sip:192.0.2.1:5060;transport=UDP", 0),
            (b"sip:192.0.2.1:5060;transport=tcp", 1),
            (b"sip:[2001:DB8::1]", 2),
            (b"sip:203.0.113.1:5060", 3),
        ):
            parsed = sip_uri.parse(text)
            assert parsed is not None
            self.assertIs(me.listener_of(parsed), me.listeners[number], text)
        for text in (
            b"sip:10.0.0.1:5070",
            b"sip:192.0.2.1:5061",
            b"sip:lb.example.com",
            b"sip:192.0.2.1;transport=tls",
        ):
            parsed = sip_uri.parse(text)
            assert parsed is not None
            self.assertIsNone(me.listener_of(parsed), text)


class CookieTests(SynchronousTestCase):
    def test_bound_to_the_call(self) -> None:
        """Each Call-ID has its own cookie, and always the same."""
        me = identity()
        self.assertEqual(me.cookie(b"a"), me.cookie(b"a"))
        self.assertNotEqual(me.cookie(b"a"), me.cookie(b"b"))

    def test_bound_to_the_secret(self) -> None:
        """Nodes with one secret make one cookie, after a restart too; others don't."""
        self.assertEqual(identity().cookie(b"a"), identity().cookie(b"a"))
        self.assertNotEqual(identity().cookie(b"a"), identity(b"t" * 32).cookie(b"a"))

    def test_fit_for_a_uri(self) -> None:
        """A cookie is 16 hex digits, which need no escape."""
        self.assertRegex(identity().cookie(b"a"), rb"^[0-9a-f]{16}$")

    def test_no_cookie_proves_a_branch(self) -> None:
        """A caller who chooses the Call-ID does not get a hash from us that proves something else."""
        me = identity()
        self.assertNotEqual(me.cookie(b"z9hG4bKa1 192.0.2.9:5060"), me.branch_hash(b"z9hG4bKa1 192.0.2.9:5060"))


class RecordRouteTests(SynchronousTestCase):
    """RFC 3261 §16.6 step 4."""

    def test_single(self) -> None:
        """In and out by one socket: one line, with lr and the cookie."""
        me = identity()
        udp = me.listeners[0]
        self.assertEqual(
            me.record_route(b"call-1", udp, udp),
            b"Record-Route: <sip:192.0.2.1:5060;lr;ds=%b>\r\n" % me.cookie(b"call-1"),
        )

    def test_transport(self) -> None:
        """A socket that is not UDP says so."""
        me = identity()
        tcp = me.listeners[1]
        self.assertEqual(
            me.record_route(b"call-1", tcp, tcp),
            b"Record-Route: <sip:192.0.2.1:5060;transport=tcp;lr;ds=%b>\r\n" % me.cookie(b"call-1"),
        )

    def test_double(self) -> None:
        """In and out by two sockets: two lines, the side that the request leaves by on top (RFC 5658)."""
        me = identity()
        cookie = me.cookie(b"call-1")
        self.assertEqual(
            me.record_route(b"call-1", me.listeners[2], me.listeners[1]),
            b"Record-Route: <sip:192.0.2.1:5060;transport=tcp;r2=on;lr;ds=%b>\r\n"
            b"Record-Route: <sip:[2001:db8::1]:5060;r2=on;lr;ds=%b>\r\n" % (cookie, cookie),
        )

    def test_the_advertised_address(self) -> None:
        """What stands in Record-Route is the address that is known outside."""
        me = identity()
        nat = me.listeners[3]
        self.assertIn(b"<sip:203.0.113.1:5060;", me.record_route(b"call-1", nat, nat))

    def test_by_connection(self) -> None:
        """Who is reached by his connection only has a token on his side, and two lines though the sockets are one."""
        me = identity()
        cookie, tcp = me.cookie(b"call-1"), me.listeners[1]
        flow = Flow(tcp, ("192.0.2.9", 40_000), object())
        self.assertEqual(
            me.record_route(b"call-1", tcp, tcp, flow),
            b"Record-Route: <sip:192.0.2.1:5060;transport=tcp;r2=on;lr;ds=%b>\r\n"
            b"Record-Route: <sip:%b@192.0.2.1:5060;transport=tcp;r2=on;lr;ds=%b>\r\n"
            % (cookie, me.tokens.make(flow, b"call-1"), cookie),
        )


class _RoutingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.me = identity()
        self.cookie = self.me.cookie(b"call-1")
        self.own = b"<sip:192.0.2.1:5060;lr;ds=%b>" % self.cookie

    def route(self, *lines: bytes, uri: bytes = PEER, usual: bool | None = None) -> tuple[Routing, bytes]:
        """What becomes of a BYE with these lines: the routing, and the BYE after its cuts."""
        headers = b"".join(b"%b\r\n" % line for line in lines)
        message = Message(request(b"BYE", uri, to_tag=b"t", headers=headers), usual)
        routing = Routing(message, self.me, self.me.listeners[0])
        return routing, splice(message.raw, routing.cuts)


class RoutingTests(_RoutingCase):
    """RFC 3261 §16.4 and §16.6 step 6."""

    def test_without_route(self) -> None:
        """Without Route a request goes to its Request-URI, nothing changed and nothing proven."""
        routing, out = self.route()
        self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"))
        self.assertEqual((routing.uri, routing.next_hop), (PEER, PEER))
        self.assertEqual((routing.is_ours, routing.listener, routing.leftover), (False, None, b""))

    def test_our_own(self) -> None:
        """Our own Route goes; its cookie proves the call, and it names the socket to send from."""
        for usual in (None, False):
            routing, out = self.route(b"Route: " + self.own, usual=usual)
            self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"))
            self.assertEqual(routing.next_hop, PEER)
            self.assertTrue(routing.is_ours)
            self.assertIs(routing.listener, self.me.listeners[0])

    def test_our_own_in_any_dress(self) -> None:
        """Our own Route is told by its URI, however others write it."""
        for line in (
            b'Route: "us" ' + self.own,
            b"route:" + self.own + b";x=y",
            b"Route:\r\n " + self.own,
            b"Route: <sip:192.0.2.1;ds=%b;lr>" % self.cookie,
            b"Route: <sip:192.0.2.1:5060;LR;DS=%b>" % self.cookie,
        ):
            routing, out = self.route(line)
            self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"), line)
            self.assertEqual((routing.is_ours, routing.next_hop), (True, PEER), line)

    def test_two_of_ours(self) -> None:
        """Of a double Record-Route both go, and the second one names the socket to send from (RFC 5658)."""
        tcp = b"<sip:192.0.2.1:5060;transport=tcp;r2=on;lr;ds=%b>" % self.cookie
        udp = b"<sip:192.0.2.1:5060;r2=on;lr;ds=%b>" % self.cookie
        for lines, number in (
            ((b"Route: " + udp, b"Route: " + tcp), 1),
            ((b"Route: " + tcp, b"Route: " + udp), 0),
            ((b"Route: " + udp + b", " + tcp,), 1),
        ):
            routing, out = self.route(*lines)
            self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"))
            self.assertEqual((routing.is_ours, routing.next_hop), (True, PEER))
            self.assertIs(routing.listener, self.me.listeners[number])

    def test_more_of_ours(self) -> None:
        """A call that came through us twice in a row has all our values taken off."""
        routing, out = self.route(*[b"Route: " + self.own] * 4)
        self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"))
        self.assertEqual(routing.next_hop, PEER)

    def test_a_foreign_route_is_the_next_hop(self) -> None:
        """What is left of the Route is kept as it came, and its first value is the next hop."""
        first, second = b"<sip:p1.example.com;lr;x=y>", b"<sip:p2.example.com;lr>"
        for lines, left in (
            ((b"Route: " + self.own, b"Route: " + first, b"Route: " + second), (first, second)),
            ((b"Route: " + self.own + b" , " + first + b",  " + second,), (first + b",  " + second,)),
            ((b"Route: " + self.own + b"," + first, b"Route: " + second), (first, second)),
            ((b"Route: " + first + b"," + self.own,), (first + b"," + self.own,)),
        ):
            routing, out = self.route(*lines)
            self.assertEqual(header(out, b"Route"), list(left))
            self.assertTrue(out.startswith(b"BYE %b SIP/2.0\r\n" % PEER))
            self.assertEqual(routing.next_hop, b"sip:p1.example.com;lr;x=y")
            self.assertEqual(routing.uri, PEER)

    def test_ours_behind_a_foreign_one(self) -> None:
        """A cookie in a Route that is not first proves nothing yet: it is for when the request comes back."""
        routing, _ = self.route(b"Route: <sip:p1.example.com;lr>", b"Route: " + self.own)
        self.assertFalse(routing.is_ours)
        self.assertIsNone(routing.listener)

    def test_the_loop_hash_sees_what_is_left(self) -> None:
        """Requests that differ in the Route behind ours are not the same."""
        one, _ = self.route(b"Route: " + self.own, b"Route: <sip:p1.example.com;lr>")
        other, _ = self.route(b"Route: " + self.own, b"Route: <sip:p2.example.com;lr>")
        self.assertNotEqual(one.leftover, other.leftover)

    def test_a_broken_route(self) -> None:
        """A Route that can't be read is the sender's fault."""
        for line in (b"Route: <sip:192.0.2.1", b"Route: nothing at all", b"Route: " + self.own + b",,x"):
            self.assertRaises(ParseError, self.route, line)

    def test_alias(self) -> None:
        """A Route with an alias of ours is ours; which socket is meant it does not say."""
        routing, out = self.route(b"Route: <sip:lb.example.com:7000;lr;ds=%b>" % self.cookie)
        self.assertEqual(header(out, b"Route"), [])
        self.assertEqual((routing.is_ours, routing.listener), (True, None))

    def test_another_port(self) -> None:
        """Our address with another port is somebody else."""
        routing, out = self.route(b"Route: <sip:192.0.2.1:5090;lr;ds=%b>" % self.cookie)
        self.assertEqual(len(header(out, b"Route")), 1)
        self.assertFalse(routing.is_ours)
        self.assertEqual(routing.next_hop, b"sip:192.0.2.1:5090;lr;ds=" + self.cookie)


class ForgeryTests(_RoutingCase):
    def test_a_forged_cookie(self) -> None:
        """Our own Route goes whatever its cookie is, but only the right one proves that the call is ours."""
        for text in (
            b"",
            b";ds",
            b";ds=",
            b";ds=0123456789abcdef",
            b";ds=" + self.cookie[:-1],
            b";ds=" + self.cookie + b"0",
            b";ds=" + self.me.cookie(b"call-2"),
            b";ds=" + identity(b"t" * 32).cookie(b"call-1"),
            b";xds=" + self.cookie,
        ):
            routing, out = self.route(b"Route: <sip:192.0.2.1:5060;lr%b>" % text)
            self.assertEqual(header(out, b"Route"), [], text)
            self.assertFalse(routing.is_ours, text)

    def test_a_cookie_outside_of_the_uri(self) -> None:
        """A cookie as parameter of the header, not of the URI, proves nothing."""
        routing, _ = self.route(b"Route: <sip:192.0.2.1:5060;lr>;ds=" + self.cookie)
        self.assertFalse(routing.is_ours)

    def test_a_cookie_at_another_host(self) -> None:
        """The right cookie at a host that is not us proves nothing."""
        routing, _ = self.route(b"Route: <sip:192.0.2.2:5060;lr;ds=%b>" % self.cookie)
        self.assertFalse(routing.is_ours)

    def test_preloaded(self) -> None:
        """Our address as preloaded Route, as phones with an outbound proxy write it, goes and proves nothing."""
        routing, out = self.route(b"Route: <sip:192.0.2.1;lr>")
        self.assertEqual(header(out, b"Route"), [])
        self.assertEqual((routing.is_ours, routing.next_hop), (False, PEER))
        self.assertIs(routing.listener, self.me.listeners[0])


class StrictRouterTests(_RoutingCase):
    """RFC 3261 §16.4 and §16.6 step 6: elements that know no lr."""

    def setUp(self) -> None:
        super().setUp()
        self.own_uri = self.own[1:-1]

    def test_before_us(self) -> None:
        """Our URI in the request line gives way to the last Route, which the strict router put there."""
        routing, out = self.route(b"Route: <%b>" % PEER, uri=self.own_uri)
        self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"))
        self.assertEqual((routing.uri, routing.next_hop, routing.is_ours), (PEER, PEER, True))

    def test_before_us_with_more_to_come(self) -> None:
        """Of several Route values the last one only goes into the request line; the others lead on."""
        for lines in (
            (b"Route: <sip:p1.example.com;lr>", b"Route: <%b>" % PEER),
            (b"Route: <sip:p1.example.com;lr>, <%b>" % PEER,),
        ):
            routing, out = self.route(*lines, uri=self.own_uri)
            self.assertEqual(header(out, b"Route"), [b"<sip:p1.example.com;lr>"])
            self.assertTrue(out.startswith(b"BYE %b SIP/2.0\r\n" % PEER))
            self.assertEqual((routing.uri, routing.next_hop), (PEER, b"sip:p1.example.com;lr"))

    def test_before_us_with_two_of_ours(self) -> None:
        """Of a double Record-Route one is in the request line and one in Route: both go."""
        routing, out = self.route(b"Route: <sip:192.0.2.1;transport=tcp;lr>", b"Route: <%b>" % PEER, uri=self.own_uri)
        self.assertEqual(out, request(b"BYE", PEER, to_tag=b"t"))
        self.assertIs(routing.listener, self.me.listeners[1])

    def test_not_before_us(self) -> None:
        """A Request-URI of ours that we never put into Record-Route is no sign of a strict router."""
        for uri in (b"sip:bob@lb.example.com", b"sip:ads@lb.example.com", b"sip:192.0.2.1:5060;x=ds"):
            routing, out = self.route(b"Route: <sip:p1.example.com;lr>", uri=uri)
            self.assertTrue(out.startswith(b"BYE %b SIP/2.0\r\n" % uri), uri)
            self.assertEqual(header(out, b"Route"), [b"<sip:p1.example.com;lr>"])
            self.assertEqual((routing.uri, routing.is_ours), (uri, False))

    def test_a_forged_one_before_us(self) -> None:
        """The repair is made with any cookie, but a wrong one proves nothing."""
        routing, _ = self.route(b"Route: <%b>" % PEER, uri=b"sip:192.0.2.1:5060;lr;ds=0123456789abcdef")
        self.assertEqual((routing.next_hop, routing.is_ours), (PEER, False))

    def test_behind_us(self) -> None:
        """A next hop without lr gets its URI into the request line, and the Request-URI as last Route."""
        strict = b"sip:strict.example.com"
        for lines, left in (
            ((b"Route: " + self.own, b"Route: <%b>" % strict), [b"<%b>" % PEER]),
            ((b"Route: " + self.own + b", <%b>" % strict,), [b"<%b>" % PEER]),
            ((b"Route: " + self.own, b"Route: <%b>" % strict, b"Route: <sip:p2;lr>"), [b"<sip:p2;lr>", b"<%b>" % PEER]),
            ((b"Route: " + self.own + b",<%b>,<sip:p2;lr>" % strict,), [b"<sip:p2;lr>", b"<%b>" % PEER]),
            ((b"Route: <%b>, <sip:p2;lr>" % strict,), [b"<sip:p2;lr>", b"<%b>" % PEER]),
        ):
            routing, out = self.route(*lines)
            self.assertTrue(out.startswith(b"BYE %b SIP/2.0\r\n" % strict), out)
            self.assertEqual(header(out, b"Route"), left)
            self.assertEqual((routing.uri, routing.next_hop), (strict, strict))
            self.assertEqual(Message(out).routes[-1].uri, PEER)

    def test_on_both_sides(self) -> None:
        """Between two strict routers the real target goes from the last Route to the last Route."""
        strict = b"sip:strict.example.com"
        for lines in (
            (b"Route: <%b>" % strict, b"Route: <%b>" % PEER),
            (b"Route: <%b>, <%b>" % (strict, PEER),),
        ):
            routing, out = self.route(*lines, uri=self.own_uri)
            self.assertTrue(out.startswith(b"BYE %b SIP/2.0\r\n" % strict), out)
            self.assertEqual(header(out, b"Route"), [b"<%b>" % PEER])
            self.assertEqual((routing.uri, routing.next_hop, routing.is_ours), (strict, strict, True))
