"""Tests of dispatch.engine."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.engine import Engine
from dispatch.errors import ParseError, TransportError
from dispatch.script.route import Request
from dispatch.service.sip_config import Limits
from dispatch.sip.flow import Flow, Peer
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.wire import FakeResolver, FakeTransport, header, request, response_to
from dispatch.transport.interfaces import ISipReceiver
from dispatch.transport.names.target import Place, Want

G1, G2 = ("192.0.2.71", 5071), ("192.0.2.72", 5072)
OPTIONS = request(b"OPTIONS", b"sip:192.0.2.1")
ANSWER = "SIP/2.0 200 OK > 5060"


class ReceiveTests(SynchronousTestCase):
    """What comes in, and what became of it."""

    def test_interface(self) -> None:
        """The engine is what transports call."""
        verifyObject(ISipReceiver, Farm().engine)

    def test_counters(self) -> None:
        """Requests, responses, strays and what is no SIP are counted, each message once."""
        farm = Farm()
        sent = farm.invite()
        farm.receive(request())
        farm.receive(response_to(sent, 180), G1)
        farm.receive(response_to(sent, 200).replace(b"z9hG4bKds", b"z9hG4bKother"), G1)
        farm.receive(b"hello\r\n\r\n")
        farm.receive(b"hello")
        engine = farm.engine
        self.assertEqual((engine.request_count, engine.response_count, engine.stray_count), (2, 2, 1))
        self.assertEqual((engine.malformed_count, engine.refused_count), (2, 0))

    def test_the_branch_decides(self) -> None:
        """Two requests that differ in nothing but their branch are two; a copy is none (§17.2.3)."""
        farm = Farm()
        for branch in (b"z9hG4bKa", b"z9hG4bKb", b"z9hG4bKa"):
            farm.receive(request(b"MESSAGE", branch=branch))
        self.assertEqual(
            farm.lines(),
            ["MESSAGE sip:bob@example.com SIP/2.0 > 5071", "MESSAGE sip:bob@example.com SIP/2.0 > 5072"],
        )

    def test_cancel_shares_the_branch(self) -> None:
        """The 200 for our CANCEL is not taken for one of the INVITE, whose branch it has (§17.1.3)."""
        farm = Farm()
        sent = farm.invite()
        farm.receive(response_to(sent, 180), G1)
        farm.receive(request(b"CANCEL"))
        cancel = next(data for data, _ in farm.net.take() if data.startswith(b"CANCEL"))
        farm.receive(response_to(cancel, 200), G1)
        self.assertEqual(farm.lines(), [])
        farm.receive(response_to(sent, 487), G1)
        self.assertIn("SIP/2.0 487 Whatever > 5060", farm.lines())

    def test_forged_responses(self) -> None:
        """A response counts only from the address that its request went to, whatever branch it has (§16.7, §18.1.2)."""
        farm = Farm()
        sent = farm.invite()
        for stranger in (CALLER, G2, ("192.0.2.66", 5071)):
            for status in (100, 180, 200, 503, 603):
                farm.receive(response_to(sent, status), stranger)
        self.assertEqual((farm.lines(), farm.engine.stray_count), ([], 15))
        farm.receive(response_to(sent, 200), (G1[0], 40_000))  # a gateway may answer from another port
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_forged_responses_on_streams(self) -> None:
        """On a stream it counts only on the connection of its request, also from the same address (§18.1.2)."""
        tcp = FakeTransport(b"TCP")
        farm = Farm(b"1 sip:192.0.2.71:5071;transport=tcp\n", transports=(tcp,))
        sent = farm.invite(transport=b"TCP")
        farm.net.take()
        answer = response_to(sent, 200)
        farm.engine.received(answer, Flow(tcp.listener, G1, object()))
        self.assertEqual(farm.lines(), [])
        ours = Flow(tcp.listener, G1, object())
        ours.called = tcp.flow_to(*G1)
        farm.engine.received(answer, ours)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_all_is_forgotten(self) -> None:
        """However a transaction ends, after its last timer nothing is remembered of it (§17)."""
        for method, status in ((b"INVITE", 200), (b"INVITE", 486), (b"MESSAGE", 200), (b"MESSAGE", 404), (b"BYE", 0)):
            farm = Farm(b"1 sip:192.0.2.71:5071\n")
            farm.receive(request(method))
            sent = next(data for data, remote in farm.net.take() if remote == G1)
            self.assertGreater(farm.engine.open_transactions, 0)
            if status:
                farm.receive(response_to(sent, status), G1)
            farm.wait(70.0)
            self.assertEqual((farm.engine.open_transactions, len(farm.engine.timers)), (0, 0), (method, status))


class TimeTests(SynchronousTestCase):
    def test_timers_run(self) -> None:
        """An INVITE without an answer is sent again after T1, and again after twice that (§17.1.1.2)."""
        farm = Farm()
        farm.invite()
        for wait, copies in ((0.4, 0), (0.15, 1), (0.9, 0), (0.15, 1)):
            farm.wait(wait)
            self.assertEqual(farm.lines(), ["INVITE sip:bob@example.com SIP/2.0 > 5071"] * copies)

    def test_a_failing_timer(self) -> None:
        """A timer that raises is logged, and hurts no other and no later one."""
        farm = Farm()
        farm.engine.timers.start(0.2, _Machine(_fail), 0)
        farm.invite()
        farm.wait(0.6)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(farm.lines(), ["INVITE sip:bob@example.com SIP/2.0 > 5071"])

    def test_stop(self) -> None:
        """An engine that stopped has nothing in the reactor, and may be stopped once more."""
        farm = Farm()
        self.assertEqual(len(farm.clock.getDelayedCalls()), 1)
        farm.engine.stop()
        farm.engine.stop()
        self.assertEqual(farm.clock.getDelayedCalls(), [])


class _Machine:
    """Calls a function when its time has come."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then

    def expire(self, event: int, due: float) -> None:
        self._then()


