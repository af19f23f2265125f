"""Tests of JSON-RPC."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import Caller, Door, Right
from dispatch.control.commands import TABLE
from dispatch.control.jsonrpc import Documents
from dispatch.control.methods import Methods
from dispatch.test.control.make import LIST, Steered

FULL = Caller(Door.RPC, "uid 7", Right.FULL, "jsonrpc")
READER = Caller(Door.RPC, "uid 8", Right.READ, "jsonrpc")


class JsonTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.clock = Clock()
        self.documents = Documents(self.clock, Methods(self.steered.control()))

    def settled(self, done: Deferred[bytes]) -> bytes:
        while self.clock.getDelayedCalls():
            self.clock.advance(0.01)
        return self.successResultOf(done)

    def send(self, document: bytes, caller: Caller = FULL) -> Any:
        answer = self.settled(self.documents.answer(document, caller))
        return json.loads(answer) if answer else None

    def ask(self, method: str, *parameters: Any, caller: Caller = FULL) -> Any:
        asked = {"jsonrpc": "2.0", "method": method, "params": list(parameters), "id": 7}
        answer = self.send(json.dumps(asked).encode(), caller)
        self.assertEqual((answer["jsonrpc"], answer["id"]), ("2.0", 7))
        return answer["result"] if "result" in answer else answer["error"]

    def test_every_method(self) -> None:
        """Each method of the original's RPC answers, or faults in its own words."""
        for row in TABLE:
            if Door.RPC in row.names:
                with self.subTest(row.names[Door.RPC]):
                    self.assertNotEqual(
                        self.ask(row.names[Door.RPC]), {"code": 500, "message": "Internal Server Error"}
                    )

    def test_structures(self) -> None:
        """Values of one name are an array of objects, a null string is null, several values are one array."""
        sets = self.ask("dispatcher.list")
        self.assertEqual(sets["NRSETS"], 2)
        members = [target["DEST"] for one in sets["RECORDS"] for target in one["SET"]["TARGETS"]]
        self.assertEqual({one["URI"] for one in members}, {"sip:a", "sip:b", "sip:c"})
        (attributes,) = [one["ATTRS"] for one in members if "ATTRS" in one]
        self.assertEqual((attributes["DUID"], attributes["SOCKET"]), ("x", None))
        self.assertEqual(self.ask("core.echo", "one", 2), ["one", "2"])
        self.assertEqual(self.ask("core.echo", "one"), "one")
        self.assertEqual(self.ask("core.echo"), {})

    def test_faults(self) -> None:
        """Faults of the original keep code and text; those of JSON-RPC have the standard's."""
        self.assertEqual(
            self.ask("dispatcher.set_state", "a", 1, "no"), {"code": 500, "message": "State Update Failed"}
        )
        self.assertEqual(self.ask("no.such")["code"], -32601)
        self.assertEqual(self.ask("core.echo", None)["code"], -32602)
        self.assertEqual(self.ask("core.echo", True)["code"], -32602)
        for document, code in (
            (b"{", -32700),
            (b"[" * 100_000, -32700),
            (b"\xff", -32700),
            (b"[]", -32600),
            (b"7", -32600),
            (b'{"jsonrpc": "2.0", "method": 7, "id": 1}', -32600),
            (b'{"method": "core.echo", "id": 1}', -32600),
            (b'{"jsonrpc": "2.0", "method": "core.echo", "params": 7, "id": 1}', -32602),
            (b'{"jsonrpc": "2.0", "method": "core.echo", "params": ["\\ud800"], "id": 1}', -32602),
        ):
            self.assertEqual(self.send(document)["error"]["code"], code)
        self.assertEqual(len(self.flushLoggedErrors()), 0)

    def test_named_parameters(self) -> None:
        """Those of an object are taken in their order."""
        document = b'{"jsonrpc": "2.0", "method": "core.echo", "params": {"b": "one", "a": "two"}, "id": 1}'
        self.assertEqual(self.send(document)["result"], ["one", "two"])

    def test_notifications(self) -> None:
        """What has no id is done, and not answered."""
        document = b'{"jsonrpc": "2.0", "method": "dispatcher.set_state", "params": ["d", 1, "sip:a"]}'
        self.assertIsNone(self.send(document))
        self.assertIn(4, [one.flags for one in self.steered.dispatcher.groups[1].members])
        self.assertIsNone(self.send(b"[%b,%b]" % (document, document)))

    def test_batches(self) -> None:
        """The requests of a batch are done in order, and answered in one array; too many are refused."""
        asked = [{"jsonrpc": "2.0", "method": "core.echo", "params": [str(one)], "id": one} for one in range(3)]
        answers = self.send(json.dumps([*asked, 7]).encode())
        self.assertEqual([one.get("result") for one in answers], ["0", "1", "2", None])
        self.assertEqual(self.send(json.dumps(asked * 40).encode())["error"]["code"], -32600)

    def test_rights(self) -> None:
        """Who may only look changes nothing."""
        self.assertEqual(self.ask("dispatcher.ping_active", 0, caller=READER)["code"], 403)
        self.assertEqual(self.steered.control().probing.active, 1)

    @given(st.binary(max_size=60) | st.from_regex(rb'\{"jsonrpc": "2.0", "method": "core.echo".{0,30}\}'))
    def test_any_bytes(self, document: bytes) -> None:
        """Any bytes get an answer, or none, and never a failure."""
        self.settled(self.documents.answer(document, FULL))
        self.assertEqual(self.flushLoggedErrors(), [])
