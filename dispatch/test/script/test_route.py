"""Tests of dispatch.script.route: what a route may say, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Container

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, listfile
from dispatch.script.route import Decision, Request
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import CALLER, LIST, Farm
from dispatch.test.wire import FakeTransport, header, request, response_to

G1, G2, G3 = ("192.0.2.71", 5071), ("192.0.2.72", 5072), ("192.0.2.73", 5073)
TOO_LONG = b"sip:%b@example.com" % (b"x" * 1024)
TWO = b"1 sip:192.0.2.72:5072\n1 sip:192.0.2.71:5071\n"


def relay(one: Request) -> None:
    one.select(1, 8)
    one.relay()


def stay(one: Request) -> None:
    one.record_route()
    relay(one)


def forward(one: Request) -> None:
    one.select(1, 8)
    one.forward()


class RouteCase(SynchronousTestCase):
    """A route of the test's own."""

    def farm(self, route: Callable[[Request], object], text: bytes = LIST, **more: object) -> Farm:
        return Farm(text, script=lambda request: _ignored(route(request)), **more)  # type: ignore[arg-type]


def _ignored(value: object) -> None:
    """Lets a test's route be an expression."""


class ReadingTests(RouteCase):
    def read(self, data: bytes, *names: str) -> list[object]:
        """What the route sees of a request."""
        seen: list[object] = []
        farm = self.farm(lambda one: seen.extend(getattr(one, name) for name in names))
        farm.receive(data)
        return seen

    def test_what_is_seen(self) -> None:
        """Method, Request-URI, Call-ID, source and Max-Forwards are those of the request as it came."""
        self.assertEqual(
            self.read(request(max_forwards=b"9"), "method", "uri", "call_id", "source", "hops", "attempts", "age"),
            ["INVITE", b"sip:bob@example.com", b"call-1", CALLER, 9, 0, 0.0],
        )

    def test_no_max_forwards(self) -> None:
        """Without Max-Forwards there is no number of hops."""
        self.assertEqual(self.read(request().replace(b"Max-Forwards: 70\r\n", b""), "hops"), [None])

    def test_header(self) -> None:
        """Any header is read by its long name in lower case, the first of several, without blanks around it."""
        seen: list[bytes | None] = []
        farm = self.farm(lambda one: seen.extend(one.header(name) for name in (b"x-odd", b"subject", b"x-none")))
        farm.receive(request(headers=b"X-Odd:  a \r\nX-ODD: b\r\ns: short\r\n"))
        self.assertEqual(seen, [b"a", b"short", None])

    def test_in_dialog(self) -> None:
        """A To tag tells that a request belongs to a dialog, a Route header that it was led here."""
        names = ("is_in_dialog", "is_routed")
        self.assertEqual(self.read(request(), *names), [False, False])
        self.assertEqual(self.read(request(b"BYE", to_tag=b"t"), *names), [True, False])
        self.assertEqual(self.read(request(headers=b"Route: <sip:192.0.2.1;lr>\r\n"), *names), [False, True])

    def test_ours(self) -> None:
        """Only a Route of ours with the cookie of the call tells that a dialog is ours."""
        cookie = Farm().me.cookie(b"call-1")
        for text, expected in ((cookie, True), (b"0" * 16, False)):
            route = b"Route: <sip:192.0.2.1:5060;lr;ds=%b>\r\n" % text
            self.assertEqual(self.read(request(b"BYE", to_tag=b"t", headers=route), "is_ours"), [expected])

    def test_for_us(self) -> None:
        """A Request-URI that names one of our sockets or aliases, without a user, is for us."""
        for uri, expected in (
            (b"sip:192.0.2.1", True),
            (b"sip:192.0.2.1:5060;transport=udp", True),
            (b"sip:LB.example.com:7777", True),
            (b"sip:bob@192.0.2.1", False),
            (b"sip:192.0.2.1:5061", False),
            (b"sip:example.com", False),
            (b"tel:+358555", False),
        ):
            self.assertEqual(self.read(request(b"OPTIONS", uri), "is_for_us"), [expected], uri)


