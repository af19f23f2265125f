"""Tests of what is learnt from the outcome of requests: route, context and transactions together."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.conduct import Conduct
from dispatch.balance.ejection import Ejection
from dispatch.script.route import Request
from dispatch.service.health_config import HealthConfig
from dispatch.service.route_config import RouteConfig
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.wire import request, response_to

G1, G2, G3 = ("192.0.2.71", 5071), ("192.0.2.72", 5072), ("192.0.2.73", 5073)
THREE = HealthConfig(ejection=Ejection(consecutive_failures=3))


class OutcomeCase(SynchronousTestCase):
    def begin(self, health: HealthConfig = THREE, **more: object) -> Farm:
        self.farm = Farm(health=health, **more)  # type: ignore[arg-type]  # passed through
        return self.farm

    def conduct(self, index: int) -> Conduct | None:
        return self.farm.dispatcher.groups[1].members[index].condition.conduct

    def counted(self, index: int) -> tuple[int, int] | None:
        """Requests to a gateway whose outcome is known, and how many of them failed."""
        conduct = self.conduct(index)
        return (conduct.calls, conduct.failed) if conduct is not None else None


class OutcomeTests(OutcomeCase):
    def test_an_answer(self) -> None:
        """A 200 is a success of the gateway that gave it, its copies count no more; a 503 is a failure."""
        farm = self.begin()
        sent = farm.invite()
        for _ in range(2):
            farm.receive(response_to(sent, 200), G1)
        self.assertEqual(self.counted(0), (1, 0))
        sent = farm.invite(call_id=b"2", branch=b"z9hG4bKb2")
        farm.receive(response_to(sent, 503), G2)
        self.assertEqual((self.counted(1), self.counted(2)), ((1, 1), None))

    def test_failover(self) -> None:
        """Of a call that two gateways refused and the third took, each has its own outcome."""
        farm = self.begin()
        sent = farm.invite()
        for gateway, status in ((G1, 503), (G2, 500), (G3, 200)):
            farm.receive(response_to(sent, status), gateway)
            sent = next((data for data, _ in farm.net.take() if data.startswith(b"INVITE")), sent)
        self.assertEqual([self.counted(index) for index in range(3)], [(1, 1), (1, 1), (1, 0)])

    def test_without_failover(self) -> None:
        """What comes of a request is learnt too where nothing is handed on."""
        farm = self.begin(flags=0, route=RouteConfig(failover_on=()))
        farm.receive(response_to(farm.invite(), 503), G1)
        self.assertEqual(self.counted(0), (1, 1))

    def test_silence(self) -> None:
        """No answer at all is a failure."""
        farm = self.begin(timers=Timers(fr_timer=2.0))
        farm.invite()
        farm.wait(3)
        self.assertEqual(self.counted(0), (1, 1))

    def test_nobody_picks_up(self) -> None:
        """A phone that rings until the time is over is no failure of the gateway, and no success."""
        farm = self.begin(timers=Timers(fr_timer=2.0, fr_inv_timer=5.0))
        farm.receive(response_to(farm.invite(), 180), G1)
        farm.wait(10)
        self.assertIn(self.counted(0), (None, (0, 0)))

    def test_a_network_that_refuses(self) -> None:
        """A destination that can't be reached has failed."""
        farm = self.begin()
        farm.dispatcher.groups[1].members[0].uri = b"sip:no.such.name"
        farm.receive(request())
        self.assertEqual(self.counted(0), (1, 1))

    def test_all_at_once(self) -> None:
        """Where a request goes to all at once, each has its own outcome; one that is called off has answered."""
        farm = self.begin(route=RouteConfig(algorithm=12))
        farm.receive(request())
        sent = {to: data for data, to in farm.net.take() if data.startswith(b"INVITE")}
        farm.receive(response_to(sent[G1], 503), G1)
        farm.receive(response_to(sent[G2], 200), G2)
        farm.receive(response_to(sent[G3], 487), G3)
        self.assertEqual([self.counted(index) for index in range(3)], [(1, 1), (1, 0), (1, 0)])

    def test_off(self) -> None:
        """Unless something is on, nobody listens and nothing is kept."""
        farm = self.begin(HealthConfig(panic_threshold=50))
        farm.receive(response_to(farm.invite(), 503), G1)
        self.assertIsNone(farm.dispatcher.live)
        self.assertIsNone(self.conduct(0))

    def test_a_destination_of_no_selection(self) -> None:
        """A script that sends a request elsewhere by itself is about no destination."""

        def route(one: Request) -> None:
            one.destination_uri = b"sip:192.0.2.99:5060"
            one.relay()

        farm = self.begin(script=route)
        farm.receive(response_to(farm.invite(), 503), ("192.0.2.99", 5060))
        self.assertEqual([self.counted(index) for index in range(3)], [None, None, None])

    def test_ejected(self) -> None:
        """A gateway that refuses three calls in a row gets no further ones, and each call has its 200."""
        farm = self.begin(route=RouteConfig(algorithm=8))
        answers = []
        for call in range(6):
            farm.receive(request(call_id=b"%d" % call, branch=b"z9hG4bKc%d" % call))
            for _ in range(2):
                for data, gateway in farm.net.take():
                    if data.startswith(b"INVITE"):
                        farm.receive(response_to(data, 503 if gateway == G1 else 200), gateway)
                    elif data.startswith(b"SIP/2.0 2"):
                        answers.append(gateway)
        self.assertEqual(self.counted(0), (3, 3))
        self.assertEqual(self.counted(1), (6, 0))
        self.assertEqual(answers, [CALLER] * 6)

    def test_overload(self) -> None:
        """What a gateway puts into our own Via is taken for its wish."""
        farm = self.begin(HealthConfig(overload_control=True))
        answer = response_to(farm.invite(), 200)
        farm.receive(answer.replace(b";branch=", b";oc=50;oc-validity=9000;oc-seq=1.0;branch=", 1), G1)
        overload = farm.dispatcher.groups[1].members[0].condition.overload
        assert overload is not None
        self.assertEqual(overload.rate, 50)
