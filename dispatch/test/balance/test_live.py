"""Tests of dispatch.balance.live."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.change import Change
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.ejection import Ejection
from dispatch.balance.live import Live
from dispatch.balance.selection import find_algorithm
from dispatch.sip.message import Message
from dispatch.test.balance.make import FakeRequest, lines, roster

ROUND_ROBIN = find_algorithm(4)
THREE = Ejection(consecutive_failures=3, base_time=30.0)


def answer(status: int, headers: bytes = b"", via: bytes = b"") -> Message:
    return Message(
        b"SIP/2.0 %d X\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1%b\r\n%b\r\n" % (status, via, headers)
    )


class LiveCase(SynchronousTestCase):
    size = 4

    def begin(self, settings: Ejection = THREE, **more: float) -> None:
        self.clock = Clock()
        self.live = Live(
            self.clock.seconds,
            settings,
            slow_start=more.get("slow_start", 0.0),
            retry_after=more.get("retry_after", 0.0),
            overload_control=bool(more.get("overload_control")),
        )
        self.one = Dispatcher(Random(1), flags=2, clock=self.clock.seconds, live=self.live)
        self.one.replace(roster(lines(*[0] * self.size)))
        self.told: list[str] = []
        self.one.observer = self.note
        self.members = self.one.groups[1].members

    def note(self, change: Change) -> None:
        self.told.append(str(change))

    def answers(self, index: int, *codes: int, headers: bytes = b"", via: bytes = b"") -> None:
        for code in codes:
            self.live.heard(self.members[index], code, answer(code, headers, via))

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.live.tick()

    def used(self) -> list[int]:
        """Who gets requests."""
        found = {self.one.select(FakeRequest(), 1, ROUND_ROBIN) for _ in range(2 * self.size)}
        uris = {one.destination.uri for one in found if one is not None}
        return [index for index in range(self.size) if b"sip:gw%d" % index in uris]


class EjectionTests(LiveCase):
    def test_failures_in_a_row(self) -> None:
        """Three failures in a row take a destination out for the base time, which is told with the reason."""
        self.begin()
        self.answers(0, 503, 503, 200, 503, 503)
        self.assertEqual(self.used(), [0, 1, 2, 3])
        self.answers(0, 500)
        self.assertEqual(self.used(), [1, 2, 3])
        self.wait(29)
        self.assertEqual(self.used(), [1, 2, 3])
        self.wait(1)
        self.assertEqual(self.used(), [0, 1, 2, 3])
        self.assertEqual(
            self.told,
            [
                "set 1 sip:gw0: ejected, for 30 seconds: 3 failures in a row, the last: answered 500",
                "set 1 sip:gw0: returned, its ejection is over",
            ],
        )

    def test_letters_stay(self) -> None:
        """The flags of one that is out are as before, and the reason of a pick says that it is ejected."""
        self.begin()
        self.answers(0, 503, 503, 503)
        self.assertEqual(self.members[0].flags, 0)
        selection = self.one.select(FakeRequest(), 1, ROUND_ROBIN)
        assert selection is not None
        self.assertEqual([reason for _, reason in selection.why().skipped], ["ejected"])

    def test_no_answer(self) -> None:
        """Silence and a network that refuses count as failures, each unless it is told not to."""
        for status in (408, 503):
            for counts in (True, False):
                self.begin(replace(THREE, timeouts=counts, unreachable=counts))
                for _ in range(3):
                    self.live.heard(self.members[0], status)
                self.assertEqual(self.used(), [1, 2, 3] if counts else [0, 1, 2, 3])

    def test_other_answers(self) -> None:
        """An answer that is not one of the codes is a success, whatever its class."""
        self.begin(replace(THREE, codes=(503,)))
        self.answers(0, 503, 503, 486, 503, 503, 500, 503, 503, 603)
        self.assertEqual(self.used(), [0, 1, 2, 3])

    def test_never_too_many(self) -> None:
        """At 50 percent of four the third stays, however it fails; it goes when another one is back."""
        self.begin()
        for index in range(3):
            self.answers(index, 503, 503, 503)
        self.assertEqual(self.used(), [2, 3])
        self.wait(30)
        self.answers(2, 503)
        self.assertEqual(self.used(), [0, 1, 3])

    def test_who_left(self) -> None:
        """One that has left the list while it was out does not count among those of the set that are out."""
        self.begin(replace(THREE, max_ejected_percent=25))
        self.answers(0, 503, 503, 503)
        self.one.replace(roster(b"1 sip:gw4\n1 sip:gw3\n1 sip:gw2\n1 sip:gw1\n"))
        self.members = self.one.groups[1].members
        self.answers(0, 503, 503, 503)
        self.assertEqual(self.used(), [2, 3])

    def test_longer_each_time(self) -> None:
        """One that fails again as soon as it is back is out twice as long; what comes in late while it is out, not."""
        self.begin()
        self.answers(0, 503, 503, 503, 503, 503, 503)
        self.wait(30)
        self.assertEqual(self.used(), [0, 1, 2, 3])
        self.answers(0, 503, 503, 503)
        self.wait(59)
        self.assertEqual(self.used(), [1, 2, 3])
        self.wait(1)
        self.assertEqual(self.used(), [0, 1, 2, 3])

    def test_a_person_says_otherwise(self) -> None:
        """A command that makes a destination active ends its ejection; one that disables it does not."""
        self.begin()
        self.answers(0, 503, 503, 503)
        self.one.set_state(1, b"sip:gw0", 4)
        self.assertEqual(self.used(), [1, 2, 3])
        self.one.set_state(1, b"sip:gw0", 0)
        self.assertEqual(self.used(), [0, 1, 2, 3])

    def test_over_a_reload(self) -> None:
        """A reload neither ends an ejection nor makes it last; one that has left the list is forgotten quietly."""
        self.begin()
        self.answers(0, 503, 503, 503)
        self.answers(1, 503, 503, 503)
        self.one.replace(roster(lines(0, 0, 0, 0).replace(b"1 sip:gw1 0\n", b"")))
        self.assertEqual(self.used(), [2, 3])
        self.wait(30)
        self.assertEqual(self.used(), [0, 2, 3])
        self.assertEqual(len([one for one in self.told if "returned" in one]), 1)

    @given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 20)), max_size=80))
    def test_whatever_happens(self, events: list[tuple[int, bool, int]]) -> None:
        """Never more than half of a set is out, nobody longer than the longest time, and all come back."""
        self.begin(replace(THREE, max_time=90.0))
        for index, is_failure, seconds in events:
            self.answers(index, 503 if is_failure else 200)
            self.assertGreaterEqual(len(self.used()), 2)
            self.wait(seconds)
        self.wait(90)
        self.assertEqual(self.used(), [0, 1, 2, 3])


class SuccessRateTests(LiveCase):
    size = 6

    def test_far_below_the_others(self) -> None:
        """Who fails far more often than its set is out at the end of the interval, though never in a row."""
        self.begin(Ejection(success_rate_factor=1.9, minimum_calls=20))
        for index in range(self.size):
            for _ in range(20):
                self.answers(index, 200, 503 if index == 5 else 200)
        self.assertEqual(self.used(), [0, 1, 2, 3, 4, 5])
        self.wait(10)
        self.assertEqual(self.used(), [0, 1, 2, 3, 4])
        self.assertIn("success rate 50.0%, below", self.told[0])

    def test_each_interval_anew(self) -> None:
        """Requests of an interval before count no more."""
        self.begin(Ejection(success_rate_factor=1.9, minimum_calls=20))
        for _ in range(4):
            for index in range(self.size):
                for _ in range(5):
                    self.answers(index, 200, 503 if index == 5 else 200)
            self.wait(10)
        self.assertEqual(self.told, [])


class RetryAfterTests(LiveCase):
    def test_as_long_as_it_says(self) -> None:
        """A 503 with Retry-After keeps a destination out as long as it says, and no longer than the most."""
        for asked, seconds in ((b"5", 5), (b"3600;duration=1", 20)):
            self.begin(Ejection(), retry_after=20.0)
            self.answers(0, 503, headers=b"Retry-After: %b\r\n" % asked)
            self.wait(seconds - 1)
            self.assertEqual(self.used(), [1, 2, 3])
            self.wait(1)
            self.assertEqual(self.used(), [0, 1, 2, 3])

    def test_not_asked_for(self) -> None:
        """Without the key, without the header, or with another answer it stays."""
        self.begin(Ejection(), retry_after=20.0)
        self.answers(0, 503)
        self.answers(0, 500, 200, headers=b"Retry-After: 5\r\n")
        self.assertEqual(self.used(), [0, 1, 2, 3])
        self.begin(Ejection(), slow_start=1.0)
        self.answers(0, 503, headers=b"Retry-After: 5\r\n")
        self.assertEqual(self.used(), [0, 1, 2, 3])

    def test_all_of_them(self) -> None:
        """Where all want to be left alone, they are used all the same: a call is worth a try."""
        self.begin(Ejection(), retry_after=20.0)
        for index in range(4):
            self.answers(index, 503, headers=b"Retry-After: 5\r\n")
        self.assertEqual(self.used(), [0, 1, 2, 3])


class OverloadTests(LiveCase):
    def share(self) -> int:
        """What the first takes in percent of what the others take."""
        found = [self.one.select(FakeRequest(), 1, ROUND_ROBIN) for _ in range(3600)]
        uris = [one.destination.uri for one in found if one is not None]
        return round(100 * uris.count(b"sip:gw0") / uris.count(b"sip:gw1"))

    def test_a_share(self) -> None:
        """What a response asks for is honoured until its validity is over, a later wish taking the place of it."""
        self.begin(Ejection(), overload_control=True)
        self.answers(0, 200, via=b";oc=40;oc-validity=5000;oc-seq=2.0")
        self.assertEqual(self.share(), 60)
        self.answers(0, 200, via=b";oc=90;oc-validity=5000;oc-seq=1.0")
        self.assertEqual(self.share(), 60)
        self.answers(0, 503, via=b";oc=80;oc-validity=5000;oc-seq=3.0")
        self.assertEqual(self.share(), 20)
        self.wait(5)
        self.assertEqual(self.share(), 100)

    def test_taken_back(self) -> None:
        """A validity of 0 ends it at once (RFC 7339 §5.6)."""
        self.begin(Ejection(), overload_control=True)
        self.answers(0, 200, via=b";oc=40;oc-validity=5000;oc-seq=2.0")
        self.answers(0, 200, via=b";oc=0;oc-validity=0;oc-seq=3.0")
        self.assertEqual(self.share(), 100)

    def test_off(self) -> None:
        """Unless it is on nothing is read."""
        self.begin(Ejection(), retry_after=1.0)
        self.answers(0, 200, via=b";oc=40;oc-validity=5000;oc-seq=2.0")
        self.assertEqual(self.share(), 100)

    def test_an_algorithm_of_its_own(self) -> None:
        """The algorithm that spares by itself spares as much, not twice as much."""
        self.begin(Ejection(), overload_control=True)
        self.answers(0, 200, via=b";oc=50;oc-validity=5000;oc-seq=2.0")
        found = [self.one.select(FakeRequest(), 1, find_algorithm("overload-control")) for _ in range(700)]
        self.assertEqual(sum(one.destination.uri == b"sip:gw0" for one in found if one is not None), 100)


class SlowStartTests(LiveCase):
    def test_after_an_ejection(self) -> None:
        """One that comes back from an ejection begins slowly, and has its whole share after the window."""
        self.begin(slow_start=20.0)
        self.answers(0, 503, 503, 503)
        self.wait(30)
        self.assertEqual(self.one.groups[1].line_up().eased, {0})
        self.wait(20)
        self.assertIsNone(self.one.groups[1].line_up().eased)


class PanicTests(SynchronousTestCase):
    def test_said_once(self) -> None:
        """A panic and its end are said once each, and in between all that nobody disabled are used."""
        said: list[str] = []
        one = Dispatcher(Random(1), flags=2, panic_threshold=50, warn=said.append)
        one.replace(roster(lines(0, 1, 1, 4)))
        for _ in range(3):
            one.select(FakeRequest(), 1, ROUND_ROBIN)
        uris = {one.select(FakeRequest(), 1, ROUND_ROBIN).destination.uri for _ in range(8)}  # type: ignore[union-attr]  # there is one
        self.assertEqual(uris, {b"sip:gw0", b"sip:gw1", b"sip:gw2"})
        one.set_state(1, b"sip:gw1", 0)
        one.select(FakeRequest(), 1, ROUND_ROBIN)
        self.assertEqual([text.split(":")[0] for text in said], ["set 1", "set 1"])
        self.assertIn("too few", said[0])
        self.assertIn("healthy again", said[1])
