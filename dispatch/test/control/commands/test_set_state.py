"""Tests of `set_state`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.expansion import Machine, expanded
from dispatch.control.command import BadValue
from dispatch.control.commands.set_state import StateSet, run
from dispatch.control.finding import find_duid
from dispatch.errors import UnknownDestination
from dispatch.test.balance.make import roster
from dispatch.test.control.make import LIST, Steered


class SetStateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.control = Steered(LIST).control()

    def test_every_letter(self) -> None:
        """Each letter of the original sets the state that it means, upper case and digits too."""
        for written, letters in (
            *(("i", "IX"), ("Ip", "IP"), ("a", "AX"), ("AP", "AP"), ("d", "DX"), ("dp", "DX"), ("t", "TX")),
            *(("tp", "TP"), ("0", "IX"), ("1", "AX"), ("2", "DX"), ("3", "TX"), ("axxx", "AX")),
        ):
            self.assertEqual(run(self.control, 1, "sip:a", written).after, letters)

    def test_before_and_after(self) -> None:
        """The answer names the destination as it is listed, and both states."""
        run(self.control, 1, "sip:a", "ip")
        self.assertEqual(run(self.control, 1, "SIP:A", "a"), StateSet(1, "sip:a", "IP", "AX"))

    def test_unknown(self) -> None:
        """A set or destination that is not there, and a state that is none, change nothing and say so."""
        for set_id, uri, state, error in (
            *((3, "sip:a", "i", UnknownDestination), (2, "sip:a", "i", UnknownDestination)),
            *((1, "sip:a", "x", BadValue), (1, "sip:a", "", BadValue), (1, "sip:a", "pa", BadValue)),
        ):
            with self.assertRaises(error):
                run(self.control, set_id, uri, state)
        self.assertEqual([one.flags for one in self.control.dispatcher.destinations()], [8, 0, 0])

    def test_a_name_of_several_machines(self) -> None:
        """A name, or a duid, that stands for machines changes nothing: the error says which there are."""
        listed = roster(b"1 sip:gw.example 0 0 duid=x\n")
        machines = [Machine(b"UDP", f"192.0.2.{number}", 5060) for number in range(1, 11)]
        self.control.dispatcher.replace(expanded(listed, lambda member: machines, {}, ()))
        for call in (lambda: run(self.control, 1, "sip:GW.example", "d"), lambda: find_duid(self.control, 1, "x")):
            with self.assertRaises(UnknownDestination) as caught:
                call()
            self.assertIn("name one of them: sip:192.0.2.1:5060, sip:192.0.2.2:5060, ", str(caught.exception))
            self.assertIn("192.0.2.8:5060 and 2 more", str(caught.exception))
        self.assertEqual({one.flags for one in self.control.dispatcher.destinations()}, {0})

    def test_nothing_that_a_terminal_acts_on(self) -> None:
        """What the caller wrote is escaped where it comes back in an error."""
        for uri, state in (("sip:\x1b[2J", "a"), ("sip:a", "\x1b[2J")):
            with self.assertRaises((UnknownDestination, BadValue)) as caught:
                run(self.control, 1, uri, state)
            self.assertTrue(str(caught.exception).isprintable())
