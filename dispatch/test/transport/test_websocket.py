"""Tests of dispatch.transport.websocket, with the client of the package `websockets` at the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from dispatch.errors import TransportError
from dispatch.sip.message import Message
from dispatch.test.transport.fakes import OPTIONS, FewLimits
from dispatch.test.transport.stream_case import StreamCase
from dispatch.transport.interfaces import IReactor
from dispatch.transport.websocket import WebSocketLayer

BARE = b"OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\n\r\n"


class Browser:
    """A client of another make, and the connection that it has to us."""

    def __init__(self, case: WebSocketCase, origin: str | None, subprotocols: Sequence[str]) -> None:
        self.protocol = ClientProtocol(
            parse_uri("ws://192.0.2.1:5060/"),
            origin=Origin(origin) if origin is not None else None,
            subprotocols=[Subprotocol(name) for name in subprotocols],
        )
        wrapper, self.stream = case.caller()
        self.wrapper = wrapper
        self.protocol.send_request(self.protocol.connect())

    def exchange(self) -> None:
        """What each has for the other goes over, until nobody says anything."""
        while True:
            out = b"".join(self.protocol.data_to_send())
            if out:
                self.wrapper.dataReceived(out)
            back = self.stream.value()
            self.stream.clear()
            if back:
                self.protocol.receive_data(back)
            if not out and not back:
                return

    @property
    def status(self) -> int:
        """Of the answer to the handshake."""
        (response,) = (one for one in self.protocol.events_received() if isinstance(one, Response))
        return response.status_code

    def frames(self) -> list[tuple[Opcode, bytes]]:
        """What came since the last time."""
        return [(one.opcode, bytes(one.data)) for one in self.protocol.events_received() if isinstance(one, Frame)]

    def say(self, text: bytes) -> None:
        """Send one message of text."""
        self.protocol.send_text(text)
        self.exchange()


class WebSocketCase(StreamCase):
    origins: Sequence[str] = ()

    def setUp(self) -> None:
        super().setUp()
        layer = WebSocketLayer(FewLimits().message, self.origins, 30.0, cast(IReactor, self.reactor))
        self.ws = self.transport(FewLimits(), layer)
        self.reactor.adoptedPorts[-1][2].doStart()  # the reactor of memory does not

    def browser(self, origin: str | None = None, subprotocols: Sequence[str] = ("sip",)) -> Browser:
        """Somebody who has had his answer to the handshake."""
        browser = Browser(self, origin, subprotocols)
        browser.exchange()
        return browser

    def connected(self) -> Browser:
        """Somebody who is in."""
        browser = self.browser()
        self.assertEqual(browser.status, 101)
        return browser

    def closed_with(self, browser: Browser) -> int | None:
        """The code that he was closed with; None where he was not, or without a word."""
        browser.exchange()
        return browser.protocol.close_rcvd.code if browser.protocol.close_rcvd is not None else None


class HandshakeTests(WebSocketCase):
    origins = ("https://phone.example.com", "null")

    def test_subprotocol(self) -> None:
        """Who speaks SIP is taken, and told so; who does not gets 400 (RFC 7118 §4)."""
        browser = self.browser(subprotocols=("mqtt", "sip"))
        self.assertEqual(browser.protocol.subprotocol, "sip")
        for others in ((), ("mqtt",), ("SIP",)):
            refused = self.browser(subprotocols=others)
            self.assertEqual(refused.status, 400)
            self.assertTrue(refused.stream.disconnecting)
            self.gone(refused)

    def gone(self, browser: Browser) -> None:
        browser.wrapper.connectionLost(Failure(ConnectionDone()))

    def test_origin(self) -> None:
        """A page on the list may connect, in any case, and who is no page; others get 403 (RFC 6455 §10.2)."""
        for origin, status in (
            ("https://phone.example.com", 101),
            ("HTTPS://Phone.Example.COM", 101),
            ("null", 101),
            (None, 101),
            ("https://evil.example.com", 403),
            ("http://phone.example.com", 403),
            ("https://phone.example.com:8443", 403),
            ("https://phone.example.com.evil.example", 403),
        ):
            browser = self.browser(origin)
            self.assertEqual(browser.status, status, origin)
            self.assertEqual(browser.stream.disconnecting, status != 101)
            self.gone(browser)

    def test_no_handshake(self) -> None:
        """What is no handshake gets 400 or nothing, and the connection ends."""
        for data in (
            OPTIONS,
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
            b"GET /" + b"a" * 20_000,
        ):
            wrapper, stream = self.caller()
            wrapper.dataReceived(data)
            self.assertTrue(stream.disconnecting, data)
            self.assertIn(stream.value()[:12], (b"HTTP/1.1 400", b""), data)
            wrapper.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.receiver.messages, [])

    def test_stalled(self) -> None:
        """A handshake that does not come to its end is cut when a message would be."""
        wrapper, stream = self.caller()
        wrapper.dataReceived(b"GET / HTTP/1.1\r\n")
        self.reactor.pump([5.0] * 7)
        self.assertTrue(stream.disconnected or stream.disconnecting)


class MessageTests(WebSocketCase):
    def test_both_ways(self) -> None:
        """Messages come by text and by binary frames, in pieces too, and go as text, or binary where it is no UTF-8."""
        browser = self.connected()
        browser.say(OPTIONS)
        browser.protocol.send_binary(OPTIONS)
        browser.protocol.send_text(OPTIONS[:10], fin=False)
        browser.protocol.send_continuation(OPTIONS[10:], fin=True)
        browser.exchange()
        self.assertEqual(self.receiver.messages, [OPTIONS] * 3)
        flow = self.receiver.flows[0]
        self.assertEqual((flow.listener.transport.name, flow.listener.uri), (b"WS", b"sip:192.0.2.1:5060;transport=ws"))
        self.assertIs(self.ws.flow_back(*flow.remote), flow)
        for answer in (b"SIP/2.0 200 OK\r\n\r\n", b"SIP/2.0 200 \xc3\xa4\r\n\r\n", b"SIP/2.0 200 \xe4\r\n\r\n"):
            self.ws.send(answer, flow)
        browser.exchange()
        self.assertEqual(
            browser.frames(),
            [
                (Opcode.TEXT, b"SIP/2.0 200 OK\r\n\r\n"),
                (Opcode.TEXT, b"SIP/2.0 200 \xc3\xa4\r\n\r\n"),
                (Opcode.BINARY, b"SIP/2.0 200 \xe4\r\n\r\n"),
            ],
        )

    def test_without_a_length(self) -> None:
        """Content-Length may be left out here; it is added, as TCP can't do without (RFC 7118 §5)."""
        browser = self.connected()
        browser.say(BARE + b"hello")
        (message,) = self.receiver.messages
        self.assertEqual(message, BARE[:-2] + b"Content-Length: 5\r\n\r\nhello")
        self.assertEqual(Message(message).call_id, b"1")

    def test_one_in_one(self) -> None:
        """A message that is not whole, or has a lying length, ends the connection with 1008."""
        for data in (OPTIONS[:-4], OPTIONS.replace(b"th: 0", b"th: 5"), OPTIONS + b"more"):
            browser = self.connected()
            browser.say(data)
            self.assertEqual(self.closed_with(browser), 1008, data)
            self.assertTrue(browser.stream.disconnecting)
            browser.wrapper.connectionLost(Failure(ConnectionDone()))

    def test_no_sip(self) -> None:
        """What is no SIP is answered as on any stream, and then the connection is closed."""
        browser = self.connected()
        browser.say(OPTIONS.replace(b"th: 0", b"th: -1"))
        self.assertEqual(len(self.receiver.faults), 1)
        self.assertEqual(self.closed_with(browser), 1008)

    def test_too_long(self) -> None:
        """A message beyond the limit ends the connection with 1009, before it is complete, in however many frames."""
        for frames in (1, 30):
            browser = self.connected()
            for number in range(frames):
                data = b"x" * (3000 // frames)
                if number:
                    browser.protocol.send_continuation(data, fin=False)
                else:
                    browser.protocol.send_text(data, fin=False)
            self.assertEqual(self.closed_with(browser), 1009)
            browser.wrapper.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.receiver.messages, [])

    def test_slowly(self) -> None:
        """A message in frames that trickle in is cut like one on any stream; a keep-alive in two is none."""
        browser = self.connected()
        browser.say(OPTIONS)
        browser.protocol.send_text(b"\r\n", fin=False)
        browser.exchange()
        browser.protocol.send_continuation(b"\r\n", fin=True)
        browser.exchange()
        self.reactor.pump([5.0] * 8)
        browser.exchange()
        self.assertFalse(browser.stream.disconnecting or browser.stream.disconnected)
        browser.protocol.send_text(b"O", fin=False)
        for _ in range(8):
            browser.protocol.send_continuation(b"P", fin=False)
            browser.exchange()
            self.reactor.pump([5.0])
        self.assertTrue(browser.stream.disconnecting or browser.stream.disconnected)

    def test_keep_alive(self) -> None:
        """A double line end gets a single one (RFC 5626 §4.4.1), and a ping its pong."""
        browser = self.connected()
        browser.say(b"\r\n\r\n")
        browser.protocol.send_ping(b"there?")
        browser.exchange()
        self.assertEqual(browser.frames(), [(Opcode.TEXT, b"\r\n"), (Opcode.PONG, b"there?")])
        browser.say(b"\r\n\r\n" + BARE)
        self.assertEqual(browser.frames(), [(Opcode.TEXT, b"\r\n")])
        self.assertEqual(self.receiver.messages, [BARE[:-2] + b"Content-Length: 0\r\n\r\n"])

    def test_pings(self) -> None:
        """Each peer is asked once in the time that is set whether it is there."""
        browsers = [self.connected(), self.connected()]
        self.reactor.pump([0.5] * 60)
        for browser in browsers:
            browser.exchange()
            self.assertEqual([opcode for opcode, _ in browser.frames()], [Opcode.PING])