class SelectTests(RouteCase):
    def select(self, text: bytes = LIST, **how: object) -> tuple[bool, bytes | None, bytes]:
        """What `select` says, the destination, and the Request-URI after it."""
        seen: list[tuple[bool, bytes | None, bytes]] = []

        def route(one: Request) -> None:
            found = one.select(**how)  # type: ignore[arg-type]  # passed through
            seen.append((found, one.destination.uri if one.destination is not None else None, one.uri))

        self.farm(route, text).receive(request())
        return seen[0]

    def test_algorithms(self) -> None:
        """An algorithm may be named, numbered, or given as it is in the table."""
        expected = (True, b"sip:192.0.2.71:5071", b"sip:bob@example.com")
        for algorithm in (8, "priority"):
            self.assertEqual(self.select(set=1, algorithm=algorithm), expected)

    def test_domain(self) -> None:
        """By domain the route sees the Request-URI that will be sent."""
        _, _, uri = self.select(set=1, algorithm=8, mode="domain")
        self.assertEqual(uri, b"sip:bob@192.0.2.71:5071")

    def test_nothing_to_give(self) -> None:
        """A set that is not there, or all down, gives nothing, and nothing changes."""
        for text, number in ((LIST, 2), (b"1 sip:192.0.2.71 1\n", 1)):
            self.assertEqual(self.select(text, set=number, algorithm=8), (False, None, b"sip:bob@example.com"))

    def test_twice(self) -> None:
        """When the second of two selections gives nothing, the first one stays."""
        seen: list[object] = []

        def route(one: Request) -> None:
            seen.append(one.select(1, 8, mode="domain"))
            seen.append(one.select(9, 8, mode="domain"))
            seen.append(one.uri)
            one.relay()

        farm = self.farm(route)
        farm.receive(request(b"MESSAGE"))
        self.assertEqual(seen, [True, False, b"sip:bob@192.0.2.71:5071"])
        self.assertEqual(farm.lines(), ["MESSAGE sip:bob@192.0.2.71:5071 SIP/2.0 > 5071"])

    def test_hash_of_the_call(self) -> None:
        """An algorithm that hashes gives one call the same destination every time."""
        first, second = (self.select(set=1, algorithm="hash-callid") for _ in range(2))
        self.assertEqual(first, second)

    def test_limit(self) -> None:
        """With a limit only so many destinations are kept for `next`, the first one included."""
        seen: list[bool] = []

        def route(one: Request) -> None:
            one.select(1, 8, limit=2)
            seen.extend(one.next() for _ in range(3))

        self.farm(route).receive(request())
        self.assertEqual(seen, [True, False, False])

    def test_routes_go(self) -> None:
        """A selection takes preloaded Route headers off, whether they name us or not (§16.4)."""
        farm = self.farm(relay)
        farm.receive(request(b"MESSAGE", headers=b"Route: <sip:192.0.2.1;lr>,<sip:203.0.113.5;lr>\r\n"))
        self.assertEqual(header(farm.net.take()[0][0], b"Route"), [])


