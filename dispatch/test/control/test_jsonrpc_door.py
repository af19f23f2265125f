"""Tests of the JSON-RPC door; over HTTP in dispatch.test.real.test_doors."""

from __future__ import annotations

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import Right
from dispatch.control.jsonrpc import Documents
from dispatch.control.jsonrpc_door import JsonRequests, datagram
from dispatch.control.methods import Methods
from dispatch.test.control.make import LIST, Steered

ECHO = {"jsonrpc": "2.0", "method": "core.echo", "params": ["one"], "id": 1}


class FifoTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.documents = Documents(self.clock, Methods(Steered(LIST).control()))
        self.replies: list[tuple[str, bytes]] = []
        self.requests = JsonRequests(self.documents, lambda name, answer: self.replies.append((name, answer)))

    def feed(self, *pieces: bytes) -> list[str]:
        """Where answers went."""
        for piece in pieces:
            self.requests.feed(piece)
        while self.clock.getDelayedCalls():
            self.clock.advance(0.01)
        self.replies, replies = [], self.replies
        return [name for name, _ in replies]

    def test_documents(self) -> None:
        """Each document is answered where it wants; in pieces, several at once, and behind rubbish."""
        named = json.dumps({**ECHO, "reply_name": "here"}).encode()
        self.assertEqual(self.feed(named), ["here"])
        self.assertEqual(self.feed(named[:20], named[20:] + b"\n" + named), ["here", "here"])
        self.assertEqual(self.feed(b"rubbish\n", named), ["here"])
        self.assertEqual(self.feed(b"{" * 70_000, named), ["here"])

    def test_no_place(self) -> None:
        """Without a name there is no answer."""
        self.assertEqual(self.feed(json.dumps(ECHO).encode(), b"7", b"[]"), [])

    def test_a_datagram(self) -> None:
        """A datagram is a document; an answer that no datagram holds is an error."""
        answer = self.successResultOf(datagram(self.documents, Right.FULL, json.dumps(ECHO).encode(), "/tmp/x"))
        self.assertEqual(json.loads(answer)["result"], "one")
        long = {**ECHO, "params": ["x" * 65_500]}
        answering = datagram(self.documents, Right.FULL, json.dumps(long).encode(), "/tmp/x")
        self.assertIn("too long", json.loads(self.successResultOf(answering))["error"]["message"])
