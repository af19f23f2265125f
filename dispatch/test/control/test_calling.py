"""Tests of dispatch.control.calling."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control import calling
from dispatch.control.calling import arguments, call
from dispatch.control.command import BadValue, Caller, Command, Door, NotAllowed, Right
from dispatch.control.commands.about import VERSION
from dispatch.control.commands.listing import LIST
from dispatch.control.commands.ping_active import PING_ACTIVE
from dispatch.control.commands.reload import RELOAD
from dispatch.control.commands.set_state import SET_STATE
from dispatch.test.control.make import Steered

FULL = Caller(Door.AMP, "uid 7", Right.FULL)


class ArgumentTests(SynchronousTestCase):
    def test_types(self) -> None:
        """Arguments come in the types of the row; optional ones may be missing."""
        self.assertEqual(
            arguments(SET_STATE, {"set": b"-1", "uri": b"sip:\xff", "state": b"a"}),
            {"set": -1, "uri": "sip:\udcff", "state": "a"},
        )
        self.assertEqual(arguments(LIST, {}), {})

    def test_wrong(self) -> None:
        """A missing argument, an unknown one and a value of the wrong kind are told by name."""
        for row, written, words in (
            (LIST, {"\x1b": b"1"}, "no argument '\\x1b'"),
            (SET_STATE, {"set": b"1", "uri": b"sip:a"}, "'state' is missing"),
            (LIST, {"sett": b"1"}, "did you mean 'set'?"),
            (LIST, {"colour": b"1"}, "there are set"),
            (VERSION, {"colour": b"1"}, "there is none at all"),
            (LIST, {"set": b"one"}, "'set' is a whole number of ten digits at most, not 'one'"),
            (LIST, {"set": b""}, "'set' is a whole number"),
            (LIST, {"set": b"1" * 5000}, "'set' is a whole number"),
            (LIST, {"set": b"1_0"}, "'set' is a whole number"),
        ):
            with self.assertRaises(BadValue) as caught:
                arguments(row, written)
            self.assertIn(words, str(caught.exception))


class CallTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(b"1 sip:a\n")

    def logged(self, row: Command, caller: Caller = FULL, **written: bytes) -> list[str | None]:
        with capturedLogs() as events:
            call(row, self.steered.control(), caller, written).addErrback(lambda _: None)
        return [formatEvent(one) for one in events if one["log_namespace"] == calling.__name__]

    def test_changes_are_logged(self) -> None:
        """A change is logged with who made it, through which door, and what was before and after."""
        self.assertEqual(
            self.logged(SET_STATE, set=b"1", uri=b"SIP:A", state=b"ip"),
            ["set_state by uid 7 over amp: set 1 sip:a: AX -> IP"],
        )
        self.steered.text = b"1 sip:a\n1 sip:b\n"
        self.assertEqual(
            self.logged(RELOAD),
            ["reload by uid 7 over amp: 2 destinations in 1 sets from dispatcher.list; before: 1"],
        )

    def test_the_rest_is_not(self) -> None:
        """Looking is not logged, nor what was refused."""
        self.assertEqual(self.logged(LIST), [])
        self.assertEqual(self.logged(SET_STATE, set=b"1", uri=b"sip:x", state=b"i"), [])

    def test_asking_is_no_change(self) -> None:
        """What changes nothing with these arguments is not logged, and who may only look may ask it."""
        self.assertEqual(self.logged(PING_ACTIVE), [])
        self.assertEqual(
            self.logged(PING_ACTIVE, state=b"0"), ["ping_active by uid 7 over amp: probing is off from now on"]
        )
        reader, control = Caller(Door.AMP, "uid 8", Right.READ), self.steered.control()
        self.assertEqual(self.successResultOf(call(PING_ACTIVE, control, reader, {})).after, 1)
        self.failureResultOf(call(PING_ACTIVE, control, reader, {"state": b"0"}), NotAllowed)

    def test_rights(self) -> None:
        """Who may only look can look, and change nothing."""
        reader = Caller(Door.AMP, "uid 8", Right.READ)
        control = self.steered.control()
        self.assertEqual(len(list(self.successResultOf(call(LIST, control, reader, {})))), 1)
        refused = call(SET_STATE, control, reader, {"set": b"1", "uri": b"sip:a", "state": b"i"})
        self.failureResultOf(refused, NotAllowed)
        self.assertEqual([one.flags for one in self.steered.dispatcher.destinations()], [0])
