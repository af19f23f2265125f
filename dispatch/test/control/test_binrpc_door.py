"""Tests of the BINRPC door."""

from __future__ import annotations

from functools import partial

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control import binrpc
from dispatch.control.access import Entry
from dispatch.control.binrpc_door import BinrpcProtocol, Packets, datagram
from dispatch.control.command import Door, Right
from dispatch.control.commands import TABLE
from dispatch.control.datagrams import Datagrams
from dispatch.control.methods import Methods
from dispatch.control.values import Value
from dispatch.test.control.make import LIST, Steered, Transport

ROWS = [row for row in TABLE if Door.RPC in row.names]
STATE = "dispatcher.set_state"


def request(name: str, *parameters: Value, cookie: int = 7) -> bytes:
    raw = bytearray(binrpc.packet(binrpc.REPLY, cookie, b"".join(binrpc.body((name, *parameters)))))
    raw[1] &= 0x0F
    return bytes(raw)


def texts(packet: bytes) -> list[bytes]:
    """The texts and names in a packet."""
    found, at = [], 2 + (packet[1] >> 2 & 3) + 1 + (packet[1] & 3) + 1
    while at < len(packet):
        size, kind, at = packet[at] >> 4, packet[at] & 0x0F, at + 1
        if kind == 3:  # a struct begins or ends
            continue
        if size >= 8:
            at += size - 8
            size = int.from_bytes(packet[at - size + 8 : at], "big")
        if kind in (1, 5):
            found.append(packet[at : at + size - 1])
        at += size
    return found


class FakeSocket:
    """A datagram socket that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, object]] = []

    def write(self, data: bytes, addr: object) -> None:
        self.sent.append((data, addr))


class StreamTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.clock = Clock()
        self.gone = 0
        self.server = BinrpcProtocol(self.clock, Packets(self.clock, Methods(self.steered.control())), Entry(), self.go)
        self.transport = Transport()
        self.server.makeConnection(self.transport)

    def go(self) -> None:
        self.gone += 1

    def send(self, data: bytes) -> bytes:
        self.server.dataReceived(data)
        while self.clock.getDelayedCalls():
            self.clock.advance(0.01)
        answer: bytes = self.transport.value()
        self.transport.clear()
        return answer

    def ask(self, name: str, *parameters: Value) -> list[bytes]:
        return texts(self.send(request(name, *parameters)))

    def test_cfg(self) -> None:
        """Variables are read and changed by group and name, with the original's words where that can't be."""
        threshold, codes = ("dispatcher", "probing_threshold"), ("dispatcher", "ping_reply_codes")
        names = [b"dispatcher: probing_threshold", b"dispatcher: inactive_threshold", b"dispatcher: ping_reply_codes"]
        self.assertEqual(self.ask("cfg.list"), names)
        self.assertEqual(self.ask("cfg.list", "core"), [])
        self.assertEqual(self.ask("cfg.get", *codes), [b"<null string>"])
        self.assertEqual(self.send(request("cfg.set_now_string", *codes, "class=4"))[:3], bytes((0xA1, 0x10, 0)))
        self.assertEqual(self.ask("cfg.get", *codes), [b"class=4"])
        before = self.send(request("cfg.get", *threshold))
        self.send(request("cfg.set_now_int", *threshold, 2))
        self.assertNotEqual(self.send(request("cfg.get", *threshold)), before)
        all_of_them = [b"probing_threshold", b"inactive_threshold", b"ping_reply_codes", b"class=4"]
        self.assertEqual(self.ask("cfg.get", "dispatcher"), all_of_them)
        for name, parameters, words in (
            ("cfg.get", (), b"Failed to get the parameters"),
            ("cfg.get", ("dispatcher", "x"), b"Failed to get the variable"),
            ("cfg.set_now_int", ("x", "y", 1), b"Failed to set the variable"),
            (
                "cfg.set_now_int",
                (*threshold, "x"),
                b"error at parameter 2: expected integer type but record doesn't match type",
            ),
            (
                "cfg.set_now_string",
                ("dispatcher",),
                b"error at parameter 1: expected string type but end of packet encountered",
            ),
            ("cfg.set_now_int", (*threshold, -1), b"-1 is no threshold; write a number from 1 on"),
        ):
            self.assertEqual(self.ask(name, *parameters), [words])

    def test_every_method(self) -> None:
        """Each command with a form of the original's answers by it, or refuses in the original's words."""
        self.assertGreaterEqual(len(ROWS), 12)
        for row in ROWS:
            with self.subTest(row.names[Door.RPC]):
                answer = self.send(request(row.names[Door.RPC], cookie=3))
                self.assertIn(answer[1] & 0xF0, (binrpc.REPLY, binrpc.FAULT))
                self.assertEqual(answer[2 + (answer[1] >> 2 & 3) + 1], 3)
                self.assertNotIn(b"Internal Server Error", answer)

    def test_states(self) -> None:
        """`set_state` does what it says, and faults in the original's words."""
        for parameters, answer in (
            (("ip", 1, "sip:a"), b"Ok. Dispatcher state updated."),
            ((2, 1, "sip:b"), b"Ok. Dispatcher state updated."),
            (("a", 9, "all"), b"Ok. Dispatcher state updated."),
            (("a", 1, "sip:no"), b"State Update Failed"),
            (("a", 9, "sip:a"), b"State Update Failed"),
            (("zz", 1, "sip:a"), b"Unknown State Value"),
            (("", 1, "sip:a"), b"Invalid State Parameter"),
            (("a", "1", "sip:a"), b"Invalid Parameters"),
            (("a", 1), b"Invalid Parameters"),
        ):
            self.assertEqual(self.ask(STATE, *parameters), [answer])
        states = [one.flags for one in self.steered.dispatcher.groups[1].members]
        self.assertEqual(len(set(states)), 2)
        self.assertEqual(self.ask("dispatcher.set_duid_state", "d", 1, "x"), [b"Ok. Dispatcher state updated."])
        self.assertEqual(self.ask("dispatcher.set_duid_state", "d", 1, "y"), [b"State Update Failed"])

    def test_all_of_a_set(self) -> None:
        """``all`` stands for every destination of a set."""
        self.ask(STATE, "d", 1, "all")
        self.assertEqual({one.flags for one in self.steered.dispatcher.groups[1].members}, {4})

    def test_a_listing(self) -> None:
        """`list` has more words the more is asked for; without sets it faults."""
        usual, short, full = (self.ask("dispatcher.list", *how) for how in ((), ("short",), ("full",)))
        self.assertIn(b"BODY", usual)
        self.assertNotIn(b"BODY", short)
        self.assertEqual((full.count(b"HOST"), full.count(b"192.0.2.1")), (3, 1))
        self.steered.text = b""
        self.assertEqual(self.ask("dispatcher.reload"), [b"Ok. Dispatcher successfully reloaded."])
        self.assertEqual(self.ask("dispatcher.list"), [b"No Destination Sets"])
        self.steered.text = b"1"
        self.assertEqual(self.ask("dispatcher.reload"), [b"Reload Failed"])

    def test_probing(self) -> None:
        """`ping_active` tells the state before, and the new one where it is set; -1 and words only ask."""
        for parameters, names in (((), 1), ((0,), 2), ((-1,), 1), (("x",), 1), ((5,), 2)):
            self.assertEqual(len(self.ask("dispatcher.ping_active", *parameters)), names)

    def test_the_rest(self) -> None:
        """Methods are listed by name and explained; an unknown one is a fault, and so is a broken body."""
        names = self.ask("system.listMethods")
        self.assertEqual(names, sorted(row.names[Door.RPC].encode() for row in ROWS))
        self.assertEqual(self.ask("system.methodHelp", "dispatcher.list"), [b"Return the content of dispatcher sets"])
        self.assertEqual(self.ask("system.methodHelp", "no"), [b"command not found"])
        self.assertEqual(self.ask("system.methodHelp"), [b"Method Name Expected"])
        self.assertEqual(self.ask("core.echo", "aa", "bb", 1.5, "cc"), [b"aa", b"bb"])
        self.assertEqual(self.ask("nothing"), [b"command nothing not found"])
        self.assertEqual(texts(self.send(b"\xa1\x00\x01\x07\x00")), [b"bad request method: record doesn't match type"])

    def test_hash(self) -> None:
        """The hash is that of the selection."""
        answer = self.send(request("dispatcher.hash", 8, "abc"))
        self.assertIn((7167810).to_bytes(3, "big"), answer)
        self.assertEqual(self.ask("dispatcher.hash", 8, 3), [b"Invalid Parameters"])

    def test_pipelined(self) -> None:
        """Requests that come together are answered in order; half a one waits for the rest."""
        two = request("core.echo", "one") + request("core.echo", "two")
        self.assertEqual(texts(self.send(two[:-2])), [b"one"])
        self.assertEqual(texts(self.send(two[-2:])), [b"two"])

    def test_no_packet(self) -> None:
        """What is no packet gets a fault, and the connection ends."""
        self.assertEqual(texts(self.send(b"GET / HTTP/1.1\r\n\r\n")), [b"bad request: corrupted packet"])
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(self.send(request("core.echo", "one")), b"")

    def test_gone(self) -> None:
        """A client that goes while its command is under way gets nothing, and its place is free."""
        self.steered.is_slow = True
        self.server.dataReceived(request("dispatcher.reload"))
        self.server.connectionLost()
        self.steered.waiting[0].callback(None)
        self.assertEqual((self.transport.value(), self.gone), (b"", 1))


class DatagramTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.clock = Clock()
        self.server = Datagrams(partial(datagram, Packets(self.clock, Methods(self.steered.control())), Right.FULL))
        self.socket = FakeSocket()
        self.server.transport = self.socket  # type: ignore[assignment]  # one that keeps what is sent

    def ask(self, data: bytes, addr: object = ("127.0.0.1", 9)) -> list[list[bytes]]:
        self.server.datagramReceived(data, addr)
        while self.clock.getDelayedCalls():
            self.clock.advance(0.01)
        sent, self.socket.sent = self.socket.sent, []
        return [texts(data) for data, _ in sent]

    def test_a_request(self) -> None:
        """A datagram is a request, and its answer another one; what is not whole is dropped, and who has no name."""
        self.assertEqual(self.ask(request("core.echo", "one")), [[b"one"]])
        self.assertEqual(self.ask(request("core.echo", "one"), "/tmp/client"), [[b"one"]])
        self.assertEqual(self.ask(request("core.echo", "one")[:-1]), [])
        self.assertEqual(self.ask(request("core.echo", "one"), ""), [])
        self.assertEqual(self.ask(b"xx"), [[b"bad request: corrupted packet"]])

    def test_too_long(self) -> None:
        """An answer that no datagram holds is a fault."""
        self.steered.text = b"".join(b"1 sip:%d.example.com\n" % number for number in range(2000))
        self.ask(request("dispatcher.reload"))
        self.assertEqual(self.ask(request("dispatcher.list")), [[b"reply too large for a datagram; use a stream"]])