def _fail() -> None:
    raise RuntimeError("boom")


class CloseTests(SynchronousTestCase):
    """SIGTERM."""

    def setUp(self) -> None:
        self.farm = Farm(timers=Timers(grace=2.0))

    def test_idle(self) -> None:
        """With nothing open the end comes at once; so it does for an engine that never ran."""
        self.successResultOf(self.farm.engine.close())
        idle = Engine(Clock(), lambda: 0.0, FakeResolver(), Timers(), Limits())
        self.successResultOf(idle.close())

    def test_no_new_calls(self) -> None:
        """A call that begins while we close gets 503, so that its caller goes elsewhere."""
        self.farm.invite()
        self.farm.engine.close()
        self.farm.receive(request(branch=b"z9hG4bKnew", call_id=b"new"))
        self.assertEqual(self.farm.lines(), ["SIP/2.0 503 Service Unavailable > 5060"])

    def test_open_calls_go_on(self) -> None:
        """What is open when we close is answered, and requests inside calls are carried."""
        route = header(self.farm.invite(call_id=b"old"), b"Record-Route")[0]
        sent = self.farm.invite(branch=b"z9hG4bKopen", call_id=b"open")
        closed = self.farm.engine.close()
        bye = request(
            *(b"BYE", b"sip:bob@192.0.2.71:5071"),
            branch=b"z9hG4bKbye",
            call_id=b"old",
            to_tag=b"t1",
            headers=b"Route: %b\r\n" % route,
        )
        self.farm.receive(bye)
        ((out, remote),) = self.farm.net.take()
        self.assertEqual((out[:3], remote), (b"BYE", G1))
        self.farm.receive(response_to(out, 200), G1)
        self.assertEqual(self.farm.lines(), ["SIP/2.0 200 Whatever > 5060"])
        self.farm.receive(response_to(sent, 200), G2)
        self.assertIn("SIP/2.0 200 Whatever > 5060", self.farm.lines())
        self.assertNoResult(closed)

    def test_the_last_answer_ends_it(self) -> None:
        """The end comes as soon as the last open request is answered, not when the grace is over."""
        sent = self.farm.invite()
        closed = self.farm.engine.close()
        self.farm.wait(0.5)
        self.assertNoResult(closed)
        self.farm.receive(response_to(sent, 200), G1)
        self.farm.wait(0.05)
        self.successResultOf(closed)

    def test_grace(self) -> None:
        """A request that nobody answers holds the end up for the grace period and no longer."""
        self.farm.invite()
        closed = self.farm.engine.close()
        self.farm.wait(1.9)
        self.assertNoResult(closed)
        self.farm.wait(0.15)
        self.successResultOf(closed)


