"""Tests of dispatch.events.event."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health, history
from dispatch.balance.admin import DRAIN, Admin
from dispatch.balance.change import PROBE, TRAFFIC, Change, Routed
from dispatch.balance.dispatcher import Dispatcher
from dispatch.events.event import DOWN, EVENT_ROUTES, STATE, UP, Event, make
from dispatch.test.balance.make import dispatcher


def observed(one: Dispatcher) -> list[Event]:
    """What is told of all that happens from now on, a minute apart."""
    events: list[Event] = []

    def observe(change: Change) -> None:
        now = 1_800_000_000.0 + 60 * len(events)
        admin = change.destination.condition.admin
        word = admin.word if admin is not None else ""
        events.append(make(change, history.note(change, now), word, "INFO"))

    one.observer = observe
    return events


class EventTests(SynchronousTestCase):
    def test_what_before_after_why_and_since_when(self) -> None:
        """An event tells the destination, both states, who asked and why, and when the state before began."""
        one = dispatcher(b"1 sip:a\xff 8\n")
        events = observed(one)
        one.update(1, b"sip:a\xff", health.TRYING | health.PROBING, "probe timed out", PROBE)
        one.update(1, b"sip:a\xff", health.PROBING, "probe answered with 200 OK", PROBE)
        down, up = events
        self.assertEqual(
            up,
            Event(
                name=UP,
                set=1,
                uri="sip:a\udcff",
                before="IP",
                after="AP",
                admin="",
                cause="probe",
                why="probe answered with 200 OK",
                since=down.time,
                time=down.time + 60,
                method="INFO",
                request_uri="sip:a\udcff",
            ),
        )
        self.assertEqual((down.name, down.since), (DOWN, 0.0))

    def test_as_the_original(self) -> None:
        """Down and up are told of changes between usable and not by traffic and probes, and of nothing else."""
        one = dispatcher(b"1 sip:a\n")
        events = observed(one)
        one.update(1, b"sip:a", health.PROBING)
        one.update(1, b"sip:a", health.DISABLED)
        one.update(1, b"sip:a", health.INACTIVE)
        one.set_state(1, b"sip:a", 0)
        one.update(1, b"sip:a", health.INACTIVE)
        one.update(1, b"sip:a", 0, "marked by the script", TRAFFIC)
        self.assertEqual([each.name for each in events], [STATE, DOWN, STATE, STATE, DOWN, UP])
        self.assertEqual({each.method for each in events}, {""})

    def test_routed(self) -> None:
        """A mark of a script shows the request that it was routing."""
        one = dispatcher(b"1 sip:a\n", flags=2)
        events = observed(one)
        one.mark(1, b"sip:a", b"ip", Routed(b"INVITE ...", "INVITE", b"sip:b", b"sip:a;lr"))
        one.mark(1, b"sip:a", b"a", Routed(b"BYE ...", "BYE", b"sip:c", None))
        self.assertEqual(
            [(each.name, each.method, each.request_uri, each.destination_uri, each.message) for each in events],
            [(DOWN, "INVITE", "sip:b", "sip:a;lr", b"INVITE ..."), (UP, "BYE", "sip:c", "", b"BYE ...")],
        )

    def test_decisions(self) -> None:
        """What a person decided is an event of its own name, and stands in those that follow."""
        one = dispatcher(b"1 sip:a\n")
        events = observed(one)
        one.administer(1, b"sip:a", Admin(DRAIN, 0), "drained by a command")
        one.update(1, b"sip:a", health.INACTIVE)
        one.drained(next(one.destinations()), "no call is left")
        one.administer(1, b"sip:a", None, "ready by a command")
        self.assertEqual(
            [(each.name, each.admin, each.before, each.after) for each in events],
            [
                ("drain", "drain", "AX", "AX"),
                (DOWN, "drain", "AX", "IX"),
                ("drained", "drained", "IX", "IX"),
                ("ready", "", "IX", "IX"),
            ],
        )

    def test_json(self) -> None:
        """Any event is JSON in ASCII, with times as text and null where a time is not known."""
        one = dispatcher(b"1 sip:a\xff\n")
        events = observed(one)
        one.update(1, b"sip:a\xff", health.INACTIVE)
        one.update(1, b"sip:a\xff", 0)
        texts = [json.dumps(each.fields()) for each in events]
        self.assertTrue(all(text.isascii() for text in texts))
        first, second = map(json.loads, texts)
        self.assertEqual((first["since"], first["time"]), (None, "2027-01-15T08:00:00.000Z"))
        self.assertEqual((second["since"], second["uri"]), (first["time"], "sip:a\udcff"))

    def test_both_spellings(self) -> None:
        """Both names that the documentation has for an event route mean the same event."""
        for spelling in ("dst", "ds"):
            self.assertEqual(EVENT_ROUTES[f"dispatcher:{spelling}-down"], DOWN)
            self.assertEqual(EVENT_ROUTES[f"dispatcher:{spelling}-up"], UP)
