"""Tests of dispatch.script.default: what the built-in route chooses."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import listfile
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.route_config import RouteConfig
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import LIST, Farm
from dispatch.test.wire import header, request, response_to

G1, G2 = ("192.0.2.71", 5071), ("192.0.2.72", 5072)
NOBODY = "SIP/2.0 503 No destination available > 5060"


def stateless(algorithm: str = "hash-callid") -> Farm:
    """One that remembers nothing."""
    return Farm(route=RouteConfig(relay="stateless", algorithm=algorithm))


class DispatchTests(SynchronousTestCase):
    """What begins."""

    def test_set_and_algorithm(self) -> None:
        """Requests go to the set and by the algorithm of [route]."""
        farm = Farm(LIST + b"2 sip:192.0.2.80:5080\n2 sip:192.0.2.81:5081\n", RouteConfig(set=2, algorithm="priority"))
        for branch in (b"z9hG4bKa", b"z9hG4bKb"):
            farm.receive(request(b"MESSAGE", branch=branch))
        self.assertEqual([remote for _, remote in farm.net.take()], [("192.0.2.81", 5081)] * 2)

    def test_any_method(self) -> None:
        """Every method that begins something is dispatched, also one that nobody knows; calls stay with us."""
        for method, is_recorded in (
            *((b"INVITE", True), (b"SUBSCRIBE", True), (b"REFER", True), (b"REGISTER", False), (b"MESSAGE", False)),
            *((b"PUBLISH", False), (b"FOO", False)),
        ):
            farm = Farm()
            farm.receive(request(method))
            sent = next(data for data, remote in farm.net.take() if remote == G1)
            self.assertEqual(bool(header(sent, b"Record-Route")), is_recorded, method)

    def test_options_to_us(self) -> None:
        """OPTIONS to us, or whose hops end here, gets 200 from us (§16.3 step 3); others are dispatched."""
        answered, dispatched = "SIP/2.0 200 OK > 5060", "OPTIONS {} SIP/2.0 > 5071"
        for uri, hops, line in (
            ("sip:192.0.2.1", b"70", answered),
            ("sip:lb.example.com", b"70", answered),
            ("sip:bob@example.com", b"0", answered),
            ("sip:bob@example.com", b"1", dispatched),
            ("sip:bob@192.0.2.1", b"70", dispatched),
            ("sip:example.com", b"70", dispatched),
        ):
            farm = Farm()
            farm.receive(request(b"OPTIONS", uri.encode(), max_forwards=hops))
            self.assertEqual(farm.lines(), [line.format(uri)], uri)

    def test_no_other_method_is_for_us(self) -> None:
        """An INVITE to our own address goes to a gateway: people call a load balancer by its name."""
        farm = Farm()
        self.assertTrue(farm.invite(uri=b"sip:192.0.2.1").startswith(b"INVITE sip:192.0.2.1 SIP/2.0\r\n"))

    def test_nobody(self) -> None:
        """Without a destination a request gets 503, relayed or forwarded; an ACK gets silence."""
        for relay in ("stateful", "stateless"):
            farm = Farm(b"1 sip:192.0.2.71 1\n", RouteConfig(relay=relay))
            farm.receive(request())
            farm.receive(request(b"ACK"))
            self.assertEqual(farm.lines(), [NOBODY])

    def test_cancel(self) -> None:
        """A CANCEL that belongs to no INVITE of ours gets 481 and goes nowhere, also inside a dialog."""
        for to_tag in (b"", b"t"):
            farm = Farm()
            farm.receive(request(b"CANCEL", b"sip:192.0.2.71:5071", to_tag=to_tag))
            self.assertEqual(farm.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist > 5060"])

    def test_ack_of_nothing(self) -> None:
        """An ACK outside a dialog that acknowledges nothing of ours reaches no gateway."""
        farm = Farm()
        farm.receive(request(b"ACK"))
        self.assertEqual((farm.lines(), farm.engine.open_transactions), ([], 0))


class DialogTests(SynchronousTestCase):
    """What goes on."""

    def test_never_dispatched(self) -> None:
        """A request inside a dialog follows its Route, whatever the set says meanwhile."""
        farm = Farm()
        route = header(farm.invite(), b"Record-Route")[0]
        for one in farm.dispatcher.destinations():
            farm.dispatcher.set_state(1, one.uri, 4)
        for method in (b"ACK", b"BYE", b"INVITE", b"UPDATE"):
            headers = b"Route: %b\r\n" % route
            data = request(method, b"sip:bob@203.0.113.5", branch=b"z9hG4bK" + method, to_tag=b"t", headers=headers)
            farm.receive(data)
            self.assertIn(("203.0.113.5", 5060), [remote for _, remote in farm.net.take()], method)

    def test_strangers(self) -> None:
        """A request inside a dialog that is not ours gets 403, one that leads back to us 481."""
        for uri, line in (
            (b"sip:bob@203.0.113.5", "SIP/2.0 403 Forbidden > 5060"),
            (b"sip:192.0.2.1", "SIP/2.0 481 Call/Transaction Does Not Exist > 5060"),
        ):
            farm = Farm()
            farm.receive(request(b"BYE", uri, to_tag=b"t"))
            self.assertEqual(farm.lines(), [line])


class FailoverTests(SynchronousTestCase):
    def lines(self, farm: Farm, status: int) -> list[str]:
        """What leaves when the first gateway answers so."""
        farm.receive(response_to(farm.invite(), status), G1)
        return [line for line in farm.lines() if not line.startswith("ACK")]

    def test_failover_on(self) -> None:
        """Only what failover_on names goes to the next destination."""
        for status, is_next in ((500, True), (503, True), (404, False), (603, False)):
            line = "INVITE sip:bob@example.com SIP/2.0 > 5072" if is_next else f"SIP/2.0 {status} Whatever > 5060"
            self.assertEqual(self.lines(Farm(), status), [line])
        named = Farm(route=RouteConfig(failover_on=(404,)))
        self.assertEqual(self.lines(named, 404), ["INVITE sip:bob@example.com SIP/2.0 > 5072"])
        self.assertEqual(self.lines(Farm(route=RouteConfig(failover_on=())), 500), ["SIP/2.0 500 Whatever > 5060"])

    def test_silence(self) -> None:
        """Silence and a refusing network fail over whatever failover_on names; a 6xx does not, though it is named."""
        farm = Farm(route=RouteConfig(failover_on=(603,)), timers=Timers(fr_timer=2.0))
        farm.net.broken = {5071}
        farm.receive(request())
        farm.wait(2.1)
        sent = farm.net.take()
        self.assertEqual([remote[1] for data, remote in sent if data[:6] == b"INVITE"], [5072, 5072, 5072, 5073])
        farm.receive(response_to(sent[-1][0], 603), ("192.0.2.73", 5073))
        self.assertEqual(farm.lines()[-1], "SIP/2.0 603 Whatever > 5060")

    def test_flags(self) -> None:
        """Without bit 2 of flags there is no next destination."""
        self.assertEqual(self.lines(Farm(flags=1), 500), ["SIP/2.0 500 Whatever > 5060"])

    def test_attempts(self) -> None:
        """No more than failover_attempts destinations are asked."""
        for attempts, ports in ((1, [5071]), (2, [5071, 5072]), (8, [5071, 5072, 5073])):
            farm = Farm(route=RouteConfig(failover_attempts=attempts), timers=Timers(fr_timer=2.0))
            asked: list[bytes] = []
            farm.router.observer = lambda decision, asked=asked: asked.append(decision.destination)
            farm.invite()
            farm.wait(8.0)
            self.assertEqual([int(uri.rpartition(b":")[2]) for uri in asked], ports)

    def test_limit(self) -> None:
        """No more than limit destinations are kept for a request."""
        for limit, ports in ((1, [5071]), (2, [5071, 5072]), (0, [5071, 5072, 5073])):
            farm = Farm(route=RouteConfig(limit=limit), timers=Timers(fr_timer=2.0))
            asked: list[bytes] = []
            farm.router.observer = lambda decision, asked=asked: asked.append(decision.destination)
            farm.invite()
            farm.wait(8.0)
            self.assertEqual([int(uri.rpartition(b":")[2]) for uri in asked], ports)

    def test_time(self) -> None:
        """After failover_time seconds no further destination is asked."""
        farm = Farm(route=RouteConfig(failover_time=3.0), timers=Timers(fr_timer=2.0))
        asked: list[bytes] = []
        farm.router.observer = lambda decision: asked.append(decision.destination)
        farm.invite()
        farm.wait(8.0)
        self.assertEqual(asked, [b"sip:192.0.2.71:5071", b"sip:192.0.2.72:5072"])


class LoadTests(SynchronousTestCase):
    """Algorithm 10: a call is counted where it is, and no longer than it is open."""

    def setUp(self) -> None:
        self.farm = self.with_calls()

    def with_calls(self, *, relay: str = "stateful", mode: str = "dst", hash_size: int = 8) -> Farm:
        return Farm(
            b"1 sip:192.0.2.72:5072 0 0 duid=b\n1 sip:192.0.2.71:5071 0 0 duid=a\n",
            RouteConfig(algorithm="call-load", relay=relay, mode=mode),
            timers=Timers(fr_timer=2.0, fr_inv_timer=4.0),
            parameters=DispatcherConfig(flags=2, ds_hash_size=hash_size, ds_hash_initexpire=60),
        )

    def loads(self) -> list[int]:
        """Calls counted on the first and the second gateway."""
        return [one.condition.tally.calls for one in self.farm.dispatcher.destinations()]

    def test_answered(self) -> None:
        """A call that is answered stays counted, past the time for those that are not, until its BYE."""
        sent = self.farm.invite()
        self.assertEqual(self.loads(), [1, 0])
        self.farm.receive(response_to(sent, 200), G1)
        self.farm.clock.advance(100.0)
        self.farm.dispatcher.expire_load()
        self.assertEqual(self.loads(), [1, 0])
        route = b"Route: %b\r\n" % header(sent, b"Record-Route")[0]
        self.farm.receive(request(b"BYE", b"sip:bob@203.0.113.5", branch=b"z9hG4bKb", to_tag=b"t1", headers=route))
        self.assertEqual(self.loads(), [0, 0])

    def test_a_strangers_bye(self) -> None:
        """A BYE that is not ours to carry ends no call."""
        self.farm.receive(response_to(self.farm.invite(), 200), G1)
        self.farm.receive(request(b"BYE", b"sip:bob@203.0.113.5", branch=b"z9hG4bKb", to_tag=b"t1"))
        self.assertEqual((self.farm.lines()[-1], self.loads()), ("SIP/2.0 403 Forbidden > 5060", [1, 0]))

    def test_refused(self) -> None:
        """A call that is refused is counted no more; the next try of the same call is."""
        for status in (302, 401, 407, 486, 603):
            self.farm.receive(response_to(self.farm.invite(), status), G1)
            self.assertEqual(self.loads(), [0, 0], status)
            self.farm.receive(request(b"ACK", to_tag=b"t1"))
            self.farm.wait(35.0)

    def test_failover(self) -> None:
        """A call that fails over is counted on the next gateway; one that nobody takes is not counted."""
        sent = self.farm.invite()
        self.farm.receive(response_to(sent, 503), G1)
        self.assertEqual(self.loads(), [0, 1])
        again = next(data for data, remote in self.farm.net.take() if remote == G2 and data.startswith(b"INVITE"))
        self.farm.receive(response_to(again, 503), G2)
        self.assertEqual(self.loads(), [0, 0])

    def test_silence(self) -> None:
        """A call that nobody answers is not counted when the caller is told so."""
        self.farm.invite()
        self.farm.wait(2.1)
        self.assertEqual(self.loads(), [0, 1])
        self.farm.wait(2.1)
        self.assertEqual((self.farm.lines()[-1], self.loads()), ("SIP/2.0 408 Request Timeout > 5060", [0, 0]))

    def test_rung_out(self) -> None:
        """A call that rings in vain is not counted when it is over."""
        self.farm.receive(response_to(self.farm.invite(), 180), G1)
        self.farm.wait(4.1)
        self.assertEqual(self.loads(), [0, 1])
        self.farm.wait(2.1)
        self.assertEqual(self.loads(), [0, 0])

    def test_cancelled(self) -> None:
        """A call that the caller hangs up is counted no more."""
        sent = self.farm.invite()
        self.farm.receive(response_to(sent, 180), G1)
        self.farm.receive(request(b"CANCEL"))
        self.farm.receive(response_to(sent, 487), G1)
        self.assertEqual(self.loads(), [0, 0])

    def test_a_copy(self) -> None:
        """A retransmission is not counted."""
        self.farm.invite()
        self.farm.receive(request())
        self.assertEqual(self.loads(), [1, 0])

    def test_the_same_call_again(self) -> None:
        """An INVITE that comes twice by two ways is one call, and stays it when one of them is refused."""
        self.farm.invite()
        self.farm.receive(response_to(self.farm.invite(branch=b"z9hG4bKother"), 486), G1)
        self.assertEqual(self.loads(), [1, 0])

    def test_two_answers(self) -> None:
        """Two 2xx of a call are one call."""
        sent = self.farm.invite()
        for tag in (b"t1", b"t2"):
            self.farm.receive(response_to(sent, 200, to_tag=tag), G1)
        self.assertEqual(self.loads(), [1, 0])

    def test_a_late_answer(self) -> None:
        """A call that a gateway takes after it was given up is counted there, and goes on being counted."""
        sent = self.farm.invite()
        self.farm.wait(2.1)
        self.assertEqual(self.loads(), [0, 1])
        again = next(data for data, remote in self.farm.net.take() if remote == G2 and data.startswith(b"INVITE"))
        self.farm.receive(response_to(sent, 200), G1)
        self.assertEqual(self.loads(), [1, 0])
        self.farm.receive(response_to(again, 200), G2)  # our CANCEL came too late: one caller, one call
        self.farm.clock.advance(100.0)
        self.farm.dispatcher.expire_load()
        self.assertEqual(self.loads(), [1, 0])

    def test_a_broken_way(self) -> None:
        """A call that the network refuses everywhere is not counted."""
        self.farm.net.broken = {5071, 5072}
        self.farm.receive(request())
        self.assertEqual((self.farm.lines()[-1], self.loads()), ("SIP/2.0 500 Server Internal Error > 5060", [0, 0]))

    def test_nameless(self) -> None:
        """A call that is refused because not all destinations have a duid is not counted on the one that has."""
        self.farm.dispatcher.replace(listfile.parse(b"1 sip:192.0.2.72\n1 sip:192.0.2.71 0 0 duid=a\n", "list", ()))
        self.farm.receive(request())
        self.assertEqual((self.farm.lines(), self.loads()), ([NOBODY], [0, 0]))

    def test_unwritable(self) -> None:
        """A call that is refused because its Request-URI would be too long is not counted."""
        self.farm = self.with_calls(mode="domain")
        self.farm.receive(request(uri=b"sip:%b@example.com" % (b"x" * 1024)))
        self.assertEqual((self.farm.lines(), self.loads()), ([NOBODY], [0, 0]))

    def test_full(self) -> None:
        """A call that finds all full is refused, and takes nobody's place away."""
        self.farm.dispatcher.replace(listfile.parse(b"1 sip:192.0.2.71 0 0 duid=a;maxload=1\n", "list", ()))
        self.farm.receive(request())
        for call_id in (b"call-1", b"call-2"):
            self.farm.receive(request(branch=b"z9hG4bKnew" + call_id, call_id=call_id))
            self.assertEqual((self.farm.lines()[-1], self.loads()), (NOBODY, [1]), call_id)

    def test_stateless(self) -> None:
        """Without memory a CANCEL ends the call."""
        self.farm = self.with_calls(relay="stateless")
        self.farm.receive(request())
        self.assertEqual(self.loads(), [1, 0])
        self.farm.receive(request(b"CANCEL"))
        self.assertEqual(self.loads(), [0, 0])

    def test_stateless_refused(self) -> None:
        """Without memory the ACK of a refusal ends the call, and so does a way that we don't have."""
        self.farm = self.with_calls(relay="stateless")
        self.farm.receive(request())
        self.farm.receive(request(b"ACK", to_tag=b"t1"))
        self.assertEqual(self.loads(), [0, 0])
        self.farm.dispatcher.replace(listfile.parse(b"1 sip:[::1] 0 0 duid=a\n", "list", ()))
        self.farm.net.take()
        self.farm.receive(request())
        self.assertEqual((self.farm.lines(), self.loads()), (["SIP/2.0 503 Service Unavailable > 5060"], [0]))

    def test_stateless_answered(self) -> None:
        """Without memory the ACK of a 2xx says that the call was answered: it stays past the time for others."""
        self.farm = self.with_calls(relay="stateless")
        self.farm.receive(request())
        route = b"Route: %b\r\n" % header(self.farm.net.take()[0][0], b"Record-Route")[0]
        self.farm.receive(request(b"ACK", b"sip:bob@203.0.113.5", to_tag=b"t1", headers=route))
        self.farm.clock.advance(100.0)
        self.farm.dispatcher.expire_load()
        self.assertEqual(self.loads(), [1, 0])

    def test_not_counted(self) -> None:
        """Where nothing is counted calls are relayed all the same."""
        self.farm = self.with_calls(hash_size=0)
        self.farm.receive(response_to(self.farm.invite(), 486), G1)
        self.assertEqual((self.farm.lines()[-1], self.loads()), ("SIP/2.0 486 Whatever > 5060", [0, 0]))