class NextTests(RouteCase):
    def test_in_order(self) -> None:
        """`next` goes through the set once, in order, and stays on the last."""
        seen: list[object] = []

        def route(one: Request) -> None:
            seen.append(one.next())
            one.select(1, 8)
            while one.next():
                assert one.destination is not None
                seen.append(one.destination.uri)
            seen.append(one.destination and one.destination.uri)

        self.farm(route).receive(request())
        self.assertEqual(seen, [False, b"sip:192.0.2.72:5072", b"sip:192.0.2.73:5073", b"sip:192.0.2.73:5073"])

    def test_domain(self) -> None:
        """By domain each destination has its own Request-URI."""
        seen: list[bytes] = []

        def route(one: Request) -> None:
            one.select(1, 8, mode="domain")
            while one.next(mode="domain"):
                seen.append(one.uri)

        self.farm(route).receive(request())
        self.assertEqual(seen, [b"sip:bob@192.0.2.72:5072", b"sip:bob@192.0.2.73:5073"])

    def test_unwritable(self) -> None:
        """A Request-URI that can't be rewritten moves no call, nor the request; the list has gone on all the same."""
        text = b"".join(b"1 sip:192.0.2.7%d 0 0 duid=%d\n" % (number, number) for number in (3, 2, 1))
        seen: list[object] = []

        def route(one: Request) -> None:
            one.select(1, 10)
            for mode in ("domain", "dst"):
                found = one.next(mode=mode)
                loads = [member.condition.tally.calls for member in one.router.dispatcher.destinations()]
                seen.append((found, one.destination_uri, loads))

        parameters = DispatcherConfig(flags=2, ds_hash_size=8)
        self.farm(route, text, parameters=parameters).receive(request(uri=TOO_LONG))
        self.assertEqual(seen, [(False, b"sip:192.0.2.71", [1, 0, 0]), (True, b"sip:192.0.2.73", [0, 0, 1])])

    def test_a_mere_list(self) -> None:
        """Algorithm 13 by domain fails for such a Request-URI, but its list is there for `mark` and `next`."""
        seen: list[object] = []

        def route(one: Request) -> None:
            seen.append((one.select(1, 13, mode="domain"), one.destination, one.destination_uri))
            seen.append((one.mark(b"d"), [member.flags for member in one.router.dispatcher.destinations()]))
            while one.next():
                seen.append(one.destination_uri)

        farm = self.farm(route)
        farm.receive(request(uri=TOO_LONG))
        self.assertEqual(
            seen,
            [
                (False, None, None),
                (True, [health.DISABLED, 0, 0]),
                *(b"sip:192.0.2.72:5072", b"sip:192.0.2.73:5073"),
            ],
        )
        self.assertEqual([one.condition.selected for one in farm.dispatcher.destinations()], [0, 1, 1])

    def test_in_front_of_the_one_before(self) -> None:
        """Such a list stands in front of what is left of an earlier one, and the request stays where it was sent."""
        seen: list[object] = []

        def route(one: Request) -> None:
            one.select(1, 8, limit=2)
            seen.append((one.select(1, 13, mode="domain", limit=2), one.destination_uri))
            while one.next():
                seen.append(one.destination_uri)

        self.farm(route).receive(request(uri=TOO_LONG))
        first, second = b"sip:192.0.2.71:5071", b"sip:192.0.2.72:5072"
        self.assertEqual(seen, [(False, first), second, first, second])


class RelayTests(RouteCase):
    def test_stateful(self) -> None:
        """A relayed INVITE gets its 100, is seen through, and its copies end here."""
        farm = self.farm(relay)
        sent = farm.invite()
        farm.receive(request())
        self.assertEqual(farm.lines(), ["SIP/2.0 100 Trying > 5060"])
        self.assertEqual(header(sent, b"Record-Route"), [])
        farm.receive(response_to(sent, 200), G1)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_record_route(self) -> None:
        """Who asks for it stays in the path of the dialog."""
        farm = self.farm(stay)
        self.assertEqual(len(header(farm.invite(), b"Record-Route")), 1)

    def test_forward(self) -> None:
        """A forwarded request is not remembered: no 100, a copy goes the same way with the same branch (§16.11)."""
        farm = self.farm(forward)
        farm.receive(request())
        farm.receive(request())
        (first, _), (second, _) = farm.net.take()
        self.assertEqual(first, second)
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_socket(self) -> None:
        """A destination with ``socket=`` is called from that socket."""
        nets = FakeTransport(), FakeTransport(port=5070)
        farm = self.farm(relay, transports=nets)
        (destination,) = (one for one in farm.dispatcher.destinations() if one.port == 5071)
        destination.socket = ("udp", "192.0.2.1", 5070)  # type: ignore[assignment]  # what the list file makes
        farm.receive(request(b"MESSAGE"))
        self.assertEqual((nets[0].take_lines(), len(nets[1].take())), ([], 1))

    def test_before_select(self) -> None:
        """To relay or forward without a destination is a bug in the route, and is told as one."""
        for act in (Request.relay, Request.forward):
            farm = self.farm(act)
            farm.receive(request())
            (failure,) = self.flushLoggedErrors(ValueError)
            self.assertIn("before select() gave a destination", failure.getErrorMessage())
            lines = ["SIP/2.0 500 Server Internal Error > 5060"]
            self.assertEqual((farm.lines(), farm.engine.open_transactions), (lines, 0))

    def test_misspelt(self) -> None:
        """An algorithm or a mode that does not exist is a bug in the route too."""
        for how in ({"algorithm": "rund-robin"}, {"algorithm": ""}, {"algorithm": 4, "mode": "domian"}):
            self.farm(lambda one, how=how: one.select(1, **how)).receive(request())  # type: ignore[misc]
            self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1, how)


