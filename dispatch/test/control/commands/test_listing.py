"""Tests of `list`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.conduct import Conduct
from dispatch.balance.load import Calls
from dispatch.control.commands.listing import LIST as LISTING
from dispatch.control.commands.listing import Listed, run
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import LIST, Steered


class ListTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)

    def test_all(self) -> None:
        """Every destination comes in the order of listings, with state and counters."""
        one = self.steered.dispatcher
        one.report_failure(one.groups[1].members[1], "answered 503")
        self.assertEqual(
            list(run(self.steered.control())),
            [
                Listed(2, "sip:c", "AP", "", 5, 0, 0, "", ""),
                Listed(1, "sip:b", "AX", "", 0, 0, 0, "", ""),
                Listed(1, "sip:a", "AX", "", 0, 0, 1, "answered 503", "duid=x"),
            ],
        )

    def test_kept_out(self) -> None:
        """Why live traffic keeps a destination out stands beside its state, which is as it was."""
        member = self.steered.dispatcher.groups[1].members[0]
        member.condition.conduct = Conduct()
        member.condition.conduct.reason = "5 failures in a row"
        shown = [(one.state, one.kept_out) for one in run(self.steered.control(), set=1)]
        self.assertEqual(shown, [("AX", "5 failures in a row"), ("AX", "")])

    def test_calls(self) -> None:
        """Where calls are counted it says how many are open, and the table has a column for them; elsewhere not."""
        self.assertEqual({one.calls for one in run(self.steered.control())}, {-1})
        one = self.steered.dispatcher
        one.calls = Calls(lambda: 0.0)
        one.calls.add(b"1", one.groups[1].members[1])
        records = list(run(self.steered.control()))
        self.assertEqual([one.calls for one in records], [-1, -1, 1])
        *_, column = LISTING.columns
        self.assertEqual((column.title, [column.cell(one) for one in records]), ("CALLS", ["", "", 1]))

    def test_one_set(self) -> None:
        """With a set, its members only; a set that is not there is an error that says which are."""
        self.assertEqual([one.uri for one in run(self.steered.control(), set=2)], ["sip:c"])
        with self.assertRaises(UnknownDestination) as caught:
            run(self.steered.control(), set=3)
        self.assertIn("sets in force: 1, 2", str(caught.exception))

    def test_a_reload_meanwhile(self) -> None:
        """Who is half-way through the list when another comes into force reads the old one to its end."""
        records = run(self.steered.control())
        next(records)
        self.steered.text = b"7 sip:z\n"
        self.successResultOf(self.steered.reload())
        self.assertEqual([one.uri for one in records], ["sip:b", "sip:a"])
