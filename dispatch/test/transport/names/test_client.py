"""Tests of dispatch.transport.names.client."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.names import dns
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from dispatch.transport.names.client import Client
from dispatch.transport.names.records import FAILED, A, Answer, Outcome, Question

GW = Question("gw.example", A)
FOUND = Answer(Outcome.FOUND, ("192.0.2.7",), ttl=60)


class Server:
    """A name server on loopback that answers when it is told to."""

    def __init__(self) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = self.socket.getsockname()
        self.asked: list[tuple[bytes, tuple[str, int]]] = []

    def hear(self) -> bytes:
        """The latest query."""
        self.asked.append(self.socket.recvfrom(512))
        return self.asked[-1][0]

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.asked[-1][1])


def reply(query: bytes, *addresses: str, code: int = dns.OK, is_cut: bool = False) -> bytes:
    """What a server sends for a query."""
    message = dns.Message()
    message.fromStr(query)
    message.answer, message.rCode, message.trunc = 1, code, is_cut
    message.answers = [dns.RRHeader(b"gw.example", dns.A, dns.IN, 60, dns.Record_A(address)) for address in addresses]
    return message.toStr()


class ClientTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.net = MemoryReactorClock()
        self.first, self.second = Server(), Server()
        for one in (self.first, self.second):
            self.addCleanup(one.socket.close)
        self.client = Client(self.net, lambda: (self.first.address, self.second.address), timeout=1.0, rounds=2)
        self.answer: Deferred[Answer] = self.client.ask(GW)

    def read(self) -> None:
        """Let the client read what has come."""
        for reader in self.net.getReaders():
            reader.doRead()

    def test_an_answer(self) -> None:
        """The answer of the first server ends the question, and nothing is left in the reactor."""
        self.first.send(reply(self.first.hear(), "192.0.2.7"))
        self.read()
        self.assertEqual(self.successResultOf(self.answer), FOUND)
        self.assertEqual((self.net.getReaders(), self.net.getDelayedCalls()), ([], []))

    def test_strangers(self) -> None:
        """What comes from elsewhere, for another question or number, or is no DNS, is dropped: the question stays."""
        query = self.first.hear()
        client = self.first.asked[-1][1]
        self.second.socket.sendto(reply(query, "192.0.2.66"), client)
        for data in (
            reply(bytes([query[0] ^ 1]) + query[1:], "192.0.2.66"),
            reply(query, "192.0.2.66").replace(b"\x02gw", b"\x02gx"),
            query,
            b"\0" * 11,
            b"",
        ):
            self.first.send(data)
            self.read()
        self.read()
        self.assertNoResult(self.answer)
        self.first.send(reply(query, "192.0.2.7"))
        self.read()
        self.assertEqual(self.successResultOf(self.answer), FOUND)

    def test_each_question_has_a_port_of_its_own(self) -> None:
        """Questions leave from ports and with numbers that can't be foreseen (RFC 5452 §9.2)."""
        for number in range(8):
            self.client.ask(Question(f"gw{number}.example", A))
        queries = [self.first.hear() for _ in range(9)]
        self.assertEqual(len({address for _, address in self.first.asked}), 9)
        self.assertGreater(len({query[:2] for query in queries}), 5)

    def test_silence(self) -> None:
        """A silent server is followed by the next one, in the second round each has twice the time, then it is over."""
        for server, wait in ((self.first, 1.0), (self.second, 1.0), (self.first, 2.0), (self.second, 2.0)):
            server.hear()
            self.assertNoResult(self.answer)
            self.net.advance(wait)
        self.assertEqual(self.successResultOf(self.answer), FAILED)
        self.assertEqual((self.net.getReaders(), self.net.getDelayedCalls()), ([], []))

    def test_nobody_there(self) -> None:
        """Where no server is, the next one is asked at once, as soon as the kernel tells."""
        gone = Server()
        gone.socket.close()
        answer = Client(self.net, lambda: (gone.address, self.second.address)).ask(GW)
        self.read()
        self.second.hear()
        self.assertNoResult(answer)

    def test_a_server_that_refuses(self) -> None:
        """A server that fails or refuses is no authority: the next one is asked; NXDOMAIN is an answer."""
        self.first.send(reply(self.first.hear(), code=dns.ESERVER))
        self.read()
        self.second.send(reply(self.second.hear(), code=dns.ENAME))
        self.read()
        self.assertEqual(self.successResultOf(self.answer).outcome, Outcome.DENIED)

    def test_no_way(self) -> None:
        """Where a server can't be reached at all the question has failed, and nothing is raised."""
        client = Client(self.net, lambda: [("255.255.255.255", 53)])
        self.assertEqual(self.successResultOf(client.ask(GW)), FAILED)

    def by_stream(self) -> tuple[Any, StringTransport]:
        """The connection that a cut answer leads to."""
        self.first.send(reply(self.first.hear(), is_cut=True))
        self.read()
        host, port, factory, *_ = self.net.tcpClients[-1]
        self.assertEqual((host, port), self.first.address)
        protocol: Any = factory.buildProtocol(None)
        transport = StringTransport()
        protocol.makeConnection(transport)
        return protocol, transport

    def test_a_cut_answer(self) -> None:
        """An answer that was too large for a datagram is asked for again by TCP, and that connection ends with it."""
        protocol, transport = self.by_stream()
        sent = reply(transport.value()[2:], *(f"192.0.2.{number}" for number in range(1, 100)))
        protocol.dataReceived(b"\0\x02no" + len(sent).to_bytes(2, "big") + sent)
        self.assertEqual(len(self.successResultOf(self.answer).addresses), 99)
        self.assertTrue(transport.disconnecting)

    def test_a_stream_that_stalls(self) -> None:
        """A server that takes the connection and says no more is passed over in time."""
        self.by_stream()
        self.net.advance(1.0)
        self.second.hear()

    def test_a_stream_that_is_refused(self) -> None:
        """A server without TCP is passed over."""
        self.first.send(reply(self.first.hear(), is_cut=True))
        self.read()
        factory: Any = self.net.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
        self.second.hear()