class LimitTests(SynchronousTestCase):
    def test_transactions(self) -> None:
        """Above the limit new requests get 503; copies, CANCEL and ACK of what is open still come through."""
        farm = Farm(limits=Limits(transactions=1))
        sent = farm.invite()
        farm.receive(request(branch=b"z9hG4bKnew"))
        self.assertEqual(farm.lines(), ["SIP/2.0 503 Service Unavailable > 5060"])
        self.assertEqual(farm.engine.refused_count, 1)
        farm.receive(request())
        farm.receive(response_to(sent, 180), G1)
        farm.receive(request(b"CANCEL"))
        self.assertIn("CANCEL sip:bob@example.com SIP/2.0 > 5071", farm.lines())

    def test_room_again(self) -> None:
        """When open requests have ended others are taken."""
        farm = Farm(limits=Limits(transactions=1))
        farm.receive(response_to(farm.invite(), 200), G1)
        farm.wait(33.0)
        self.assertTrue(farm.invite(branch=b"z9hG4bKnew"))

    def test_headers(self) -> None:
        """A request with more header lines than allowed gets 400; one with as many is carried."""
        farm = Farm(limits=Limits(headers=20))
        few = request(b"MESSAGE", headers=b"X: y\r\n" * 13)
        self.assertEqual(few.partition(b"\r\n\r\n")[0].count(b"\r\n"), 20)
        farm.receive(few)
        self.assertEqual(farm.lines(), ["MESSAGE sip:bob@example.com SIP/2.0 > 5071"])
        for more in (1, 500):
            farm.receive(request(b"MESSAGE", headers=b"X: y\r\n" * (13 + more)))
            self.assertEqual(farm.lines(), ["SIP/2.0 400 Bad Request > 5060"])

    def test_message(self) -> None:
        """A message of more bytes than allowed gets 513, by UDP too (RFC 3261 §21.5.7)."""
        data = request(b"MESSAGE", body=b"x" * 1000)
        farm = Farm(limits=Limits(message=len(data)))
        farm.receive(data)
        self.assertEqual(farm.lines(), ["MESSAGE sip:bob@example.com SIP/2.0 > 5071"])
        farm.receive(request(b"MESSAGE", body=b"x" * 1001, branch=b"z9hG4bKb1"))
        self.assertEqual(farm.lines(), ["SIP/2.0 513 Message Too Large > 5060"])

    def test_headers_of_responses(self) -> None:
        """A response with too many header lines is dropped."""
        farm = Farm(limits=Limits(headers=20))
        farm.receive(response_to(farm.invite(), 200, headers=b"X: y\r\n" * 30), G1)
        self.assertEqual(farm.lines(), [])
        self.assertEqual(farm.engine.malformed_count, 1)


