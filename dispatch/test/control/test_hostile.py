"""Property tests of the doors: whatever comes in, however it is cut, is an error for who sent it and nothing else."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.protocols.amp import AmpBox
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control import binrpc, boxes, mi, mi_door
from dispatch.control.access import Entry
from dispatch.control.binrpc_door import BinrpcProtocol, Packets, datagram
from dispatch.control.clients import CONNECTIONS, Bounded
from dispatch.control.command import Caller, Door, Right
from dispatch.control.jsonrpc import Documents
from dispatch.control.jsonrpc_door import JsonRequests, JsonSite
from dispatch.control.methods import Methods
from dispatch.control.mi_door import Commands, MiRequests
from dispatch.test.control.make import LIST, Pipe, Steered, Transport
from dispatch.test.control.test_binrpc_door import request

_NAMES = sorted(Methods(Steered(LIST).control())._rows)  # the table
_CHUNK = 65536  # what a transport gives at a time
_PARAMETER = st.one_of(st.text(max_size=20), st.integers(-(2**31), 2**31 - 1), st.floats(-1e9, 1e9))
_PARAMETERS = st.lists(_PARAMETER, max_size=6)
_MIXED = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.builds(lambda name, given: request(name, *given), st.sampled_from(_NAMES), _PARAMETERS),
        st.sampled_from((b"\xa1\x03\xff\xff", b"\xa1\x0f\xff\xff\xff\xff", b"\xa1\x00\x00\x00", b"\xa1\x13\x00")),
    ),
    max_size=6,
).map(b"".join)
_BOXES = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.dictionaries(
            st.sampled_from((b"_command", b"_ask", b"set", b"uri", b"state", b"page", b"set.1")),
            st.one_of(st.binary(max_size=30), st.sampled_from((b"list", b"set_state", b"1", b"sip:a", b"ip"))),
            min_size=1,
        ).map(lambda box: AmpBox(box).serialize()),
        st.just(b"\x00\x04page" + b"\xff\xff" + b"x" * 1000),
    ),
    max_size=6,
).map(b"".join)
_LINES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from((b":ds_list:r\n\n", b":ds_set_state:r\nip\n1\nsip:a\n\n", b':a:r\n"', b"x::\n")),
        st.sampled_from((b"\n\n", b"y" * 9000)),
    ),
    max_size=8,
).map(b"".join)


def _call(name: str, given: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": name, "params": given, "id": 1}


def _dumped(name: str, given: object) -> bytes:
    return json.dumps(_call(name, given)).encode()


def _around(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Values, and what can be made of them: lists, objects that are nearly requests, and calls."""
    keys = st.sampled_from(("jsonrpc", "method", "params", "id", "reply_name"))
    calls = st.builds(_call, st.sampled_from(_NAMES), inner)
    return st.one_of(inner, st.lists(inner, max_size=4), st.dictionaries(keys, inner), calls)


_VALUES: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10), st.sampled_from(_NAMES)
)
_JSON = _around(_around(_around(_VALUES)))
_DOCUMENTS = st.one_of(st.binary(max_size=200), _JSON.map(lambda one: json.dumps(one).encode()))
_CUTS = st.lists(st.integers(1, 40), max_size=30)


def feed(take: Callable[[bytes], object], data: bytes, cuts: list[int]) -> None:
    for size in cuts:
        if data:
            take(data[:size])
            data = data[size:]
    if data:
        take(data)


