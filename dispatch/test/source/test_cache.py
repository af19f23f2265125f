"""Tests of dispatch.source.cache."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import listfile, table
from dispatch.balance.destination import LocalSocket
from dispatch.balance.roster import Roster
from dispatch.source.cache import Cache

SOCKETS = (LocalSocket("udp", "127.0.0.1", 5060),)
LIST = b"2 sip:c\n1 sip:a 8 5 duid=x;socket=udp:127.0.0.1:5060\n1 sip:b 0 5\n1 h\xe9\xe8\xe7\xe6 4 7 a=b;\n"


def content(roster: Roster) -> list[tuple[int, list[tuple[object, ...]]]]:
    """All that a list says."""
    return [
        (group, [(one.uri, one.listed, one.priority, one.attrs, one.socket) for one in members])
        for group, members in roster.sets.items()
    ]


class CacheTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = folder / "list.cache"
        self.cache = Cache(self.path, "postgres://u@h/db")

    def error(self, cache: Cache) -> str:
        """The one error of reading it."""
        roster = cache.read(SOCKETS)
        self.assertEqual(roster.sets, {})
        (problem,) = roster.errors
        self.assertEqual(problem.path, str(self.path))
        return problem.remedy

    def test_the_same(self) -> None:
        """What is read is what was saved, sets and members in the same order."""
        roster = listfile.parse(LIST, "dispatcher.list", SOCKETS)
        self.assertEqual(self.cache.save(roster), ())
        self.assertEqual(content(self.cache.read(SOCKETS)), content(roster))
        self.assertEqual([one.name for one in self.path.parent.iterdir()], [self.path.name])

    def test_the_last_one(self) -> None:
        """The next list takes the place of the one before."""
        for text in (LIST, b"7 sip:z\n"):
            self.cache.save(listfile.parse(text, "dispatcher.list", SOCKETS))
        self.assertEqual(list(self.cache.read(SOCKETS).sets), [7])

    def test_no_copy(self) -> None:
        """Without a copy there is an error."""
        self.assertEqual(
            str(self.cache.read(SOCKETS).errors[0]), f"{self.path}: there is no copy of the list yet; see [lists] cache"
        )

    def test_of_another(self) -> None:
        """A copy of another list is not taken for ours."""
        self.cache.save(listfile.parse(LIST, "dispatcher.list", SOCKETS))
        told = self.error(Cache(self.path, "mysql://h/db"))
        self.assertEqual(told, "it is a copy of postgres://u@h/db, not of mysql://h/db; see [lists] cache")

    def test_of_nothing(self) -> None:
        """A database that does not say what it is a copy of is none."""
        self.cache.save(listfile.parse(LIST, "dispatcher.list", SOCKETS))
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("DELETE FROM origin")
        self.assertIn("it does not say what it is a copy of", self.error(self.cache))

    def test_damaged(self) -> None:
        """A file that is no copy is an error."""
        self.path.write_bytes(b"x" * 5000)
        self.assertIn("file is not a database", str(self.cache.read(SOCKETS).errors[0]))

    def test_no_place(self) -> None:
        """A place that can't be written is a warning that says so, and the copy before is still there."""
        roster = listfile.parse(LIST, "dispatcher.list", SOCKETS)
        self.cache.save(roster)
        self.path.with_name("list.cache.new").mkdir()
        (problem,) = self.cache.save(listfile.parse(b"7 sip:z\n", "dispatcher.list", SOCKETS))
        self.assertTrue(str(problem).startswith(f"{self.path}: the list can't be kept there: "), problem)
        self.assertEqual(content(self.cache.read(SOCKETS)), content(roster))

    def test_a_device(self) -> None:
        """A device is left where it is, though reading it gives nothing: /dev/null is needed by others."""
        self.path.symlink_to("/dev/null")
        (problem,) = self.cache.save(listfile.parse(LIST, "dispatcher.list", SOCKETS))
        self.assertIn("left alone", str(problem))
        self.assertTrue(self.path.is_symlink())

    def test_something_else(self) -> None:
        """What is no copy of ours is never overwritten: the list itself, say."""
        roster = listfile.parse(LIST, "dispatcher.list", SOCKETS)
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("CREATE TABLE dispatcher (x)")
        for content in (LIST, self.path.read_bytes()):
            self.path.write_bytes(content)
            (problem,) = self.cache.save(roster)
            self.assertIn("this is no copy of a list, and left alone; see [lists] cache", str(problem))
            self.assertEqual(self.path.read_bytes(), content)
        self.path.write_bytes(b"")
        self.assertEqual(self.cache.save(roster), ())

    @given(
        st.lists(
            st.tuples(
                st.integers(-(2**31), 2**31 - 1),
                st.binary(min_size=1, max_size=20).map(b"sip:".__add__),
                *[st.integers(-(2**31), 2**31 - 1)] * 2,
                st.binary(max_size=20) | st.just(b"a=b,;;"),
            )
        )
    )
    @example([(1, b"sip:a", 0, 0, b"a=b,;;")])
    def test_any_list(self, rows: list[tuple[int, bytes, int, int, bytes]]) -> None:
        """Whatever a database can hold, its copy holds too."""
        columns = ("setid", "destination", "flags", "priority", "attrs")
        roster = table.parse(rows, "mysql://h/db", "dispatcher", columns, SOCKETS)
        self.cache.save(roster)
        self.assertEqual(content(self.cache.read(SOCKETS)), content(roster))