class AnswerTests(RouteCase):
    def test_reply(self) -> None:
        """A refusal has the usual reason or one of the route's own, and a To tag; nothing is remembered."""
        for reason, line in (("", "SIP/2.0 404 Not Found > 5060"), ("Go away", "SIP/2.0 404 Go away > 5060")):
            farm = self.farm(lambda one, reason=reason: one.reply(404, reason))  # type: ignore[misc]
            farm.receive(request())
            self.assertIn(b";tag=", header(farm.net.sent[0][0], b"To")[0])
            self.assertEqual((farm.lines(), farm.engine.open_transactions), ([line], 0))

    def test_never_to_an_ack(self) -> None:
        """An ACK is never answered (§17)."""
        farm = self.farm(lambda one: one.reply(403))
        farm.receive(request(b"ACK"))
        self.assertEqual(farm.lines(), [])

    def test_answer(self) -> None:
        """As the endpoint of a request we answer its copies alike, and its other branch with 482 (§8.2.2.2)."""
        farm = self.farm(lambda one: one.answer(200))
        for branch in (b"z9hG4bKa1", b"z9hG4bKa1", b"z9hG4bKb1"):
            farm.receive(request(b"OPTIONS", branch=branch))
        self.assertEqual(farm.lines(), ["SIP/2.0 200 OK > 5060"] * 2 + ["SIP/2.0 482 Request merged > 5060"])

    def test_reply_after_a_failure(self) -> None:
        """A failure handler may answer in its own words; the destination's response is not passed on then."""

        def route(one: Request) -> None:
            one.select(1, 8)
            one.on_failure(lambda failed: failed.reply(480, "Nobody home"), codes=(486,))
            one.relay()

        farm = self.farm(route)
        farm.receive(response_to(farm.invite(), 486), G1)
        self.assertEqual(farm.lines(), ["ACK sip:bob@example.com SIP/2.0 > 5071", "SIP/2.0 480 Nobody home > 5060"])