class EndTests(WebSocketCase):
    def test_goodbye(self) -> None:
        """A peer that says goodbye is answered with the same code, and nothing can be sent to it any more."""
        browser = self.connected()
        browser.say(OPTIONS)
        flow = self.receiver.flows[0]
        browser.protocol.send_close(1000)
        self.assertEqual(self.closed_with(browser), 1000)
        self.assertTrue(browser.stream.disconnecting)
        self.assertIsNone(self.ws.flow_back(*flow.remote))
        self.assertRaises(TransportError, self.ws.send, OPTIONS, flow)

    def test_we_stop(self) -> None:
        """When the service stops it says 1001: going away."""
        browser = self.connected()
        browser.say(OPTIONS)
        self.ws.stop()
        self.assertEqual(self.closed_with(browser), 1001)

    def test_broken_frames(self) -> None:
        """A frame against the rules ends the connection with the code for it, and no traceback (RFC 6455 §7.4.1)."""
        for data, code in (
            (b"\x81\x05hello", 1002),  # not masked
            (b"\x83\x80\0\0\0\0", 1002),  # an opcode that there is not
            (b"\xc1\x80\0\0\0\0", 1002),  # a bit of an extension
            (b"\x80\x80\0\0\0\0", 1002),  # goes on with nothing
            (b"\x09\x80\0\0\0\0", 1002),  # a ping in pieces
            (b"\x81\x81\0\0\0\0\xff", 1007),  # no UTF-8
            (b"\x88\x82\0\0\0\0\x03\xed", 1002),  # a code that must not be sent
        ):
            browser = self.connected()
            browser.wrapper.dataReceived(data)
            self.assertEqual(self.closed_with(browser), code, data)
            self.assertTrue(browser.stream.disconnecting, data)
            browser.wrapper.connectionLost(Failure(ConnectionDone()))

    @given(st.binary(max_size=60), st.booleans())
    def test_anything(self, data: bytes, is_open: bool) -> None:
        """Whatever comes, before the handshake or after it, nothing is raised."""
        self.reactor = MemoryReactorClock()
        self.setUp()
        if is_open:
            self.connected().wrapper.dataReceived(data)
        else:
            self.caller()[0].dataReceived(data)

    def test_nobody_is_called(self) -> None:
        """Nobody can be called by WebSocket."""
        self.assertRaises(TransportError, self.ws.flow_to, "192.0.2.7", 5060)
