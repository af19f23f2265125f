"""Tests of what a trace follows, and of what waits to be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.tracing import trace
from dispatch.control.tracing.filter import Filter
from dispatch.control.tracing.step import DROPPED, MESSAGE, Step
from dispatch.control.tracing.trace import Waiting
from dispatch.test.control.tracing.make import (
    BYE,
    CALLER,
    GATEWAY,
    INVITE,
    NOW,
    Followed,
    came,
    decision,
    left,
)
from dispatch.test.wire import request, response_to


class JourneyTests(SynchronousTestCase):
    def test_a_whole_call(self) -> None:
        """Every message of a call is told in its order, with the decision, and with who is at the other end."""
        followed = Followed()
        followed.call()
        steps = list(followed.steps)
        self.assertEqual(
            [(one.kind, one.text, one.is_in, one.is_callee) for one in steps],
            [
                ("call", "INVITE sip:bob@example.com from alice to bob, Call-ID call-1", False, False),
                ("message", "INVITE", True, False),
                ("decision", "round-robin gave 0, index 0", False, False),
                ("message", "100 Whatever (INVITE)", False, False),
                ("message", "INVITE", False, True),
                ("message", "200 Whatever (INVITE)", True, True),
                ("message", "200 Whatever (INVITE)", False, False),
                ("message", "ACK", True, False),
                ("message", "ACK", False, True),
                ("message", "BYE", True, False),
                ("message", "BYE", False, True),
                ("message", "200 Whatever (BYE)", True, True),
                ("message", "200 Whatever (BYE)", False, False),
            ],
        )
        self.assertEqual({(one.call, one.call_id, one.time) for one in steps}, {(1, b"call-1", NOW)})

    def test_copies(self) -> None:
        """A message that goes the same way again is a copy; on another way, or in the other direction, it is none."""
        followed = Followed()
        followed.see(came(INVITE), left(INVITE), came(INVITE), left(INVITE), left(INVITE, CALLER))
        self.assertEqual(
            [one.is_copy for one in followed.steps if one.kind == MESSAGE], [False, False, True, True, False]
        )

    def test_in_the_middle_of_a_call(self) -> None:
        """Calls that have begun before are not followed, nor responses to nothing."""
        followed = Followed()
        followed.see(came(BYE), left(BYE), came(response_to(BYE, 200), GATEWAY))
        followed.trace.decided(decision(), NOW)
        self.assertEqual(followed.steps, [])

    def test_filters(self) -> None:
        """What a filter does not want is not followed; what it wants is followed to the end."""
        for wanted, is_followed in (
            (Filter(source="192.0.2.9"), True),
            (Filter(source="::ffff:192.0.2.9"), True),
            (Filter(source="192.0.2.21"), False),
            (Filter(call_id="call-1"), True),
            (Filter(call_id="call"), False),
            (Filter(from_user="alice"), True),
            (Filter(from_user="bob"), False),
            (Filter(to_user="bob"), True),
            (Filter(to_user="alice"), False),
            (Filter(method="INVITE"), True),
            (Filter(method="BYE"), False),
            (Filter(destination="192.0.2.21"), True),
            (Filter(destination="sip:192.0.2.21:5070"), True),
            (Filter(destination="192.0.2.22"), False),
            (Filter(source="192.0.2.9", method="INVITE", destination="192.0.2.22"), False),
        ):
            followed = Followed(wanted)
            followed.call()
            self.assertEqual(len(followed.steps), 13 if is_followed else 0, wanted)

    def test_a_destination_after_failover(self) -> None:
        """A call is told from its beginning when it comes to the wanted destination later only."""
        followed = Followed(Filter(destination="192.0.2.22"))
        followed.see(came(INVITE))
        followed.trace.decided(decision(), NOW)
        followed.see(left(INVITE))
        self.assertEqual(followed.steps, [])
        followed.trace.decided(decision(b"sip:192.0.2.22", attempt=2), NOW)
        self.assertEqual(followed.told(), ["1 call", "1 > INVITE", "1 decision", "1 > INVITE", "1 decision"])

    @given(st.integers(2, 5))
    def test_a_share(self, share: int) -> None:
        """Each call is in the share or not, all its messages alike, and about one of so many is."""
        followed = Followed(share=share)
        for number in range(200):
            followed.call(b"%d@a" % number)
        self.assertEqual(len(followed.steps) % 13, 0)
        self.assertTrue(100 / share < len(followed.steps) / 13 < 300 / share)

    def test_so_many_calls(self) -> None:
        """A trace of so many calls begins no more, and is over with the last of them."""
        followed = Followed(count=2)
        followed.see(came(request(call_id=b"a")))
        followed.call(b"b")
        followed.call(b"c")
        self.assertEqual({one.call_id for one in followed.steps}, {b"a", b"b"})
        self.assertEqual(followed.ends, 0)
        followed.call(b"a")
        self.assertEqual(followed.ends, 1)
        followed.call(b"a")
        self.assertEqual(followed.ends, 1)

    def test_other_ends(self) -> None:
        """A refused call is over with its ACK, one that is to show credentials is not; OPTIONS with its answer."""
        for status, ends in ((486, 1), (407, 0)):
            followed = Followed(count=1)
            followed.see(came(INVITE), left(response_to(INVITE, status), CALLER))
            self.assertEqual(followed.ends, 0)
            followed.see(came(request(b"ACK", to_tag=b"t1")))
            self.assertEqual(followed.ends, ends)
        options = request(b"OPTIONS")
        followed = Followed(count=1)
        followed.see(came(options), left(response_to(options, 200), CALLER))
        self.assertEqual(followed.ends, 1)

    def test_room(self) -> None:
        """However many calls begin and never end, so many are remembered."""
        followed = Followed()
        for number in range(trace.CALLS + 1):
            followed.see(came(request(call_id=b"%d" % number)))
        followed.told()
        followed.see(came(request(b"BYE", to_tag=b"t", call_id=b"0")))
        self.assertEqual(followed.told(), [])
        followed.see(came(request(b"BYE", to_tag=b"t", call_id=b"1")))
        self.assertEqual(followed.told(), ["2 > BYE"])

    def test_forgeries(self) -> None:
        """What can't be read is passed over, and changes nothing."""
        followed = Followed()
        broken = (INVITE[:40], b"", INVITE.replace(b"From: <sip:alice@example.com>", b"From: <"))
        followed.see(*map(came, broken))
        followed.call()
        self.assertEqual(followed.told()[-1], "1 < 200 Whatever (BYE)")