class FailureTests(RouteCase):
    def setUp(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.codes: Container[int] = (404, 408, 503)

    def route(self, one: Request) -> None:
        one.select(1, 8)
        one.on_failure(self.failed, codes=self.codes)
        one.relay()

    def failed(self, one: Request) -> None:
        self.seen.append((one.failed_with, one.attempts))
        if one.next():
            one.relay()

    def test_only_the_named_codes(self) -> None:
        """The handler is called for the codes it asked for; others go to the caller at once."""
        for status, seen in ((404, [(404, 1)]), (486, [])):
            self.setUp()
            farm = self.farm(self.route)
            farm.receive(response_to(farm.invite(), status), G1)
            self.assertEqual(self.seen, seen)

    def test_each_failure(self) -> None:
        """A refusing network is 503, silence 408: the handler hears of one after the other."""
        farm = self.farm(self.route, timers=Timers(fr_timer=2.0))
        farm.net.broken = {5071}
        farm.receive(request())
        farm.wait(2.1)
        last = next(data for data, remote in farm.net.take() if remote == G3)
        farm.receive(response_to(last, 404), G3)
        self.assertEqual(self.seen, [(503, 1), (408, 2), (404, 3)])

    def test_counted(self) -> None:
        """Silence, a refusing network and answers that the handler wants are counted, in words; no others."""
        for status, counted in ((404, (1, "answered 404")), (500, (0, "")), (603, (0, ""))):
            farm = self.farm(self.route, timers=Timers(fr_timer=2.0))
            farm.net.broken = {5071}
            farm.receive(request())
            farm.wait(2.1)
            farm.receive(response_to(next(data for data, remote in farm.net.take() if remote == G3), status), G3)
            self.assertEqual(
                [(one.condition.failures, one.condition.last_failure) for one in farm.dispatcher.destinations()],
                [(1, "could not be reached"), (1, "gave no answer"), counted],
            )

    def test_silence_needs_no_code(self) -> None:
        """Silence and a refusing network call the handler whatever codes it asked for; a 6xx never does (§16.7)."""
        self.codes = range(600, 700)
        farm = self.farm(self.route, timers=Timers(fr_timer=2.0))
        farm.net.broken = {5071}
        farm.receive(request())
        farm.wait(2.1)
        farm.receive(response_to(next(data for data, remote in farm.net.take() if remote == G3), 603), G3)
        self.assertEqual((self.seen, farm.lines()[-1]), ([(503, 1), (408, 2)], "SIP/2.0 603 Whatever > 5060"))

    def test_a_handler_that_fails(self) -> None:
        """A handler that raises is logged, the caller gets 500, and what it had relayed is called back."""

        def fail(failed: Request) -> None:
            if failed.next():
                failed.relay()
            raise RuntimeError("boom")

        def route(one: Request) -> None:
            one.select(1, 8)
            one.on_failure(fail, codes=(404,))
            one.relay()

        farm = self.farm(route)
        farm.receive(response_to(farm.invite(), 404), G1)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        _, (second, _), (answer, _) = farm.net.take()
        self.assertTrue(answer.startswith(b"SIP/2.0 500 "))
        farm.receive(response_to(second, 180), G2)
        self.assertEqual(farm.lines(), ["CANCEL sip:bob@example.com SIP/2.0 > 5072"])
        farm.receive(request(b"ACK", to_tag=header(answer, b"To")[0].partition(b";tag=")[2]))
        farm.wait(200.0)
        self.assertEqual((farm.engine.open_transactions, len(farm.engine.timers)), (0, 0))

    def test_the_last_word(self) -> None:
        """A handler that does nothing lets the failure go to the caller."""

        def route(one: Request) -> None:
            one.select(1, 8)
            one.on_failure(lambda failed: None, codes=range(300, 700))
            one.relay()

        farm = self.farm(route)
        farm.receive(response_to(farm.invite(), 404), G1)
        self.assertEqual(farm.lines()[-1], "SIP/2.0 404 Whatever > 5060")

    def test_another_set(self) -> None:
        """A handler may pick from another set."""

        def route(one: Request) -> None:
            one.select(1, 8)
            one.on_failure(to_the_other, codes=(503,))
            one.relay()

        def to_the_other(failed: Request) -> None:
            failed.select(2, 8)
            failed.relay()

        farm = self.farm(route, LIST + b"2 sip:192.0.2.80:5080\n")
        farm.receive(response_to(farm.invite(), 503), G1)
        self.assertEqual(farm.lines()[-1], "INVITE sip:bob@example.com SIP/2.0 > 5080")

    def test_age(self) -> None:
        """The age of a request is the time since it came, whatever was tried meanwhile."""
        ages: list[float] = []

        def route(one: Request) -> None:
            one.select(1, 8)
            one.on_failure(lambda failed: ages.append(round(failed.age, 1)), codes=(408,))
            one.relay()

        farm = self.farm(route, timers=Timers(fr_timer=2.0))
        farm.invite()
        farm.wait(2.1)
        self.assertEqual(ages, [2.0])


class FollowTests(RouteCase):
    """Requests inside a dialog (§16.12)."""

    def follow(self, data: bytes, *, source: tuple[str, int] = CALLER, stateless: bool = False) -> list[str]:
        farm = self.farm(lambda one: one.follow(stateless=stateless))
        farm.receive(data, source)
        return farm.lines()

    def bye(self, uri: bytes = b"sip:bob@203.0.113.5:5090", route: bytes = b"", call_id: bytes = b"call-1") -> bytes:
        headers = b"Route: <%b>\r\n" % route if route else b""
        return request(b"BYE", uri, to_tag=b"t1", headers=headers, call_id=call_id)

    def ours(self, call_id: bytes = b"call-1") -> bytes:
        """The Route that a call through us has."""
        farm = self.farm(stay)
        return header(farm.invite(call_id=call_id), b"Record-Route")[0].strip(b"<>")

    def test_our_cookie(self) -> None:
        """A request that shows our cookie is carried anywhere, with our Route off."""
        for stateless in (False, True):
            farm = self.farm(lambda one, stateless=stateless: one.follow(stateless=stateless))  # type: ignore[misc]
            farm.receive(self.bye(route=self.ours()), ("198.51.100.1", 5060))
            ((out, remote),) = farm.net.take()
            self.assertEqual((remote, header(out, b"Route")), (("203.0.113.5", 5090), []))
            self.assertEqual(farm.engine.open_transactions, 0 if stateless else 2)

    def test_no_relay_for_strangers(self) -> None:
        """Without it, or with that of another call, a request between strangers gets 403."""
        for route in (b"", b"sip:192.0.2.1:5060;lr", b"sip:192.0.2.1:5060;lr;ds=0123456789abcdef", self.ours(b"other")):
            self.assertEqual(self.follow(self.bye(route=route)), ["SIP/2.0 403 Forbidden > 5060"], route)

    def test_between_known(self) -> None:
        """A request from or to a destination of any set is carried without it."""
        to_gateway = self.bye(b"sip:bob@192.0.2.72:7000")
        self.assertEqual(self.follow(to_gateway), ["BYE sip:bob@192.0.2.72:7000 SIP/2.0 > 7000"])
        from_gateway = self.follow(self.bye(), source=("192.0.2.73", 6000))
        self.assertEqual(from_gateway, ["BYE sip:bob@203.0.113.5:5090 SIP/2.0 > 5090"])

    def test_known_by_address(self) -> None:
        """A destination is known by its address, however that is spelt, and where the list has a name for it."""
        text = b"1 sip:[2001:DB8:0::7]:5070\n1 sip:gw.example.com\n"
        six = FakeTransport(host="2001:db8::1", sent_by=b"[2001:db8::1]:5060")
        farm = Farm(text, script=lambda one: one.follow(), transports=(FakeTransport(), six))
        farm.router.membership.resolved(b"gw.example.com", "192.0.2.77")
        for host, net in (("2001:db8::7", six), ("192.0.2.77", farm.net)):
            farm.receive(self.bye().replace(b"z9hG4bKa1", b"z9hG4bK%b" % host[-2:].encode()), (host, 6000), net)
            self.assertEqual(farm.lines(), ["BYE sip:bob@203.0.113.5:5090 SIP/2.0 > 5090"], host)
        farm.receive(self.bye(b"sip:bob@[2001:db8::0:7]:5070").replace(b"z9hG4bKa1", b"z9hG4bKa2"))
        self.assertEqual(six.take_lines(), ["BYE sip:bob@[2001:db8::0:7]:5070 SIP/2.0 > 5070"])
        farm.receive(self.bye().replace(b"z9hG4bKa1", b"z9hG4bKa3"), ("192.0.2.78", 6000))
        self.assertEqual(farm.lines(), ["SIP/2.0 403 Forbidden > 5060"])

    def test_back_to_us(self) -> None:
        """A request that leads nowhere but to us belongs to no call that we know: 481."""
        for uri in (b"sip:bob@192.0.2.1", b"sip:lb.example.com"):
            lines = self.follow(self.bye(uri, route=self.ours()))
            self.assertEqual(lines, ["SIP/2.0 481 Call/Transaction Does Not Exist > 5060"])

    def test_known_after_a_reload(self) -> None:
        """Who is a destination is asked of the list in force now."""
        farm = self.farm(lambda one: one.follow())
        self.assertTrue(farm.router.is_destination(b"192.0.2.72"))
        farm.dispatcher.replace(listfile.parse(b"1 sip:GW.example\n", "list", ()))
        self.assertFalse(farm.router.is_destination(b"192.0.2.72"))
        self.assertTrue(farm.router.is_destination(b"gw.EXAMPLE"))


class DecisionTests(RouteCase):
    def test_why(self) -> None:
        """The observer hears of each destination that a request leaves for, and why it was that one."""
        seen: list[Decision] = []
        farm = Farm()
        farm.router.observer = seen.append
        farm.dispatcher.set_state(1, b"sip:192.0.2.71:5071", health.INACTIVE)
        farm.receive(response_to(farm.invite(), 503), G2)
        self.assertEqual(
            seen,
            [
                Decision(
                    *(b"INVITE", b"call-1", b"sip:192.0.2.72:5072", 1, 1),
                    "round-robin gave 0, index 0, sip:192.0.2.71:5071 is inactive, so index 1",
                ),
                Decision(b"INVITE", b"call-1", b"sip:192.0.2.73:5073", 1, 2, "the one before answered 503"),
            ],
        )

    def test_plain(self) -> None:
        """Where nobody is skipped the reason is the algorithm's alone; silence is told in words."""
        seen: list[Decision] = []
        farm = Farm(timers=Timers(fr_timer=2.0))
        farm.router.observer = seen.append
        farm.invite()
        farm.wait(2.1)
        self.assertEqual([one.why for one in seen], ["round-robin gave 0, index 0", "the one before gave no answer"])

    def test_only_dispatched(self) -> None:
        """A request that follows its Route, or that we answer, is no decision."""
        seen: list[Decision] = []
        farm = Farm()
        farm.router.observer = seen.append
        farm.receive(request(b"OPTIONS", b"sip:192.0.2.1"))
        farm.receive(request(b"BYE", b"sip:192.0.2.72", to_tag=b"t1"))
        self.assertEqual(seen, [])