class MalformedTests(SynchronousTestCase):
    def test_answered(self) -> None:
        """A request that can't be carried, but of which enough is left, gets the answer that fits (§8.1.1, §16.3)."""
        for old, new, line in (
            (b"Content-Length: 0", b"Content-Length: 9", "SIP/2.0 400 Bad Request > 5060"),
            (b"SIP/2.0\r\n", b"SIP/7.0\r\n", "SIP/2.0 505 Version Not Supported > 5060"),
            (b"CSeq: 1 INVITE", b"CSeq: 1 BYE", "SIP/2.0 400 Bad Request > 5060"),
            (b"CSeq: 1 INVITE", b"CSeq: one INVITE", "SIP/2.0 400 Bad Request > 5060"),
            (b"Max-Forwards: 70", b"Max-Forwards: many", "SIP/2.0 400 Bad Request > 5060"),
            (b"Max-Forwards: 70", b"Max-Forwards: 0", "SIP/2.0 483 Too Many Hops > 5060"),
            (b"sip:bob@example.com SIP", b"news:bob SIP", "SIP/2.0 416 Unsupported URI Scheme > 5060"),
            (b"Call-ID: call-1\r\n", b"", "SIP/2.0 400 Bad Request > 5060"),
        ):
            farm = Farm()
            farm.receive(request().replace(old, new, 1))
            self.assertEqual(farm.lines(), [line], new)
            self.assertEqual(farm.engine.malformed_count, 1)

    def test_what_is_not_supported(self) -> None:
        """A 420 names what we don't support (§16.3 step 5)."""
        farm = Farm()
        farm.receive(request(headers=b"Proxy-Require: foo, Bar\r\n"))
        ((out, _),) = farm.net.take()
        self.assertTrue(out.startswith(b"SIP/2.0 420 Bad Extension\r\n"))
        self.assertEqual(header(out, b"Unsupported"), [b"foo, bar"])

    def test_silence(self) -> None:
        """Garbage, broken responses and broken ACKs are not answered."""
        farm = Farm()
        broken = (b"Content-Length: 0", b"Content-Length: 9")
        for data in (
            *(b"", b"\r\n\r\n", b"\0" * 40, b"GET / HTTP/1.0\r\n\r\n", b"INVITE sip:a SIP/2.0\r\n"),
            request(b"ACK").replace(*broken),
            response_to(request(), 200).replace(*broken),
            response_to(request(), 200).replace(b"SIP/2.0 200", b"SIP/2.0 2000"),
            response_to(request(), 200).replace(b"CSeq: 1", b"CSeq: one"),
        ):
            farm.receive(data)
            self.assertEqual(farm.lines(), [], data)
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_on_a_stream(self) -> None:
        """What the framer could not cut is answered with its error, when it is a request."""
        farm = Farm()
        flow = farm.net.flow_to(*CALLER)
        error = ParseError("too long", status=513)
        farm.engine.malformed(request(), flow, error)
        self.assertEqual(farm.lines(), ["SIP/2.0 513 Message Too Large > 5060"])
        for data in (b"", b"INVITE", request(b"ACK"), response_to(request(), 200)):
            farm.engine.malformed(data, flow, error)
        self.assertEqual(farm.lines(), [])

    def test_a_bug_hurts_one_message(self) -> None:
        """An exception in a route is logged with the message and told by 500; the next message is handled as ever."""
        calls: list[str] = []

        def route(request: Request) -> None:
            calls.append(request.method)
            if request.method == "INVITE":
                raise RuntimeError("boom")
            request.answer(200)

        farm = Farm(script=route)
        farm.receive(request())
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        farm.receive(OPTIONS)
        self.assertEqual(
            (calls, farm.lines()), (["INVITE", "OPTIONS"], ["SIP/2.0 500 Server Internal Error > 5060", ANSWER])
        )


