"""Tests of dispatch.service.draining."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.admin import DRAIN, MAINTENANCE, Admin
from dispatch.balance.change import Change
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.load import Calls
from dispatch.balance.selection import find_algorithm
from dispatch.service.draining import Draining
from dispatch.test.balance.make import FakeRequest, roster

LOAD = find_algorithm(10)


def sockets_of(member: Destination) -> list[tuple[str, int]]:
    return [(member.host.decode(), member.port or 5060)]


def at_once(errand: Iterator[None]) -> None:
    for _ in errand:
        pass


class DrainingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.busy: list[tuple[str, int]] = []
        self.heard: list[tuple[str, str]] = []

    def draining(self, text: bytes) -> Dispatcher:
        one = Dispatcher(Random(1), flags=2, calls=Calls(self.clock.seconds))
        one.replace(roster(text))
        self.service = Draining(one, self.clock, self.clock.seconds, lambda: iter(self.busy), sockets_of, at_once)
        one.observer = self.hear
        self.service.startService()
        self.addCleanup(self.service.stopService)
        return one

    def hear(self, change: Change) -> None:
        self.heard.append((change.event, change.reason))
        if change.event in (DRAIN, MAINTENANCE):
            self.service.begin()

    def drained(self) -> list[str]:
        return [reason for event, reason in self.heard if event == "drained"]

    def test_last_call(self) -> None:
        """Where calls are counted it is drained when the last of them ends, and that is told once."""
        one = self.draining(b"1 sip:127.0.0.1 0 0 duid=x\n")
        for call_id in (b"a", b"b"):
            one.select(FakeRequest(call_id), 1, LOAD)
        for mode in (DRAIN, MAINTENANCE):
            one.administer(1, b"sip:127.0.0.1", Admin(mode, 0.0), "")
        self.clock.pump([1] * 3)
        one.load_update(b"a", b"BYE")
        self.clock.pump([1] * 3)
        self.assertEqual(self.drained(), [])
        one.load_update(b"b", b"BYE")
        self.clock.pump([1] * 3)
        self.assertEqual(self.drained(), ["no call is left"])

    def test_deadline(self) -> None:
        """When the time that was given is over it is drained with the calls that are left."""
        one = self.draining(b"1 sip:127.0.0.1 0 0 duid=x\n2 sip:127.0.0.2\n")
        one.select(FakeRequest(b"a"), 1, LOAD)
        for group, uri in ((1, b"sip:127.0.0.1"), (2, b"sip:127.0.0.2")):
            one.administer(group, uri, Admin(DRAIN, 0.0, until=30.0), "")
        self.clock.pump([1] * 29)
        self.assertEqual(self.drained(), [])
        self.clock.advance(1)
        self.assertEqual(
            sorted(self.drained()),
            ["its time is over; calls are not counted", "its time is over; calls that are left: 1"],
        )

    def test_not_counted(self) -> None:
        """Where calls are not counted it is drained when no request waits for an answer there."""
        one = self.draining(b"1 sip:127.0.0.1\n1 sip:127.0.0.2:5070\n")
        self.busy = [("127.0.0.3", 5060)] * 1000 + [("127.0.0.1", 5060), ("127.0.0.2", 5060)]
        for uri in (b"sip:127.0.0.1", b"sip:127.0.0.2:5070"):
            one.administer(1, uri, Admin(DRAIN, 0.0), "")
        self.clock.advance(1)
        admins = [each.condition.admin for each in one.destinations()]
        self.assertEqual([admin.is_done for admin in admins if admin is not None], [True, False])
        self.busy.clear()
        self.clock.advance(1)
        self.assertEqual(self.drained(), ["no request waits for an answer; calls are not counted"] * 2)

    def test_nothing_to_do(self) -> None:
        """While nobody drains nothing is looked at; after a restart it goes on with who does."""
        one = self.draining(b"1 sip:127.0.0.1\n")
        self.clock.advance(5)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.service.stopService()
        one.groups[1].administer(one.groups[1].members[0], Admin(DRAIN, 0.0))
        self.service.startService()
        self.clock.advance(1)
        self.assertEqual(len(self.drained()), 1)
        self.clock.advance(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_ready_meanwhile(self) -> None:
        """One that is ready again is not told to be drained."""
        one = self.draining(b"1 sip:127.0.0.1\n")
        one.administer(1, b"sip:127.0.0.1", Admin(DRAIN, 0.0), "")
        one.administer(1, b"sip:127.0.0.1", None, "")
        self.clock.pump([1, 1])
        self.assertEqual(self.drained(), [])
