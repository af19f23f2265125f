"""Tests of the ladder."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.tracing import ladder
from dispatch.control.tracing.record import record_of
from dispatch.control.tracing.step import DROPPED, Step
from dispatch.test.control.tracing.make import INVITE as RAW
from dispatch.test.control.tracing.make import NOW, Followed, came, left


class LadderTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """The caller stands on the left, who is called on the right, arrows show where a message goes."""
        followed = Followed()
        followed.call()
        followed.see(left(RAW))
        lines = [ladder.line(record_of(step)) for step in followed.steps]
        self.assertEqual(lines[0], "08:00:00.250000    1  INVITE sip:bob@example.com from alice to bob, Call-ID call-1")
        for line, left_, right in (
            (lines[1], "192.0.2.9:5060 - INVITE ", ">|"),
            (lines[3], "192.0.2.9:5060 < 100 Whatever (INVITE) ", "-|"),
            (lines[4], "|- INVITE ", "> 192.0.2.21:5070"),
            (lines[5], "|< 200 Whatever (INVITE) ", "- 192.0.2.21:5070"),
            (lines[2], "* set 1, sip:192.0.2.21:5070: ", "round-robin gave 0, index 0"),
            (lines[13], "|- INVITE again ", "> 192.0.2.21:5070"),
        ):
            self.assertIn(left_, line)
            self.assertTrue(line.endswith(right), line)
        self.assertEqual({line.index("|") for line in (*lines[1:2], *lines[3:])}, {lines[2].index("*")})

    def test_a_gap(self) -> None:
        """What was dropped is told."""
        line = ladder.line(record_of(Step(DROPPED, NOW, text="7 steps dropped", dropped=7)))
        self.assertTrue(line.endswith("* 7 steps dropped"))

    def test_long_names(self) -> None:
        """A long method moves no line to the side."""
        odd = RAW.replace(b"INVITE", b"X" * 50)
        followed = Followed()
        followed.see(came(odd))
        self.assertEqual(ladder.line(record_of(followed.steps[1])).index("|"), 72)
