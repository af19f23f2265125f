"""Tests of dispatch.proxy.context: a target given by name that several machines answer for (RFC 3263 §4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.route_config import RouteConfig
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import header, request, response_to
from dispatch.transport.names.target import Place

NAMED = b"1 sip:gw.example 0 5\n"


def machines(count: int) -> tuple[Place, ...]:
    """So many, at ports 5071 and following, one behind the other."""
    return tuple(Place(b"UDP", 5071 + number, (f"192.0.2.{71 + number}",), number) for number in range(count))


class MachineCase(SynchronousTestCase):
    def farm(self, count: int = 3, text: bytes = NAMED, relay: str = "stateful") -> Farm:
        farm = Farm(text, RouteConfig(relay=relay))
        farm.resolver.places["gw.example"] = machines(count)
        return farm

    def sent(self, farm: Farm, method: bytes = b"INVITE") -> list[tuple[bytes, tuple[str, int]]]:
        return [(data, remote) for data, remote in farm.net.take() if data.startswith(method)]

    def refuse(self, farm: Farm, sent: Sequence[tuple[bytes, tuple[str, int]]], status: int = 503) -> None:
        ((data, remote),) = sent
        farm.receive(response_to(data, status), remote)


class NextMachineTests(MachineCase):
    def test_a_503(self) -> None:
        """A 503 is followed by the next machine, under another branch; the caller hears of its answer only."""
        farm = self.farm()
        farm.receive(request())
        first = self.sent(farm)
        self.refuse(farm, first)
        ((data, remote),) = self.sent(farm)
        self.assertEqual(remote, ("192.0.2.72", 5072))
        self.assertNotEqual(header(data, b"Via")[0], header(first[0][0], b"Via")[0])
        farm.receive(response_to(data, 200), remote)
        self.assertEqual(farm.lines(), ["SIP/2.0 200 Whatever > 5060"])

    def test_silence_and_a_network_that_refuses(self) -> None:
        """A machine that is silent, or can't be reached, is followed by the next."""
        farm = self.farm()
        farm.net.broken = {5072}
        farm.receive(request(b"MESSAGE"))
        self.assertEqual([remote[1] for _, remote in self.sent(farm, b"MESSAGE")], [5071])
        farm.wait(33)
        ports = {remote[1] for _, remote in self.sent(farm, b"MESSAGE")}
        self.assertEqual(ports, {5071, 5073})

    def test_an_answer(self) -> None:
        """Any other answer speaks for the name: it goes up, and no other machine is asked."""
        for status in (404, 486, 500, 603):
            farm = self.farm()
            farm.receive(request(b"MESSAGE"))
            self.refuse(farm, self.sent(farm, b"MESSAGE"), status)
            self.assertEqual([line.split()[1] for line in farm.lines()], [str(status)])

    def test_after_the_last(self) -> None:
        """When no machine is left the destination has failed, once, and the next destination gets the request."""
        farm = self.farm(2, NAMED + b"1 sip:192.0.2.99:5099 0 1\n")
        farm.receive(request())
        for _ in range(2):
            self.refuse(farm, self.sent(farm))
        self.assertEqual([remote for _, remote in self.sent(farm)], [("192.0.2.99", 5099)])
        farm = self.farm(2)
        farm.receive(request())
        for _ in range(2):
            self.refuse(farm, self.sent(farm))
        self.assertEqual(farm.lines()[-1].split()[:2], ["SIP/2.0", "500"])

    def test_eight_at_most(self) -> None:
        """However many machines there are, eight are tried."""
        farm = self.farm(20)
        farm.receive(request())
        tried = 0
        while sent := self.sent(farm):
            tried += 1
            self.refuse(farm, sent)
        self.assertEqual(tried, 8)

    def test_not_for_ever(self) -> None:
        """When failover_time is over no further machine is tried, however many there are."""
        farm = self.farm(8)
        farm.proxy.failover_time = 60.0
        farm.receive(request())
        farm.wait(200)
        self.assertEqual({remote[1] for _, remote in self.sent(farm)}, {5071, 5072})

    def test_after_a_cancel(self) -> None:
        """A caller who hung up gets no further machine."""
        farm = self.farm()
        farm.receive(request())
        ((data, remote),) = self.sent(farm)
        farm.receive(response_to(data, 180), remote)
        farm.receive(request(b"CANCEL"))
        farm.receive(response_to(data, 503), remote)
        self.assertEqual(self.sent(farm), [])

    def test_a_phone_that_rings(self) -> None:
        """A machine whose phone rings and is not answered has not failed: no other one rings."""
        farm = self.farm()
        farm.receive(request())
        ((data, remote),) = self.sent(farm)
        farm.receive(response_to(data, 180), remote)
        farm.wait(160)
        self.assertEqual(self.sent(farm), [])

    def test_nothing_is_left(self) -> None:
        """When all is over nothing is remembered of it."""
        farm = self.farm()
        farm.receive(request())
        for _ in range(3):
            self.refuse(farm, self.sent(farm))
        farm.wait(70)
        self.assertEqual(farm.engine.open_transactions, 0)


class ChoiceTests(MachineCase):
    def ports(self, relay: str, *messages: bytes) -> list[int]:
        """Where each message goes, of two machines with equal chance."""
        farm = self.farm(relay=relay)
        farm.resolver.places["gw.example"] = tuple(
            Place(b"UDP", port, (f"192.0.2.{port - 5000}",), 0, 10) for port in (5071, 5072)
        )
        for message in messages:
            farm.receive(message)
        return [remote[1] for data, remote in farm.net.take() if not data.startswith(b"SIP/2.0")]

    def test_calls_are_spread(self) -> None:
        """Calls go to the machines by their weights."""
        calls = [request(call_id=b"call-%d" % number, branch=b"z9hG4bK%d" % number) for number in range(100)]
        ports = self.ports("stateful", *calls)
        self.assertTrue(30 < ports.count(5071) < 70, ports)

    def test_a_call_stays(self) -> None:
        """What belongs together goes to one machine, also where nothing is remembered (RFC 3263 §4.4)."""
        for number in range(10):
            call = b"call-%d" % number
            messages = [request(call_id=call), request(call_id=call), request(b"CANCEL", call_id=call)]
            self.assertEqual(len(set(self.ports("stateless", *messages))), 1)

    def test_transport_and_family(self) -> None:
        """A machine that no socket of ours reaches is passed over."""
        farm = self.farm()
        farm.resolver.places["gw.example"] = (
            Place(b"TCP", 5071, ("192.0.2.71",), 0),
            Place(b"UDP", 5072, ("2001:db8::72",), 1),
            Place(b"UDP", 5073, ("192.0.2.73",), 2),
        )
        farm.receive(request())
        self.assertEqual([remote for _, remote in self.sent(farm)], [("192.0.2.73", 5073)])


class InsideDialogTests(MachineCase):
    def test_a_route_with_a_name(self) -> None:
        """A request inside a call whose Contact is a name fails over inside its SRV set."""
        farm = self.farm()
        farm.receive(request())
        ((invite, _),) = self.sent(farm)
        route = header(invite, b"Record-Route")[0]
        farm.net.take()
        bye = request(
            b"BYE", b"sip:bob@gw.example", branch=b"z9hG4bKb", to_tag=b"t1", cseq=2, headers=b"Route: %b\r\n" % route
        )
        farm.receive(bye)
        self.refuse(farm, self.sent(farm, b"BYE"))
        ((_, remote),) = self.sent(farm, b"BYE")
        self.assertEqual(remote, ("192.0.2.72", 5072))