class TransportFailedTests(SynchronousTestCase):
    def test_failover(self) -> None:
        """Requests that wait for a response by a broken connection go to the next destination (§16.9)."""
        tcp = FakeTransport(b"TCP")
        text = b"1 sip:192.0.2.72:5072;transport=tcp\n1 sip:192.0.2.71:5071;transport=tcp\n"
        farm = Farm(text, transports=(tcp,))
        farm.invite()
        farm.invite(branch=b"z9hG4bKother", call_id=b"other")
        farm.engine.transport_failed(tcp.flow_to(*G1), "reset")
        self.assertEqual(farm.lines(), ["INVITE sip:bob@example.com SIP/2.0 > 5072"])

    def test_what_is_answered_stays(self) -> None:
        """A call that was answered by the connection is not tried again when it breaks."""
        tcp = FakeTransport(b"TCP")
        farm = Farm(b"1 sip:192.0.2.72;transport=tcp\n1 sip:192.0.2.71:5071;transport=tcp\n", transports=(tcp,))
        farm.receive(response_to(farm.invite(), 200), G1)
        farm.net.take()
        farm.engine.transport_failed(tcp.flow_to(*G1), "reset")
        self.assertEqual(farm.lines(), [])


class RespondAnewTests(SynchronousTestCase):
    """RFC 3261 §18.2.2."""

    def test_to_the_via(self) -> None:
        """When the caller's connection is gone, its response goes by a new one to the address of its Via."""
        for via, source, expected in (
            (b"192.0.2.9:5080", ("192.0.2.9", 40000), ("192.0.2.9", 5080)),
            (b"192.0.2.9", ("192.0.2.9", 40000), ("192.0.2.9", 5060)),
            (b"pc.example:5080;rport", ("192.0.2.8", 40000), ("192.0.2.8", 5080)),
            (b"[2001:db8::9]:5080", ("2001:db8::9", 40000), ("2001:db8::9", 5080)),
            (b"pc.example", ("2001:db8::8", 40000), ("2001:db8::8", 5060)),
        ):
            host = "2001:db8::1" if ":" in source[0] else "192.0.2.1"
            tcp = FakeTransport(b"TCP", host, sent_by=b"lb.example.com:5060")
            farm = Farm(transports=(tcp,))
            tcp.broken = {40000}
            farm.receive(request(b"OPTIONS", b"sip:lb.example.com", via=via, transport=b"TCP"), source)
            ((out, remote),) = tcp.take()
            self.assertEqual((out[:11], remote), (b"SIP/2.0 200", expected))

    def test_not_by_udp(self) -> None:
        """Over UDP there is no connection to replace: a response that the network refuses is lost."""
        farm = Farm()
        farm.net.broken = {40000}
        farm.receive(request(b"OPTIONS", b"sip:192.0.2.1", via=b"192.0.2.9;rport"), ("192.0.2.9", 40000))
        self.assertEqual(farm.lines(), [])

    def test_both_are_gone(self) -> None:
        """When the new connection is refused too the response is lost, and nothing is logged."""
        tcp = FakeTransport(b"TCP")
        farm = Farm(transports=(tcp,))
        tcp.broken = {40000, 5060}
        farm.receive(OPTIONS, ("192.0.2.9", 40000))
        self.assertEqual((farm.lines(), self.flushLoggedErrors()), ([], []))


