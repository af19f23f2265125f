"""Tests of dispatch.balance.oddities."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import table
from dispatch.test.balance.make import SOCKETS, roster

COLUMNS = ("setid", "destination", "flags", "priority", "attrs")


class OddityTests(SynchronousTestCase):
    def told(self, text: bytes) -> list[tuple[int, str]]:
        """Line and words of each warning; every destination is there all the same."""
        found = roster(text)
        self.assertEqual(sum(map(len, found.sets.values())), len(text.splitlines()))
        return [(problem.line, problem.remedy) for problem in found.warnings]

    def test_nothing_odd(self) -> None:
        """Different destinations, the same one in another set, and attributes of anybody's are nothing to tell."""
        text = b"1 sip:a 0 0 duid=a;weight=500;maxload=-1;zone=x\n2 sip:a 0 0 duid=a;rweight=100\n1 sip:a.b:5060\n"
        self.assertEqual(self.told(text), [])

    def test_twice(self) -> None:
        """A destination that a set has already is told with the line where it was first; case makes no difference."""
        told = self.told(b"1 sip:a.com\n2 sip:a.com\n1 sip:A.com\n1 sip:a.com\n")
        self.assertEqual([line for line, _ in told], [3, 4])
        for _, words in told:
            self.assertIn("is in set 1 already, in line 1", words)

    def test_the_same_duid(self) -> None:
        """So is a duid; without any, destinations have none in common."""
        told = self.told(b"1 sip:a 0 0 duid=x\n1 sip:b 0 0 duid=x\n1 sip:c\n1 sip:d\n")
        self.assertEqual([line for line, _ in told], [2])
        self.assertIn("duid b'x' is that of line 1 too", told[0][1])

    def test_slips(self) -> None:
        """A name that is nearly one of ours is told once, and which one may be meant."""
        told = self.told(b"1 sip:a 0 0 dudi=x;maxlaod=3\n1 sip:b 0 0 dudi=y;zone=z\n")
        self.assertEqual([line for line, _ in told], [1, 1])
        self.assertIn("did you mean 'duid'?", told[0][1])
        self.assertIn("did you mean 'maxload'?", told[1][1])

    def test_numbers(self) -> None:
        """A number that is none, or beyond its range, is told with what is made of it."""
        told = self.told(b"1 sip:a 0 0 maxload=abc\n1 sip:b 0 0 weight=5x\n1 sip:c 0 0 rweight=101\n")
        self.assertEqual([line for line, _ in told], [1, 2, 3])
        for (_, words), expected in zip(told, ("taken for 0", "taken for 5", "write 1 to 100"), strict=True):
            self.assertIn(expected, words)

    def test_no_way(self) -> None:
        """A transport that none of our sockets speaks is told once; without sockets nobody can say."""
        text = b"1 sip:a;transport=tls\n1 sip:b;transport=tls\n1 sip:c;transport=tcp\n"
        told = self.told(text)
        self.assertEqual([line for line, _ in told], [1])
        self.assertIn("'TLS'", told[0][1])
        self.assertIn("can't be called", self.told(b"1 sip:a;transport=ws\n")[0][1])
        rows = [(1, "sip:a;transport=tls", 0, 0, "")]
        self.assertEqual(table.parse(rows, "db", "dispatcher", COLUMNS, ()).warnings, ())

    def test_rows(self) -> None:
        """Of a table the rows are named."""
        rows = [(1, "sip:a", 0, 0, ""), (1, "sip:a", 0, 0, "")]
        (warning,) = table.parse(rows, "db", "dispatcher", COLUMNS, SOCKETS).warnings
        self.assertIn("dispatcher row 2 (1, 'sip:a'): b'sip:a' is in set 1 already, in row 1", str(warning))