class WaitingTests(SynchronousTestCase):
    def test_bounds(self) -> None:
        """What finds no room is dropped and counted, and the gap is told where it is; then it goes on."""
        for size, most in ((0, trace.STEPS), (trace.BYTES // 10, 10)):
            waiting = Waiting()
            for number in range(most + 7):
                waiting.put(Step(MESSAGE, NOW, number, raw=bytes(size)))
            taken = waiting.take()
            assert taken is not None
            waiting.put(Step(MESSAGE, NOW, 9999))
            found = []
            while len(waiting):
                step = waiting.take()
                assert step is not None
                found.append(step)
            self.assertEqual([one.call for one in found[:2]], [1, 2])
            self.assertEqual([(one.kind, one.dropped) for one in found if one.kind == DROPPED], [(DROPPED, 7)])
            self.assertEqual(found[-1].call, 9999)
            self.assertIsNone(waiting.take())

    def test_a_gap_at_the_end(self) -> None:
        """What was dropped is told also when nothing follows."""
        waiting = Waiting()
        for number in range(trace.STEPS + 1):
            waiting.put(Step(MESSAGE, NOW, number))
        for _ in range(trace.STEPS):
            waiting.take()
        last = waiting.take()
        assert last is not None
        self.assertEqual((last.dropped, last.time, len(waiting)), (1, NOW, 0))