class SlowResolver(FakeResolver):
    """Knows nothing before `answer`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Deferred[tuple[Place, ...]]] = {}

    def seek(self, want: Want) -> Deferred[tuple[Place, ...]]:
        return self.asked.setdefault(want.host, Deferred())

    def answer(self, host: str, address: str) -> None:
        self.names[host] = address
        self.asked.pop(host).callback(())


class LocateTests(SynchronousTestCase):
    """From a URI to a way."""

    def setUp(self) -> None:
        self.resolver = SlowResolver()
        clock = Clock()
        self.engine = Engine(clock, clock.seconds, self.resolver, Timers(), Limits())
        self.udp = FakeTransport()
        self.other = FakeTransport(host="192.0.2.2", port=5070)
        self.six = FakeTransport(host="2001:db8::1", sent_by=b"[2001:db8::1]:5060")
        self.tcp = FakeTransport(b"TCP")
        self.engine.listeners = tuple(one.listener for one in (self.udp, self.other, self.six, self.tcp))

    def locate(
        self, uri: bytes, inbound: FakeTransport | None = None, socket: tuple[str, str, int] | None = None
    ) -> tuple[FakeTransport, tuple[str, int]] | None:
        """The transport and the address that a URI leads to."""
        way = self.engine.locate(uri, (inbound or self.udp).listener, socket)
        if way is None:
            return None
        assert isinstance(way.listener.transport, FakeTransport)
        return way.listener.transport, way.remote

    def test_literals(self) -> None:
        """An address is its own way; without a port it is 5060, without a transport UDP (RFC 3263 §4)."""
        for uri, transport, remote in (
            (b"sip:192.0.2.71", self.udp, ("192.0.2.71", 5060)),
            (b"sip:bob@192.0.2.71:5071;lr", self.udp, ("192.0.2.71", 5071)),
            (b"sip:192.0.2.71;transport=TCP", self.tcp, ("192.0.2.71", 5060)),
            (b"sip:[2001:db8::7]:5071", self.six, ("2001:db8::7", 5071)),
        ):
            self.assertEqual(self.locate(uri), (transport, remote))

    def test_the_same_way(self) -> None:
        """The same URI gives the same flow, so that flows may be compared by identity."""
        first, second = (self.engine.locate(b"sip:192.0.2.71", self.udp.listener) for _ in range(2))
        self.assertIs(first, second)

    def test_the_socket_it_came_on(self) -> None:
        """A request leaves by the socket it came on where that fits, else by the first that does."""
        remote = ("192.0.2.71", 5060)
        self.assertEqual(self.locate(b"sip:192.0.2.71", self.other), (self.other, remote))
        self.assertEqual(self.locate(b"sip:192.0.2.71", self.udp), (self.udp, remote))
        self.assertEqual(self.locate(b"sip:192.0.2.71", self.tcp), (self.udp, remote))
        self.assertEqual(self.locate(b"sip:192.0.2.71;transport=tcp", self.other), (self.tcp, remote))

    def test_the_socket_on_the_route(self) -> None:
        """Where the one it came on can't do it, that one sends whose address the kernel would send from."""
        remote = ("192.0.2.71", 5060)
        self.engine.source_towards = {"192.0.2.71": "192.0.2.2"}.get
        self.assertEqual(self.locate(b"sip:192.0.2.71", self.tcp), (self.other, remote))
        self.assertEqual(self.locate(b"sip:192.0.2.71", self.udp), (self.udp, remote))
        self.assertEqual(self.locate(b"sip:192.0.2.72", self.tcp), (self.udp, ("192.0.2.72", 5060)))

    def test_many_homes(self) -> None:
        """With `is_multihomed` it is that one whatever a request came on, as the route leads today."""
        remote = ("192.0.2.71", 5060)
        self.engine.is_multihomed = True
        for source, transport in (("192.0.2.2", self.other), ("192.0.2.1", self.udp), ("192.0.2.3", self.other)):
            self.engine.source_towards = {"192.0.2.71": source}.get
            self.assertEqual(self.locate(b"sip:192.0.2.71", self.other), (transport, remote))
        self.assertEqual(self.locate(b"sip:192.0.2.71", socket=("udp", "192.0.2.2", 5070)), (self.other, remote))

    def test_the_socket_asked_for(self) -> None:
        """A socket named by protocol, address and port is taken, unless it can't reach the destination."""
        remote = ("192.0.2.71", 5060)
        self.assertEqual(self.locate(b"sip:192.0.2.71", socket=("udp", "192.0.2.2", 5070)), (self.other, remote))
        for socket in (("udp", "192.0.2.2", 5060), ("tcp", "192.0.2.1", 5060), ("udp", "2001:db8::1", 5060)):
            self.assertEqual(self.locate(b"sip:192.0.2.71", socket=socket), self.locate(b"sip:192.0.2.71"))

    def test_no_way(self) -> None:
        """What is no URI, names no host, or wants a transport that we don't have, has no way."""
        for uri in (
            b"",
            b"bob",
            b"tel:+358555",
            b"sip:192.0.2.71;transport=sctp",
            b"sips:192.0.2.71",
            b"sips:192.0.2.71;transport=tcp",
        ):
            self.assertIsNone(self.locate(uri), uri)
        self.engine.listeners = (self.udp.listener,)
        self.assertIsNone(self.locate(b"sip:[2001:db8::7]"))

    def test_a_transport_that_refuses(self) -> None:
        """An address that the socket can't reach has no way."""

        class Refusing(FakeTransport):
            def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
                raise TransportError("not from here")

        refusing = Refusing()
        self.engine.listeners = (refusing.listener,)
        self.assertIsNone(self.locate(b"sip:192.0.2.71", refusing))

    def test_names(self) -> None:
        """A name leads where it leads today, though it led elsewhere yesterday."""
        for address in ("192.0.2.71", "192.0.2.72"):
            self.resolver.names["gw.example"] = address
            self.assertEqual(self.locate(b"sip:gw.example"), (self.udp, (address, 5060)))

    def test_later(self) -> None:
        """A name that is not known yet has a way as soon as the resolver answers."""
        found: list[Flow | None] = []
        self.assertIsNone(self.locate(b"sip:gw.example"))
        self.engine.locate_later(b"sip:gw.example", self.udp.listener, None, found.append)
        self.assertEqual(found, [])
        self.resolver.answer("gw.example", "192.0.2.71")
        self.assertEqual(found, [self.udp.flow_to("192.0.2.71", 5060)])

    def test_unknown(self) -> None:
        """A name without an address has no way, and whoever waits is told."""
        found: list[Flow | None] = []
        self.engine.locate_later(b"sip:gw.example", self.udp.listener, None, found.append)
        self.resolver.asked["gw.example"].errback(TransportError("no address"))
        self.assertEqual(found, [None])

    def test_not_worth_waiting(self) -> None:
        """Where the name is not the problem nobody is asked, and whoever waits is told at once."""
        found: list[Flow | None] = []
        for uri in (b"bob", b"tel:+358555", b"sip:192.0.2.71;transport=sctp"):
            self.engine.locate_later(uri, self.udp.listener, None, found.append)
        self.assertEqual((found, self.resolver.asked), ([None] * 3, {}))

    def test_a_bug_while_waiting(self) -> None:
        """What raises when a name is found is logged as the bug it is, and called once."""
        calls: list[Flow | None] = []

        def fail(flow: Flow | None) -> None:
            calls.append(flow)
            raise RuntimeError("boom")

        self.engine.locate_later(b"sip:gw.example", self.udp.listener, None, fail)
        self.resolver.answer("gw.example", "192.0.2.71")
        self.assertEqual((len(calls), len(self.flushLoggedErrors(RuntimeError))), (1, 1))

    def test_a_call_to_a_name(self) -> None:
        """A destination given by name is called at the address that DNS has, and passed over when it has none."""
        text = b"1 sip:gw2.example:5072\n1 sip:gw1.example:5071\n"
        farm = Farm(text, names={"gw2.example": "192.0.2.72"})
        farm.receive(request())
        self.assertEqual([remote for _, remote in farm.net.take()], [CALLER, G2])

    def test_a_route_that_fails_after_a_name(self) -> None:
        """A handler that raises once a name was looked up in vain is logged, and the caller gets 500."""

        def fail(one: Request) -> None:
            raise RuntimeError("boom")

        def route(one: Request) -> None:
            one.select(1, 8)
            one.on_failure(fail, codes=())
            one.relay()

        farm = Farm(b"1 sip:gw1.example\n", script=route)
        farm.receive(request(b"MESSAGE"))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"])
        farm.wait(33.0)
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_nobody_has_an_address(self) -> None:
        """When no destination has an address, the caller hears that we failed."""
        farm = Farm(b"1 sip:gw1.example\n")
        farm.receive(request())
        self.assertEqual(farm.lines()[-1], "SIP/2.0 500 Server Internal Error > 5060")
