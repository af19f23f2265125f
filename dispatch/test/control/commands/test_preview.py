"""Tests of `preview`."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.control.command import BadValue, ListRefused
from dispatch.control.commands.preview import Share, run
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import Steered

LIST = b"1 sip:c 0 0 weight=25;duid=c\n1 sip:b 0 0 weight=25;duid=b\n1 sip:a 0 0 weight=50;duid=a\n"


class PreviewTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)

    def preview(self, **given: Any) -> dict[str, Share]:
        found = self.successResultOf(run(self.steered.control(), 1, **{"calls": 400, **given}))
        return {one.uri or one.kind: one for one in found}

    def test_state(self) -> None:
        """The calls of a destination that is out go to the others, and only these move with a hash."""
        found = self.preview(uri="sip:b", state="i", algorithm="0")
        one, total = found["sip:b"], found["total"]
        self.assertEqual((one.after, one.moved, one.needless), (0, one.before, 0))
        self.assertEqual((total.before, total.after, total.moved), (400, 400, one.before))
        self.assertGreater(one.before, 0)

    def test_weight(self) -> None:
        """Another weight gives another share."""
        found = self.preview(uri="sip:a", weight=0, algorithm="weighted")
        self.assertEqual([(found[uri].before, found[uri].after) for uri in ("sip:a", "sip:b")], [(200, 0), (100, 200)])
        found = self.preview(uri="SIP:A", weight=50, algorithm="weighted")
        self.assertEqual(found["total"].moved, 0)

    def test_list(self) -> None:
        """Another list is tried, with the members that it adds and those that it takes away."""
        found = self.preview(list=b"1 sip:a 0 0 weight=50;duid=a\n1 sip:new 0 0 weight=50\n", algorithm="weighted")
        self.assertEqual([found[uri].after for uri in ("sip:a", "sip:b", "sip:c", "sip:new")], [200, 0, 0, 200])
        self.assertEqual([found[uri].needless for uri in ("sip:b", "sip:c")], [0, 0])

    def test_last_one(self) -> None:
        """Calls that nobody would take are told."""
        found = self.preview(list=b"2 sip:a\n", algorithm="4")
        self.assertEqual((found["nobody"].before, found["nobody"].after), (0, 400))
        self.assertEqual((found["total"].before, found["total"].after), (400, 0))

    def test_nothing_changes(self) -> None:
        """States, counters, calls and the turn stay as they are; and states that are there count."""
        dispatcher = self.steered.dispatcher
        dispatcher.set_state(1, b"sip:c", health.INACTIVE)
        group = dispatcher.groups[1]
        before = [(one.flags, one.condition.selected, one.weight) for one in group.members], group.turn.cursor
        found = self.preview(uri="sip:b", state="d", algorithm="4")
        self.assertEqual((found["sip:c"].before, found["sip:a"].after), (0, 400))
        after = [(one.flags, one.condition.selected, one.weight) for one in group.members], group.turn.cursor
        self.assertEqual((dispatcher.groups[1], before), (group, after))

    def test_refusals(self) -> None:
        """What is no change, or none of this set, is refused."""
        control = self.steered.control()
        for error, words, given in (
            (BadValue, "give one change", {"set": 1}),
            (BadValue, "give one change", {"set": 1, "uri": "sip:a", "state": "i", "weight": 1}),
            (BadValue, "'uri'", {"set": 1, "state": "i"}),
            (BadValue, "'uri'", {"set": 1, "list": LIST, "uri": "sip:a"}),
            (BadValue, "'weight' is 101", {"set": 1, "uri": "sip:a", "weight": 101}),
            (BadValue, "'calls' is 0", {"set": 1, "uri": "sip:a", "weight": 1, "calls": 0}),
            (BadValue, "state b'x' is unknown", {"set": 1, "uri": "sip:a", "state": "x"}),
            (UnknownDestination, "there is no set 7", {"set": 7, "uri": "sip:a", "state": "i"}),
            (UnknownDestination, "set 1 has no 'sip:z'", {"set": 1, "uri": "sip:z", "state": "i"}),
        ):
            self.assertIn(words, str(self.assertRaises(error, run, control, **given)))
        self.failureResultOf(run(control, 1, list=b"1\n"), ListRefused)
