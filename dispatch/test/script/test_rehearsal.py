"""Tests of dispatch.script.rehearsal."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms import TABLE
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.script.rehearsal import Rehearsal, rehearse
from dispatch.script.route import Request
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.route_config import RouteConfig
from dispatch.sip.message import Message
from dispatch.test.proxy.farm import CALLER, Farm
from dispatch.test.wire import FakeTransport, request

# Of a branch only the number of the transaction is another each time.
_NUMBER = re.compile(rb"(branch=z9hG4bKds[0-9a-f]+\.)[0-9a-f]+\.")
CALL_IDS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
WEIGHTS = st.integers(1, 20)
FLAGS = st.sampled_from([0, 0, 0, 1, 2, 4, 8])


def rehearsed(farm: Farm, data: bytes) -> Rehearsal:
    return rehearse(farm.proxy, farm.router, Message(data), farm.net.listener, CALLER)


def plain(sent: list[tuple[bytes, tuple[str, int]]]) -> list[tuple[bytes, tuple[str, int]]]:
    return [(_NUMBER.sub(rb"\1", data), remote) for data, remote in sent]


def foretold(rehearsal: Rehearsal) -> list[tuple[bytes, tuple[str, int]]]:
    return plain([(one.data, one.flow.remote) for one in rehearsal.sent])


def state_of(farm: Farm) -> object:
    turn = farm.dispatcher.groups[1].turn
    members = [
        (one.flags, one.condition.selected, one.condition.failures, one.condition.tally.calls)
        for one in farm.dispatcher.destinations()
    ]
    return members, turn.cursor, turn.debts, turn.random.getstate(), turn.weights.cursor, len(farm.engine.timers)


class ForetoldTests(SynchronousTestCase):
    @settings(max_examples=60)
    @given(
        st.sampled_from(TABLE),
        st.lists(st.tuples(FLAGS, WEIGHTS), min_size=1, max_size=5),
        st.sampled_from(["dst", "domain"]),
        st.sampled_from(["stateful", "stateless"]),
        st.booleans(),
        st.lists(CALL_IDS, min_size=1, max_size=6),
        FLAGS,
    )
    def test_what_happens_next(
        self,
        algorithm: Algorithm,
        rows: list[tuple[int, int]],
        mode: str,
        relay: str,
        use_default: bool,
        call_ids: list[bytes],
        flags_later: int,
    ) -> None:
        """What is foretold leaves next, byte by byte, for every algorithm; and foretelling changes nothing."""
        text = b"".join(
            b"1 sip:192.0.2.%d:5070 %d 0 duid=d%d;weight=%d;rweight=%d\n" % (71 + number, flags, number, weight, weight)
            for number, (flags, weight) in enumerate(rows)
        )
        name: int | str = algorithm.name
        parameters = DispatcherConfig(flags=2, ds_hash_size=8, hash_pvar="$ci", use_default=int(use_default))
        farm = Farm(text, RouteConfig(algorithm=name, mode=mode, relay=relay), parameters=parameters)
        logged = len(farm.warnings)
        for number, call_id in enumerate(call_ids):
            data = request(
                call_id=call_id,
                branch=b"z9hG4bK%d" % number,
                headers=b"Route: <sip:192.0.2.1;lr>\r\n" if number % 2 else b"",
            )
            if number == 1:
                farm.dispatcher.set_state(1, b"sip:192.0.2.71:5070", flags_later)
            before = state_of(farm)
            told = foretold(rehearsed(farm, data))
            self.assertEqual(state_of(farm), before)
            self.assertEqual(farm.net.take(), [])
            farm.receive(data)
            self.assertEqual(told, plain(farm.net.take()))
        self.assertEqual(len(farm.warnings), logged)


class RehearsalTests(SynchronousTestCase):
    def test_refused(self) -> None:
        """A request that is refused gets the same answer, and the reason is told."""
        farm = Farm()
        for data in (request(max_forwards=b"0"), request(uri=b"http://a"), request(headers=b"Proxy-Require: x\r\n")):
            found = rehearsed(farm, data)
            farm.receive(data)
            self.assertEqual(foretold(found), plain(farm.net.take()))
            self.assertNotEqual(found.fault, "")

    def test_own_answers(self) -> None:
        """What the route answers itself is foretold; inside a dialog nobody is picked."""
        farm = Farm()
        for data in (request(b"BYE", to_tag=b"x"), request(b"OPTIONS", b"sip:lb.example.com"), request(b"CANCEL")):
            found = rehearsed(farm, data)
            farm.receive(data)
            self.assertEqual((foretold(found), found.asked), (plain(farm.net.take()), ()))

    def test_name(self) -> None:
        """A name whose address is not known yet stands for it, and nobody looks it up."""
        farm = Farm(b"1 sip:gw.example.com:5070\n", names={})
        found = rehearsed(farm, request())
        self.assertEqual((found.unknown, found.sent[-1].flow.remote), (("gw.example.com",), ("gw.example.com", 5070)))
        self.assertTrue(found.sent[-1].data.startswith(b"INVITE sip:bob@example.com SIP/2.0\r\n"))

    def test_no_socket(self) -> None:
        """Where no socket of ours leads to a destination, the next one gets the request, as in a real call."""
        farm = Farm(b"1 sip:192.0.2.71:5071 0 1\n1 sip:[2001:db8::1] 0 2\n", RouteConfig(algorithm="priority"))
        found = rehearsed(farm, request())
        self.assertEqual(
            [(one.uri, why) for one, why in found.failed], [(b"sip:[2001:db8::1]", "could not be reached")]
        )
        self.assertEqual(found.sent[-1].flow.remote, ("192.0.2.71", 5071))
        self.assertEqual([one.condition.failures for one in farm.dispatcher.destinations()], [0, 0])

    def test_other_transport(self) -> None:
        """The request leaves by the socket that the real one would leave by."""
        tcp = FakeTransport(b"TCP")
        farm = Farm(b"1 sip:192.0.2.71:5071;transport=tcp\n", transports=(FakeTransport(), tcp))
        (*_, sent) = rehearsed(farm, request()).sent
        farm.receive(request())
        self.assertEqual(plain([(sent.data, sent.flow.remote)]), plain(tcp.take()))

    def test_broken_route(self) -> None:
        """A route that raises is told as what is wrong, and the caller would get 500."""

        def route(request: Request) -> None:
            request.select(1, "priority")
            raise RuntimeError("no")

        farm = Farm(script=route)
        found = rehearsed(farm, request())
        self.assertEqual(found.fault, "the route failed: RuntimeError: no")
        self.assertTrue(found.sent[-1].data.startswith(b"SIP/2.0 500 "))

    def test_waiting_route(self) -> None:
        """A route that waits for something can't be rehearsed, and that is said."""

        async def route(request: Request) -> None:
            request.relay()

        found = rehearsed(Farm(script=route), request())
        self.assertIn("it waits for something, which a rehearsal can't", found.fault)

    def test_marking_route(self) -> None:
        """A route that marks, goes on to the next, or ends calls does none of it in a rehearsal."""

        def route(request: Request) -> None:
            request.select(1, "call-load")
            assert request.mark(b"i")
            assert request.next()
            request.load_update()
            request.load_unset()
            request.relay()

        text = Path(self.mktemp())
        text.write_bytes(b"1 sip:192.0.2.71 0 0 duid=a\n1 sip:192.0.2.72 0 0 duid=b\n")
        farm = Farm(text.read_bytes(), parameters=DispatcherConfig(flags=2, ds_hash_size=8), script=route)
        before = state_of(farm)
        (*_, sent) = rehearsed(farm, request()).sent
        self.assertEqual(state_of(farm), before)
        farm.receive(request())
        self.assertEqual(plain([(sent.data, sent.flow.remote)]), plain(farm.net.take())[-1:])
