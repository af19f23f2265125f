"""Tests of what a native script can say of a request beyond where it goes."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from dispatch.script.headers import Leg, Reply
from dispatch.script.route import Request, Script
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import header, request, response_to

G1, G2 = ("192.0.2.71", 5071), ("192.0.2.72", 5072)
TO_G1, TO_G2 = b"sip:192.0.2.71:5071", b"sip:192.0.2.72:5072"
X = b"X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n"


def sent(farm: Farm, start: bytes) -> list[bytes]:
    """What left since the last look and begins like that."""
    return [data for data, _ in farm.net.take() if data.startswith(start)]


class HeaderTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Headers are found in any case, as they came, whatever is changed."""
        seen: list[object] = []

        def route(request: Request) -> None:
            headers = request.headers
            headers.remove("X-A")
            headers.add("X-New", "1")
            seen.extend((headers.get("x-a"), headers.get_all("X-A"), headers.get("X-New"), "v" in headers))

        Farm(script=route).receive(request(headers=X))
        self.assertEqual(seen, ["1", ["1", "3"], None, True])

    def test_change(self) -> None:
        """Changes are in what leaves; Max-Forwards is counted down as always."""

        def route(request: Request) -> None:
            request.headers.replace("X-A", "9")
            request.headers.remove("X-B")
            request.headers.replace("X-C", "4")
            request.headers.add("X-Name", "Zoë")
            request.uri = b"sip:carol@example.com"
            request.relay(TO_G1)

        farm = Farm(script=route)
        farm.receive(request(headers=X))
        (data,) = sent(farm, b"INVITE sip:carol@example.com SIP/2.0\r\n")
        found = {name: header(data, name) for name in (b"X-A", b"X-B", b"X-C", b"X-Name", b"Max-Forwards")}
        expected: list[list[bytes]] = [[b"9"], [], [b"4"], ["Zoë".encode()], [b"69"]]
        self.assertEqual(list(found.values()), expected)

    def test_injection(self) -> None:
        """No value ends its line; the request gets 500."""
        for name, value in (("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("X-A", "\0")):
            farm = Farm(script=lambda request, name=name, value=value: request.headers.add(name, value))  # type: ignore[misc]
            farm.receive(request(b"MESSAGE"))
            self.assertEqual(farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"])
            self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class BranchTests(SynchronousTestCase):
    def test_each(self) -> None:
        """Branches ring at once, each as its handler has it; one that is dropped is not sent."""

        def each(request: Request, leg: Leg) -> None:
            leg.headers.add("X-Leg", str(leg.index))
            if leg.uri == b"sip:third@example.com":
                leg.drop()
            elif leg.index:
                leg.uri = b"sip:changed@example.com"

        def route(request: Request) -> None:
            request.on_branch(each)
            request.add_branch(b"sip:third@example.com", to=TO_G1)
            request.add_branch(b"sip:second@example.com", to=TO_G2)
            request.relay(TO_G1)

        farm = Farm(script=route)
        farm.receive(request())
        first, second = sent(farm, b"INVITE")
        self.assertEqual((header(first, b"X-Leg"), header(second, b"X-Leg")), ([b"0"], [b"1"]))
        self.assertTrue(second.startswith(b"INVITE sip:changed@example.com "))
        farm.receive(response_to(second, 200), G2)
        self.assertIn("SIP/2.0 200 Whatever > 5060", farm.lines())

    def test_failover(self) -> None:
        """Failover goes on as without, also where headers are changed: the best of all tries goes up."""

        def failed(request: Request) -> None:
            if request.next():
                request.headers.add("X-Again", "1")
                request.relay()

        def route(request: Request) -> None:
            request.headers.add("X-First", "1")
            request.select(1, 4)
            request.on_failure(failed, codes=(500,))
            request.relay()

        farm = Farm(b"1 sip:192.0.2.72:5072\n1 sip:192.0.2.71:5071\n", script=route)
        farm.receive(request())
        (first,) = sent(farm, b"INVITE")
        farm.receive(response_to(first, 500), G1)
        (second,) = sent(farm, b"INVITE")
        self.assertEqual((header(first, b"X-Again"), header(second, b"X-Again")), ([], [b"1"]))
        farm.receive(response_to(second, 503), G2)
        self.assertIn("SIP/2.0 500 Whatever > 5060", farm.lines())

    def test_timers(self) -> None:
        """A request may be given less time than others."""

        def route(request: Request) -> None:
            request.set_timers(answer=0.3, ring=0.9)
            request.relay(TO_G1)

        for rings, seconds in ((False, 0.4), (True, 1.0)):
            farm = Farm(script=route)
            farm.receive(request())
            (data,) = sent(farm, b"INVITE")
            if rings:
                farm.receive(response_to(data, 180), G1)
            farm.wait(seconds - 0.2)
            self.assertNotIn("SIP/2.0 408 Request Timeout > 5060", farm.lines())
            farm.wait(0.2)
            self.assertIn("SIP/2.0 408 Request Timeout > 5060", farm.lines())


class ReplyTests(SynchronousTestCase):
    def test_on_reply(self) -> None:
        """Responses go up as the handler has them; what is provisional may stay here."""

        def replied(request: Request, reply: Reply) -> None:
            if reply.status == 183:
                reply.drop()
            reply.headers.add("X-Status", f"{reply.status} {reply.reason}")
            reply.headers.remove("X-Secret")

        def route(request: Request) -> None:
            request.on_reply(replied)
            request.relay(TO_G1)

        farm = Farm(script=route)
        farm.receive(request())
        (data,) = sent(farm, b"INVITE")
        for status in (183, 180, 486):
            farm.receive(response_to(data, status, headers=b"X-Secret: 1\r\n"), G1)
        found = [(header(one, b"X-Status"), header(one, b"X-Secret")) for one in sent(farm, b"SIP")]
        self.assertEqual(found, [([b"180 Whatever"], []), ([b"486 Whatever"], [])])

    def test_own(self) -> None:
        """A reply of our own may have headers and a body; a redirection has its contacts."""
        script: Script = lambda one: one.reply(200, "Fine", {"Content-Type": "text/plain"}, b"hello")  # noqa: E731
        farm = Farm(script=script)
        farm.receive(request(b"MESSAGE"))
        (data,) = sent(farm, b"SIP/2.0 200 Fine\r\n")
        self.assertEqual(header(data, b"Content-Type") + header(data, b"Content-Length"), [b"text/plain", b"5"])
        self.assertTrue(data.endswith(b"\r\n\r\nhello"))
        farm = Farm(script=lambda one: one.redirect(TO_G1, TO_G2))
        farm.receive(request())
        (data,) = sent(farm, b"SIP/2.0 302")
        self.assertEqual(header(data, b"Contact"), [b"<%b>" % TO_G1, b"<%b>" % TO_G2])

    def test_silence(self) -> None:
        """What is dropped is answered by nobody; what is forwarded is not remembered."""
        farm = Farm(script=lambda one: one.forward(TO_G1) if one.method == "INFO" else one.drop())
        farm.receive(request())
        farm.receive(request(b"INFO", branch=b"z9hG4bKa2"))
        self.assertEqual(farm.lines(), ["INFO sip:bob@example.com SIP/2.0 > 5071"])
        self.assertEqual(farm.engine.open_transactions, 0)


class PauseTests(SynchronousTestCase):
    """Routes that wait for something."""

    def setUp(self) -> None:
        self.answer: Deferred[bytes] = Deferred()
        self.cancelled: list[str] = []

        async def route(one: Request) -> None:
            to = await self.answer
            one.headers.add("X-Waited", "1")
            one.relay(to)

        self.farm = Farm(script=route)
        self.farm.router.pause = self.farm.engine.pause
        self.farm.receive(request())

    def test_goes_on(self) -> None:
        """The caller is told that somebody tries, copies are absorbed, and the request goes on when it is time."""
        self.assertEqual(self.farm.lines(), ["SIP/2.0 100 Trying > 5060"])
        self.farm.receive(request())
        self.assertEqual(self.farm.lines(), ["SIP/2.0 100 Trying > 5060"])
        self.answer.callback(TO_G2)
        (data,) = sent(self.farm, b"INVITE")
        self.assertEqual(header(data, b"X-Waited"), [b"1"])
        self.farm.receive(response_to(data, 200), G2)
        self.assertEqual(self.farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_cancel(self) -> None:
        """A CANCEL ends the wait, and the call with 487."""
        self.farm.net.take()
        self.farm.receive(request(b"CANCEL"))
        self.assertEqual(self.farm.lines(), ["SIP/2.0 200 OK > 5060", "SIP/2.0 487 Request Terminated > 5060"])
        self.assertTrue(self.answer.called)

    def test_too_long(self) -> None:
        """Who waits too long is stopped, and the caller gets 500."""
        self.farm.net.take()
        self.farm.wait(30.1)
        self.assertIn("SIP/2.0 500 Server Internal Error > 5060", self.farm.lines())
        self.assertTrue(self.answer.called)

    def test_failure(self) -> None:
        """What was waited for may fail: the caller gets 500, and the log says why."""
        self.farm.net.take()
        self.answer.errback(RuntimeError("no database"))
        self.assertEqual(self.farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_closing(self) -> None:
        """A service that ends waits for requests that wait."""
        closed = self.farm.engine.close()
        self.assertNoResult(closed)
        self.answer.callback(TO_G2)
        (data,) = sent(self.farm, b"INVITE")
        self.farm.receive(response_to(data, 486), G2)
        self.farm.wait(0.1)
        self.successResultOf(closed)

    def test_nonsense(self) -> None:
        """What can't be waited for is an error."""
        farm = Farm(script=lambda one: 7)
        for pauses in (False, True):
            if pauses:
                farm.router.pause = farm.engine.pause
            farm.receive(request(b"MESSAGE", branch=b"z9hG4bK%d" % pauses))
            self.assertEqual(farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 2)