class StatelessTests(SynchronousTestCase):
    """Nothing is remembered (§16.11)."""

    def test_the_same_way(self) -> None:
        """INVITE, its copy, its CANCEL and the ACK of its refusal go the same way with the same branch."""
        farm = stateless()
        farm.receive(request())
        farm.receive(request())
        farm.receive(request(b"CANCEL"))
        farm.receive(request(b"ACK", to_tag=b"t1"))
        sent = farm.net.take()
        self.assertEqual([data.partition(b" ")[0] for data, _ in sent], [b"INVITE", b"INVITE", b"CANCEL", b"ACK"])
        self.assertEqual(len({(header(data, b"Via")[0], remote) for data, remote in sent}), 1)
        self.assertEqual((farm.engine.open_transactions, len(farm.engine.timers)), (0, 0))

    def test_the_way_back(self) -> None:
        """The response goes to the Via below ours; one that shows no branch of ours goes nowhere."""
        farm = stateless()
        farm.receive(request())
        ((sent, remote),) = farm.net.take()
        answer = response_to(sent, 200)
        farm.receive(answer, remote)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])
        farm.receive(answer.replace(b"z9hG4bKa1", b"z9hG4bKa2"), remote)
        self.assertEqual(farm.lines(), [])

    def test_dialogs(self) -> None:
        """Requests inside a dialog follow their Route without being remembered."""
        farm = stateless()
        farm.receive(request())
        route = header(farm.net.take()[0][0], b"Record-Route")[0]
        for method in (b"ACK", b"BYE"):
            data = request(method, b"sip:bob@203.0.113.5", to_tag=b"t", headers=b"Route: %b\r\n" % route)
            farm.receive(data)
            self.assertEqual([remote for _, remote in farm.net.take()], [("203.0.113.5", 5060)])
        self.assertEqual(farm.engine.open_transactions, 0)

    def test_no_failover(self) -> None:
        """A failure is passed on as it came: there is nothing that could be sent again."""
        farm = stateless()
        farm.receive(request())
        ((sent, remote),) = farm.net.take()
        farm.receive(response_to(sent, 503), remote)
        self.assertEqual(farm.lines(), ["SIP/2.0 503 Whatever > 5060"])
