"""Tests of dispatch.balance.roster."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.destination import Row
from dispatch.balance.roster import RosterBuilder


class BuilderTests(SynchronousTestCase):
    def test_problems_in_order(self) -> None:
        """Errors and warnings come together, by line."""
        builder = RosterBuilder("db", ())
        builder.fail(3, "no")
        builder.warn(1, "well")
        builder.add(Row(1, b"x", 0, 0, b"", 2))
        builder.add(Row(1, b"sip:gw", 0, 0, b"", 4))
        roster = builder.finish()
        self.assertEqual([problem.line for problem in roster.problems], [1, 2, 3])
        self.assertEqual(roster.sets, {})

    def test_a_database_may_say_more(self) -> None:
        """Negative sets and priorities are kept, wherever they come from."""
        builder = RosterBuilder("db", ())
        for row in (Row(-1, b"sip:a", 0, -5, b"", 1), Row(-1, b"sip:b", 0, 0, b"a = b", 2)):
            builder.add(row)
        self.assertEqual([member.uri for member in builder.finish().sets[-1]], [b"sip:b", b"sip:a"])