class HostileTests(SynchronousTestCase):
    """Errors that are logged fail the test, in trial."""

    def setUp(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.steered = Steered(LIST)
        self.clock = Clock()

    def settle(self) -> None:
        while self.clock.getDelayedCalls():
            self.clock.advance(0.01)

    def settling(self, take: Callable[[bytes], object]) -> Callable[[bytes], object]:
        def taken(data: bytes) -> None:
            take(data)
            self.settle()

        return taken

    def methods(self, door: Door = Door.RPC) -> Methods:
        return Methods(self.steered.control(), door)

    def binrpc(self) -> tuple[BinrpcProtocol, Transport]:
        server = BinrpcProtocol(self.clock, Packets(self.clock, self.methods()), Entry(), lambda: None)
        transport = Transport()
        server.makeConnection(transport)
        return server, transport

    @given(_MIXED, _CUTS)
    def test_binrpc(self, data: bytes, cuts: list[int]) -> None:
        """Any bytes on a stream of BINRPC are answered or end it; no more is kept than a request may have."""
        self.renew()
        (server, _), (other, answer) = self.binrpc(), self.binrpc()
        feed(server.dataReceived, data, cuts)
        self.settle()
        self.assertLessEqual(len(server._pending), binrpc.LARGEST + _CHUNK)
        other.dataReceived(request("core.echo", "x"))
        self.settle()
        self.assertIn(b"x\0", answer.value())

    @given(_MIXED)
    def test_binrpc_datagrams(self, data: bytes) -> None:
        """Any datagram of BINRPC has an answer, or none."""
        self.renew()
        answering = datagram(Packets(self.clock, self.methods()), Right.FULL, data, "somebody")
        self.settle()
        self.assertNotIn(b"Internal", self.successResultOf(answering))

    @given(_BOXES, _CUTS)
    def test_amp(self, data: bytes, cuts: list[int]) -> None:
        """Any bytes on AMP are answered or end the connection; no more is kept than a box may have."""
        self.renew()
        control = self.steered.control()
        pipe, other = Pipe(control), Pipe(control)
        feed(pipe.server.dataReceived, data, cuts)
        pipe.turn()
        self.assertLessEqual(len(pipe.server._boxes._pending), boxes.LARGEST + _CHUNK)
        other.send(_command=b"version", _ask=b"1")
        self.assertEqual(other.boxes()[0][b"_answer"], b"1")

    @given(_LINES, _CUTS)
    def test_mi(self, data: bytes, cuts: list[int]) -> None:
        """Any bytes in the FIFO of MI are requests or passed over; the next request is answered."""
        self.renew()
        answers: list[bytes] = []
        requests = MiRequests(Commands(self.clock, self.methods(Door.MI)), lambda name, answer: answers.append(answer))
        feed(self.settling(requests.feed), data, cuts)
        self.assertLessEqual(len(requests._pending), mi.LONGEST_LINE + mi.LARGEST + _CHUNK)
        answers.clear()
        requests.feed(b"z" * mi.LARGEST + b"z\n\n:which:r\n\n")  # whatever was open is too much now
        self.settle()
        self.assertTrue(answers[-1].startswith(b"200 OK\n"))

    @given(_LINES)
    def test_mi_datagrams(self, data: bytes) -> None:
        """Any datagram of MI is answered by a line that begins with a number."""
        self.renew()
        answering = mi_door.datagram(Commands(self.clock, self.methods(Door.MI)), Right.FULL, data, "somebody")
        self.settle()
        self.assertRegex(self.successResultOf(answering), rb"^[2-5]\d\d ")

    @given(_DOCUMENTS)
    def test_json(self, data: bytes) -> None:
        """Any document has an answer that is JSON, or none."""
        self.renew()
        caller = Caller(Door.RPC, "somebody", Right.FULL, "jsonrpc")
        answering = Documents(self.clock, self.methods()).answer(data, caller)
        self.settle()
        answer = self.successResultOf(answering)
        self.assertNotIn(b"Internal", answer)
        if answer:
            json.loads(answer)

    @given(st.lists(_DOCUMENTS, max_size=4), _CUTS)
    def test_json_fifo(self, documents: list[bytes], cuts: list[int]) -> None:
        """Any bytes in the FIFO of JSON-RPC are documents or thrown away; no more is kept than one may have."""
        self.renew()
        requests = JsonRequests(Documents(self.clock, self.methods()), lambda name, answer: None)
        feed(self.settling(requests.feed), b"\n".join(documents), cuts)
        self.assertLessEqual(len(requests._pending), 2 * _CHUNK)

    @given(_DOCUMENTS, _CUTS)
    def test_http(self, data: bytes, cuts: list[int]) -> None:
        """Any bytes where HTTP is expected, and any body, are an error for who sent them."""
        self.renew()
        site = Bounded(JsonSite(Documents(self.clock, self.methods()), Entry()))
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        for written in (data, head % len(data) + data):
            channel: Any = site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 9))
            channel.wrappedProtocol._channel.callLater = self.clock.callLater
            channel.makeConnection(Transport())
            feed(channel.dataReceived, written, cuts)
            channel.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(site.protocols, {})

    def test_many(self) -> None:
        """So many clients are let in, and no more; when one goes there is a place again."""
        site = Bounded(JsonSite(Documents(self.clock, self.methods()), Entry()))
        made = [site.buildProtocol(None) for _ in range(CONNECTIONS)]
        for one in made:
            assert one is not None
            one.makeConnection(Transport())
        self.assertIsNone(site.buildProtocol(None))
        made[0].connectionLost(Failure(ConnectionDone()))  # type: ignore[union-attr]  # none of them is None
        self.assertIsNotNone(site.buildProtocol(None))
        self.assertEqual(len(site.addresses()), CONNECTIONS - 1)

    def test_nothing_stays(self) -> None:
        """What is refused leaves nothing behind, however often it is asked for."""
        self.renew()
        server, transport = self.binrpc()
        documents, caller = Documents(self.clock, self.methods()), Caller(Door.RPC, "somebody", Right.FULL, "jsonrpc")
        commands = Commands(self.clock, self.methods(Door.MI))

        def ask(times: int) -> int:
            for _ in range(times):
                for name in _NAMES:
                    server.dataReceived(request(name, 1.5))
                    self.settle()
                for document in (b"{}", b'{"jsonrpc": "2.0", "method": "x"}', _dumped("core.echo", [None]), b"["):
                    documents.answer(document, caller)
                mi_door.datagram(commands, Right.FULL, b":ds_set_state:\nx\n", "somebody")
                self.settle()
                transport.clear()
            gc.collect()
            return len(gc.get_objects())

        before = ask(2)
        self.assertLess(ask(50) - before, 50)

    def test_gone_meanwhile(self) -> None:
        """Who goes before the answer is there hurts nobody; the command is done."""
        self.steered.is_slow = True
        server, transport = self.binrpc()
        server.dataReceived(request("dispatcher.reload"))
        server.connectionLost()
        self.steered.waiting[0].callback(None)
        self.settle()
        self.assertEqual(transport.value(), b"")

    def test_who_does_not_read(self) -> None:
        """Who asks and does not read is asked to wait: no request is taken while an answer is not on its way."""
        server, transport = self.binrpc()
        server.dataReceived(request("core.echo", "x") * 50)
        server._serving.pauseProducing()
        self.settle()
        self.assertEqual(transport.producerState, "paused")
        self.assertLessEqual(transport.value().count(b"x\0"), 1)
        server._serving.resumeProducing()
        self.settle()
        self.assertEqual(transport.value().count(b"x\0"), 50)
