"""Tests of dispatch.events.webhook, with Twisted's own HTTP server at the other end of pipes of memory."""

from __future__ import annotations

import json
from typing import Any, cast

from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.events.event import STATE
from dispatch.events.interfaces import IEventSink
from dispatch.events.webhook import Webhook, checked
from dispatch.test.events.make import event

URL = "http://127.0.0.1:8080/alarms?token=x"


class UrlTests(SynchronousTestCase):
    def test_good(self) -> None:
        """A URL of http or https stays as it is written."""
        for url in (URL, "https://alarms.example.com", "http://[::1]:80/%20"):
            self.assertEqual(checked(url), url)

    def test_bad(self) -> None:
        """What nothing can be sent to is an error that says why."""
        for url, words in (
            ("alarms", "no URL of http"),
            ("ftp://a/", "no URL of http"),
            ("http:///x", "no URL of http"),
            ("http://a:0/", "no URL of http"),
            ("http://a:99999/", "is no URL"),
            ("http://[::1/", "is no URL"),
            ("http://a/ä", "%XX"),
            ("http://a/x y", "%XX"),
            ("http://user:secret@a/", "user and password"),
            ("http://a/#x", "'#x'"),
        ):
            with self.assertRaises(ValueError) as caught:
                checked(url)
            self.assertIn(words, str(caught.exception))
            self.assertNotIn("secret", str(caught.exception))


class WebhookTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.hook = Webhook(self.reactor, URL)

    def connected(self) -> tuple[Any, StringTransport]:
        """The client's end of the connection that was asked for last."""
        _, _, factory, _, _ = self.reactor.tcpClients[-1]
        protocol = factory.buildProtocol(None)
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(cast(Any, transport))
        return protocol, transport

    def answer(self, status: bytes, body: bytes = b"") -> bytes:
        """Let the server answer; gives what it was sent."""
        protocol, transport = self.connected()
        sent: bytes = transport.value()
        protocol.dataReceived(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        self.reactor.advance(0)
        return sent

    def test_posted(self) -> None:
        """An event is one POST with a JSON object; plain changes of state are none."""
        self.assertTrue(verifyObject(IEventSink, self.hook))
        self.hook.tell(event(STATE))
        self.assertEqual(self.reactor.tcpClients, [])
        self.hook.tell(event())
        head, _, body = self.answer(b"200 OK", b"thanks").partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"POST /alarms?token=x HTTP/1.1\r\n"))
        self.assertIn(b"\r\nContent-Type: application/json", head)
        self.assertEqual(json.loads(body), event().fields())
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_again(self) -> None:
        """Another try follows a 5xx, a 429 and silence; none follows another refusal, or success."""
        for status, again in (
            *((b"503 Busy", True), (b"429 Slowly", True), (b"", True)),
            *((b"404 No", False), (b"301 Elsewhere", False), (b"204 Done", False)),
        ):
            self.hook.tell(event())
            tries = len(self.reactor.tcpClients)
            if status:
                self.answer(status)
            else:
                self.connected()
                self.reactor.advance(10)
            self.reactor.advance(1)
            self.assertEqual(len(self.reactor.tcpClients) - tries, again, status)
            if again:
                self.answer(b"200 OK")

    def test_why(self) -> None:
        """The log says in words why an event was not delivered."""
        for lose, words in (
            (lambda protocol: self.reactor.advance(10), "no answer within 10 s; trying again"),
            (
                lambda protocol: protocol.connectionLost(Failure(ConnectionLost())),
                "Connection to the other side was lost",
            ),
        ):
            hook = Webhook(self.reactor, URL)
            hook.tell(event())
            with capturedLogs() as logged:
                lose(self.connected()[0])
            (text,) = map(formatEvent, logged)
            assert text is not None
            self.assertIn(words, text)
            self.assertNotIn("Failure", text)
            hook.stop()

    def test_an_endless_answer(self) -> None:
        """An answer that does not end is not waited for longer than ten seconds, nor kept."""
        self.hook.tell(event())
        protocol, transport = self.connected()
        protocol.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(70_000))
        self.assertTrue(transport.disconnecting)

    def test_the_end(self) -> None:
        """When it ends nothing is left in the reactor, and its secrets are not in the log."""
        self.hook.tell(event())
        self.hook.stop()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertNotIn("token", self.hook.name)
