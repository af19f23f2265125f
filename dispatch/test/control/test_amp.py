"""Tests of the AMP door, with Twisted's own client and with bytes that no client sends."""

from __future__ import annotations

import os
import socket

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs
from twisted.protocols import amp
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.clients import CONNECTIONS
from dispatch.control.command import Door
from dispatch.control.commands import TABLE
from dispatch.control.peer import peer_name
from dispatch.test.control.make import LIST, Pair, Pipe, Steered

LONG = b"".join(b"1 sip:gw%d.example.com 0 0 duid=gw%d\n" % (number, number) for number in range(950))


class Row(amp.Command):
    """As a third party would write it, from the documentation alone."""

    commandName = b"list"
    arguments = [(b"set", amp.Integer(optional=True)), (b"page", amp.Unicode(optional=True))]
    response = [
        (
            b"rows",
            amp.AmpList(
                [
                    (b"set", amp.Integer()),
                    (b"uri", amp.Unicode()),
                    (b"state", amp.Unicode()),
                    (b"priority", amp.Integer()),
                    (b"selected", amp.Integer()),
                    (b"failures", amp.Integer()),
                    (b"last_failure", amp.Unicode()),
                    (b"attributes", amp.Unicode()),
                ]
            ),
        ),
        (b"page", amp.Unicode(optional=True)),
    ]
    errors = {LookupError: b"PAGE_GONE", KeyError: b"UNKNOWN_DESTINATION"}


class ListTests(SynchronousTestCase):
    def pages(self, pair: Pair, first: dict[str, object]) -> list[list[str]]:
        """The URIs of page after page."""
        answer = pair.result(lambda: pair.client.callRemote(Row, **first))
        found = [[row["uri"] for row in answer["rows"]]]
        while answer["page"] is not None:
            page = answer["page"]
            answer = pair.result(lambda page=page: pair.client.callRemote(Row, page=page))  # type: ignore[misc]
            found.append([row["uri"] for row in answer["rows"]])
        return found

    def test_pages(self) -> None:
        """A long answer comes in pages, each destination once and in order; a short one in a single page."""
        pair = Pair(Steered(LONG).control())
        pages = self.pages(pair, {})
        self.assertEqual(len(pages), 10)
        self.assertEqual(
            [uri for page in pages for uri in page], [f"sip:gw{number}.example.com" for number in range(949, -1, -1)]
        )
        self.assertEqual(self.pages(Pair(Steered(LIST).control()), {"set": 1}), [["sip:b", "sip:a"]])

    def test_records_that_are_large(self) -> None:
        """However long the texts are, an answer fits into AMP's boxes."""
        long = b"".join(b"1 sip:%s%d@gw 0 0 my=%s\n" % (b"u" * 400, number, b"v" * 500) for number in range(150))
        pages = self.pages(Pair(Steered(long).control()), {})
        self.assertEqual(len([uri for page in pages for uri in page]), 150)
        self.assertGreater(len(pages), 2)

    def test_a_page_that_is_gone(self) -> None:
        """A page is answered once; of many that were begun, the oldest are forgotten."""
        pair = Pair(Steered(LONG).control())
        begun = [pair.result(lambda: pair.client.callRemote(Row))["page"] for _ in range(5)]
        for page in (begun[0], "nonsense"):
            self.assertIsInstance(pair.result(lambda page=page: pair.client.callRemote(Row, page=page)), LookupError)  # type: ignore[misc]
        self.assertEqual(len(pair.result(lambda: pair.client.callRemote(Row, page=begun[1]))["rows"]), 100)

    def test_no_destinations(self) -> None:
        """An empty list is an answer without rows."""
        self.assertEqual(self.pages(Pair(Steered(b"").control()), {}), [[]])


class ErrorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.pipe = Pipe(self.steered.control())

    def ask(self, **box: bytes) -> tuple[bytes | None, bytes]:
        """Code and description of the only answer."""
        self.pipe.send(_ask=b"7", **box)
        (answer,) = self.pipe.boxes()
        self.assertEqual(answer.get(b"_error", answer.get(b"_answer")), b"7")
        return answer.get(b"_error_code"), answer.get(b"_error_description", b"")

    def test_codes(self) -> None:
        """Each mistake has its code and says what is wrong; the connection stays."""
        for box, code, words in (
            ({"_command": b"lst"}, b"UNHANDLED", b"there is no command 'lst' here; there are list, "),
            ({"_command": b"list", "set": b"x"}, b"BAD_VALUE", b"whole number"),
            ({"_command": b"list", "set": b"9"}, b"UNKNOWN_DESTINATION", b"there is no set 9"),
            ({"_command": b"set_state", "set": b"1"}, b"BAD_VALUE", b"'uri' is missing"),
            ({"_command": b"list", "page": b"9"}, b"PAGE_GONE", b"begin again"),
            ({"_command": b"diff", "list": b"1"}, b"LIST_REFUSED", b"has no destination"),
        ):
            found, description = self.ask(**box)
            self.assertEqual(found, code)
            self.assertIn(words, description)
        self.assertEqual(self.ask(_command=b"version"), (None, b""))

    def test_a_bug(self) -> None:
        """A command that fails for no fault of the caller says so, is logged as a bug, and hurts nobody else."""
        self.steered.preview = None  # type: ignore[method-assign,assignment]
        self.assertEqual(self.ask(_command=b"diff")[0], b"UNKNOWN")
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)
        self.assertEqual(self.ask(_command=b"version")[0], None)

    def test_no_answer_wanted(self) -> None:
        """A command without _ask is done, and not answered."""
        self.pipe.send(_command=b"set_state", set=b"1", uri=b"sip:a", state=b"d")
        self.assertEqual(self.pipe.boxes(), [])
        self.assertEqual([one.flags for one in self.steered.dispatcher.destinations()], [8, 0, 4])

    def test_what_is_no_command(self) -> None:
        """A box without a command, an answer to nothing or a broken frame ends the connection."""
        for data in (amp.AmpBox(_answer=b"1").serialize(), amp.AmpBox(a=b"1").serialize(), b"\0\0", b"\xff" * 300):
            pipe = Pipe(self.steered.control())
            pipe.server.dataReceived(data)
            pipe.turn()
            self.assertTrue(pipe.transport.aborted, data)
            self.assertEqual(pipe.boxes(), [])

    def test_descriptors(self) -> None:
        """A file descriptor that somebody sends along is closed."""
        descriptor, other = os.pipe()
        self.addCleanup(os.close, other)
        self.pipe.server.fileDescriptorReceived(descriptor)
        with self.assertRaises(OSError):
            os.fstat(descriptor)


class FlowTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.pipe = Pipe(self.steered.control())

    def test_one_at_a_time(self) -> None:
        """While a command is under way the next ones wait, and nothing more is read."""
        self.steered.is_slow = True
        self.pipe.send(_command=b"reload", _ask=b"1")
        self.pipe.send(_command=b"version", _ask=b"2")
        self.assertEqual((self.pipe.boxes(), self.pipe.transport.producerState), ([], "paused"))
        self.steered.waiting[0].callback(None)
        self.pipe.turn()
        self.assertEqual([box[b"_answer"] for box in self.pipe.boxes()], [b"1", b"2"])
        self.assertEqual(self.pipe.transport.producerState, "producing")

    def test_the_reactor_goes_on(self) -> None:
        """Of many commands that come at once one is done, then others have their turn."""
        self.pipe.server.dataReceived(amp.AmpBox(_command=b"version", _ask=b"1").serialize() * 5)
        self.assertEqual(len(self.pipe.boxes()), 1)
        self.pipe.turn()
        self.assertEqual(len(self.pipe.boxes()), 4)

    def test_a_slow_reader(self) -> None:
        """A client that does not read its answers is not given more of them."""
        self.pipe.server._serving.pauseProducing()
        self.pipe.send(_command=b"version", _ask=b"1")
        self.assertEqual(self.pipe.boxes(), [])
        self.pipe.server._serving.resumeProducing()
        self.pipe.turn()
        self.assertEqual(len(self.pipe.boxes()), 1)

    def test_a_client_that_vanishes(self) -> None:
        """Who goes while a command is under way gets no answer, and the command is done."""
        self.steered.is_slow = True
        self.steered.text = b"1 sip:z\n"
        self.pipe.send(_command=b"reload", _ask=b"1")
        self.pipe.server.connectionLost()
        self.steered.waiting[0].callback(None)
        self.assertEqual((self.pipe.boxes(), self.pipe.clock.getDelayedCalls()), ([], []))
        self.assertEqual([one.uri for one in self.steered.dispatcher.destinations()], [b"sip:z"])

    def test_too_many(self) -> None:
        """So many clients and no more; when one goes, another may come."""
        factory = self.pipe.factory
        self.pipe.server.connectionLost()
        clients = [factory.buildProtocol(None) for _ in range(CONNECTIONS)]
        self.assertIsNone(factory.buildProtocol(None))
        assert clients[0] is not None
        clients[0].makeConnection(StringTransport())
        clients[0].connectionLost()
        self.assertIsNotNone(factory.buildProtocol(None))


class PeerTests(SynchronousTestCase):
    def test_names(self) -> None:
        """A client on a unix socket is known by user and process, another by its address."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        transport = StringTransport()
        transport.socket = ours  # type: ignore[attr-defined]
        self.assertEqual(peer_name(transport), f"uid {os.getuid()}, pid {os.getpid()}")
        self.assertEqual(peer_name(StringTransport()), "192.168.1.1:54321")


NAMES = st.sampled_from([row.names[Door.AMP].encode() for row in TABLE if Door.AMP in row.names]) | st.binary(
    max_size=9
)
KEYS = st.sampled_from([b"_ask", b"_answer", b"_error", b"set", b"uri", b"state", b"list", b"list.1", b"page"])
BOX = st.builds(
    lambda name, rest: amp.AmpBox({b"_command": name, **rest}).serialize(),
    NAMES,
    st.dictionaries(
        KEYS | st.binary(min_size=1, max_size=9),
        st.sampled_from([b"1", b"", b"sip:a", b"i"]) | st.binary(max_size=40),
        max_size=5,
    ),
)


class FuzzTests(SynchronousTestCase):
    @given(st.lists(st.binary(max_size=60) | BOX, max_size=12))
    def test_any_bytes(self, pieces: list[bytes]) -> None:
        """Whatever a client sends: no traceback, nothing kept when it is gone, and the next client is served."""
        pipe = Pipe(Steered(LIST).control())
        with capturedLogs() as events:
            for piece in pieces:
                if not pipe.transport.aborted:
                    pipe.server.dataReceived(piece)
                    pipe.turn()
            pipe.server.connectionLost()
        self.assertEqual([one for one in events if one["log_level"] is LogLevel.critical], [])
        self.assertEqual((pipe.factory.open, pipe.clock.getDelayedCalls()), (0, []))
        other = Pair(pipe.server._control)
        self.assertIsInstance(other.result(lambda: other.client.callRemote(Row)), dict)
