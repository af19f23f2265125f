"""Tests of a request that goes to several targets at once (RFC 3261 §16.7)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.route_config import RouteConfig
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import header, request, response_to, ticking

QUICK = Timers(fr_timer=2.0)
G1, G2, G3 = ("192.0.2.71", 5071), ("192.0.2.72", 5072), ("192.0.2.73", 5073)
ALL = RouteConfig(algorithm=12)


class ForkTests(SynchronousTestCase):
    """Algorithm 12 over three gateways."""

    def setUp(self) -> None:
        self.farm = Farm(route=ALL, timers=QUICK)
        self.farm.receive(request())
        _, *self.sent = self.farm.net.take()

    def answer(self, number: int, status: int) -> list[str]:
        """Gateway `number` answers its INVITE; what leaves then."""
        data, gateway = self.sent[number]
        self.farm.receive(response_to(data, status), gateway)
        return self.left()

    def left(self) -> list[str]:
        """Status or method, and port, of what has left: ``ACK 5071``."""
        return [f"{line.removeprefix('SIP/2.0 ').split()[0]} {line.rpartition(' > ')[2]}" for line in self.farm.lines()]

    def test_all_get_it(self) -> None:
        """Each destination gets the request at once, under a branch of its own."""
        self.assertEqual([gateway for _, gateway in self.sent], [G1, G2, G3])
        self.assertEqual(len({header(data, b"Via")[0] for data, _ in self.sent}), 3)

    def test_the_first_to_answer_wins(self) -> None:
        """A 2xx goes up at once; those that ring get a CANCEL, those that do not yet get it as soon as they do."""
        self.assertEqual(self.answer(0, 180), ["180 5060"])
        self.assertEqual(self.answer(1, 180), ["180 5060"])
        self.assertEqual(self.answer(1, 200), ["200 5060", "CANCEL 5071"])
        self.assertEqual(self.answer(2, 180), ["CANCEL 5073"])
        self.assertEqual(self.answer(0, 487), ["ACK 5071"])

    def test_a_second_2xx(self) -> None:
        """Of two that answered, both reach the caller, who ends one (step 5)."""
        self.assertEqual(self.answer(0, 200), ["200 5060"])
        self.assertEqual(self.answer(1, 200), ["200 5060"])

    def test_the_best_refusal_goes_up_last(self) -> None:
        """Nothing goes up before all have answered; then the lowest class does (step 6)."""
        self.assertEqual(self.answer(0, 503), ["ACK 5071"])
        self.assertEqual(self.answer(1, 404), ["ACK 5072"])
        self.assertEqual(self.answer(2, 500), ["ACK 5073", "404 5060"])

    def test_a_6xx_ends_the_others(self) -> None:
        """A 6xx speaks for all: the others get a CANCEL, and it goes up when they have answered (step 5)."""
        self.answer(0, 180)
        self.assertEqual(self.answer(1, 603), ["ACK 5072", "CANCEL 5071"])
        self.assertEqual(self.answer(0, 487), ["ACK 5071"])
        self.assertEqual(self.answer(2, 486), ["ACK 5073", "603 5060"])

    def test_silence_of_all(self) -> None:
        """When none answers the caller hears 408, once."""
        ticking(self.farm.clock, 2.2)
        self.assertEqual([line for line in self.left() if line.endswith("5060")][:1], ["408 5060"])

    def test_one_that_can_not_be_reached(self) -> None:
        """Where the network refuses some, the others go on."""
        farm = Farm(route=ALL, timers=QUICK)
        farm.net.broken = {G1[1], G3[1]}
        farm.receive(request())
        self.assertEqual([port for _, (_, port) in farm.net.take()], [5060, G2[1]])

    def test_none_can_be_reached(self) -> None:
        """Where the network refuses all, the caller hears of it at once."""
        farm = Farm(route=ALL, timers=QUICK)
        farm.net.broken = {G1[1], G2[1], G3[1]}
        farm.receive(request())
        self.assertEqual(farm.lines()[-1], "SIP/2.0 500 Server Internal Error > 5060")

    def test_a_cancel_goes_to_all(self) -> None:
        """The caller's CANCEL is passed to every gateway that rings, and 487 goes up when all have stopped."""
        for number in range(3):
            self.answer(number, 180)
        self.farm.receive(request(method=b"CANCEL"))
        self.assertEqual(self.left(), ["200 5060", "CANCEL 5071", "CANCEL 5072", "CANCEL 5073"])
        self.assertEqual(self.answer(0, 487), ["ACK 5071"])
        self.assertEqual(self.answer(1, 487), ["ACK 5072"])
        self.assertEqual(self.answer(2, 487), ["ACK 5073", "487 5060"])

    def test_without_memory_the_first_gets_it(self) -> None:
        """Stateless relay sends to one destination (§16.11)."""
        farm = Farm(route=RouteConfig(algorithm=12, relay="stateless"))
        farm.receive(request())
        self.assertEqual([gateway for _, gateway in farm.net.take()], [G1])

    def test_nothing_is_left(self) -> None:
        """When all timers are over nothing is remembered."""
        self.answer(1, 200)
        ticking(self.farm.clock, 200)
        self.assertEqual(self.farm.engine.open_transactions, 0)
