"""Tests of listings that go on, through the AMP door."""

from __future__ import annotations

import json
from typing import Any

from twisted.protocols import amp
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control import pages
from dispatch.control.client import Client
from dispatch.control.command import TooMany
from dispatch.control.tracing import trace
from dispatch.control.tracing.record import Traced
from dispatch.control.tracing.tracer import TRACES
from dispatch.test.control.make import LIST, Pair, Pipe, Steered
from dispatch.test.control.tracing.make import ACK, BYE, CALLER, GATEWAY, INVITE
from dispatch.test.wire import request, response_to


class LiveCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.tracer = self.steered.tracer
        self.installed: list[bool] = []
        self.tracer.install = self.installed.append

    def call(self, call_id: bytes = b"call-1") -> None:
        """A whole call goes by."""
        for raw in (INVITE, ACK, BYE):
            self.tracer.received(raw.replace(b"call-1", call_id), CALLER)
            self.tracer.sent(raw.replace(b"call-1", call_id), GATEWAY)
        answer = response_to(BYE.replace(b"call-1", call_id), 200)
        self.tracer.received(answer, GATEWAY)
        self.tracer.sent(answer, CALLER)


class DoorTests(LiveCase):
    def setUp(self) -> None:
        super().setUp()
        self.pipe = Pipe(self.steered.control())

    def ask(self, **box: bytes) -> None:
        self.pipe.server.dataReceived(
            amp.AmpBox({b"_command": b"trace", b"_ask": b"1"} | {k.encode(): v for k, v in box.items()}).serialize()
        )
        self.pipe.clock.advance(0)

    def answer(self) -> tuple[list[str], bytes | None]:
        """The kinds of the records of the only page, and the name of the next."""
        (box,) = self.pipe.boxes()
        return [row[b"kind"].decode() for row in amp.parseString(box[b"rows"])], box.get(b"page")

    def test_pages(self) -> None:
        """A page comes when there is something to tell, and takes what comes shortly after; or empty, in a while."""
        self.ask()
        self.assertEqual(self.pipe.boxes(), [])
        self.pipe.clock.advance(pages.BEAT)
        self.assertEqual(self.answer(), ([], b"1"))
        self.ask(page=b"1")
        self.tracer.received(INVITE, CALLER)
        self.assertEqual(self.pipe.boxes(), [])
        self.tracer.sent(INVITE, GATEWAY)
        self.pipe.clock.advance(0.05)
        self.assertEqual(self.answer(), (["call", "message", "message"], b"1"))
        self.tracer.received(ACK, CALLER)
        self.ask(page=b"1")
        self.pipe.turn()
        self.assertEqual(self.answer(), (["message"], b"1"))

    def test_full_pages(self) -> None:
        """What does not fit into a page waits for the next, however long the messages are."""
        self.ask()
        for number in range(30):
            self.tracer.received(request(call_id=b"%d" % number, body=b"x" * 9000), CALLER)
        found = []
        page: bytes | None = b""
        for _ in range(20):
            self.pipe.clock.advance(0.05)
            kinds, page = self.answer()
            found += kinds
            if len(found) == 60:
                break
            assert page
            self.ask(page=page)
        self.assertEqual(found, ["call", "message"] * 30)

    def test_the_end(self) -> None:
        """After so many calls, or so many seconds, the last page names no other."""
        self.ask(count=b"1")
        self.call()
        self.pipe.clock.advance(0.05)
        self.assertEqual(self.answer(), (["call"] + ["message"] * 8, None))
        self.ask(seconds=b"5")
        self.steered.now += 5
        self.pipe.clock.advance(pages.BEAT)
        self.assertEqual(self.answer(), ([], None))
        self.assertEqual(self.installed, [True, False] * 2)
        self.assertEqual(self.pipe.clock.getDelayedCalls(), [])

    def test_a_client_that_vanishes(self) -> None:
        """Whoever goes, during a page or between two, ends his trace with it, and nothing is left."""
        for is_waiting in (True, False):
            self.ask()
            if not is_waiting:
                self.pipe.clock.advance(pages.BEAT)
            self.assertEqual(self.installed[-1], True)
            self.pipe.server.connectionLost()
            self.assertEqual(self.installed[-1], False)
            self.assertEqual(self.pipe.clock.getDelayedCalls(), [])
            self.pipe = Pipe(self.steered.control())

    def test_a_client_that_reads_no_more(self) -> None:
        """A trace whose pages nobody asks for ends; the page is gone then."""
        self.ask()
        self.pipe.clock.advance(pages.BEAT)
        self.answer()
        self.pipe.clock.advance(pages.PATIENCE)
        self.assertEqual(self.installed, [True, False])
        self.ask(page=b"1")
        self.pipe.turn()
        (box,) = self.pipe.boxes()
        self.assertEqual(box[b"_error_code"], b"PAGE_GONE")

    def test_bounds(self) -> None:
        """There are so many traces at most, whoever has them; one that is forgotten makes room."""
        others = [Pipe(self.steered.control()) for _ in range(TRACES)]
        for self.pipe in others:
            self.ask()
        late = self.pipe = Pipe(self.steered.control())
        self.ask()
        (box,) = late.boxes()
        self.assertEqual(box[b"_error_code"], b"TOO_MANY")
        others[0].server.connectionLost()
        late.turn()
        self.ask()
        late.clock.advance(pages.BEAT)
        self.assertEqual(self.answer(), ([], b"1"))

    def test_wrong_numbers(self) -> None:
        """A share of none is refused, and nothing is followed."""
        for wrong in ({"share": b"0"}, {"count": b"-1"}, {"seconds": b"-1"}):
            self.ask(**wrong)
            self.pipe.turn()
            (box,) = self.pipe.boxes()
            self.assertEqual(box[b"_error_code"], b"BAD_VALUE")
        self.assertEqual(self.installed, [])


class ClientTests(LiveCase):
    def test_follow(self) -> None:
        """A client gets each record as it comes, whole; and what was dropped is among them."""
        pair = Pair(self.steered.control())
        found: list[Traced] = []
        done = Client(pair.client).follow("trace", found.append, count=1)
        pair.settle()
        self.call()
        pair.pipe.clock.advance(0.05)
        pair.settle()
        self.assertIsNone(self.successResultOf(done))
        self.assertEqual((found[1].message.encode(), found[1].remote), (INVITE, "192.0.2.9"))
        self.assertEqual(len([one for one in found if one.again]), 0)
        json.dumps([one.message for one in found])

    def test_too_much(self) -> None:
        """A client that is too slow is told how much it missed."""
        pair = Pair(self.steered.control())
        found: list[Any] = []
        Client(pair.client).follow("trace", found.append)
        pair.settle()
        for number in range(trace.STEPS):
            self.tracer.received(request(call_id=b"%d" % number), CALLER)
        for _ in range(trace.STEPS // 20):
            pair.pipe.clock.advance(0.05)
            pair.settle()
        (gap,) = (one for one in found if one.kind == "dropped")
        self.assertEqual(gap.dropped, trace.STEPS)
        self.assertEqual(len(found), trace.STEPS + 1)

    def test_too_many(self) -> None:
        """That there are too many is an error of its own."""
        pair = Pair(self.steered.control())
        for _ in range(TRACES):
            Pipe(self.steered.control()).send(_command=b"trace", _ask=b"1")
        self.assertIsInstance(pair.result(lambda: Client(pair.client).call("trace")), TooMany)
