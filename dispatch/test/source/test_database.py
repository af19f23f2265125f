"""Tests of dispatch.source.database, with SQLite; the other databases are in test/real."""

from __future__ import annotations

import queue
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.balance.destination import LocalSocket
from dispatch.balance.roster import Roster
from dispatch.source import schema
from dispatch.source.database import DatabaseSource, Table
from dispatch.source.database_url import DatabaseUrl
from dispatch.source.dialects import DIALECTS
from dispatch.source.interfaces import IDestinationSource

SOCKETS = (LocalSocket("udp", "127.0.0.1", 5060),)


class ThreadedReactor(MemoryReactorClock):
    """Runs; what threads hand to it waits until somebody does it."""

    def __init__(self) -> None:
        super().__init__()
        self.running = True
        self.handed: queue.Queue[Callable[[], object]] = queue.Queue()

    def callWhenRunning(self, callable: Callable[..., object], *args: object, **named: object) -> None:
        callable(*args, **named)

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        self.handed.put(lambda: function(*args))

    def removeSystemEventTrigger(self, trigger: object) -> None:
        """Nothing is ever triggered."""


def _put_module(name: str, module: ModuleType | None) -> None:
    sys.modules.pop(name)
    if module is not None:
        sys.modules[name] = module


class DatabaseCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.execute(schema.statements(DIALECTS["sqlite"], "dispatcher"))

    def execute(self, script: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executescript(script)

    def insert(self, *rows: tuple[object, ...], table: str = "dispatcher") -> None:
        marks = ", ".join("?" * len(rows[0]))
        columns = "setid, destination, flags, priority, attrs"
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)

    def source(self, place: Table | None = None, *, strict: bool = False) -> DatabaseSource:
        return DatabaseSource(DatabaseUrl("sqlite", str(self.path)), place or Table(), SOCKETS, strict=strict)

    def error(self, place: Table | None = None) -> str:
        """The one error of a reading."""
        roster = self.source(place).read()
        self.assertEqual((roster.sets, roster.warnings, roster.away), ({}, (), True))
        (problem,) = roster.errors
        self.assertTrue(str(problem).startswith(f"sqlite:///{self.path}: "), problem)
        return problem.remedy


class ReadTests(DatabaseCase):
    def test_interface(self) -> None:
        """It is a source of destinations."""
        verifyObject(IDestinationSource, self.source())

    def test_rows(self) -> None:
        """Every column gets where it belongs, in the order of the rows."""
        self.insert((1, "sip:a", 2, 5, "duid=x;socket=udp:127.0.0.1:5060"), (2, b"sip:\xe9", 0, 0, ""))
        roster = self.source().read()
        self.assertEqual((roster.errors, roster.warnings, list(roster.sets)), ((), (), [2, 1]))
        (other,), (one,) = roster.sets.values()
        self.assertEqual((one.uri, one.listed, one.priority, one.duid), (b"sip:a", 2, 5, b"x"))
        self.assertEqual((one.socket, other.uri, other.line), (SOCKETS[0], b"sip:\xe9", 2))

    def test_as_it_is_now(self) -> None:
        """Each reading has what is in the table then."""
        source = self.source()
        self.assertEqual(source.read(), Roster({}))
        self.insert((1, "sip:a", 0, 0, ""))
        self.assertEqual(list(source.read().sets), [1])

    def test_names(self) -> None:
        """Table and columns may be called otherwise, also as no name can be written without quotes."""
        self.execute(
            'CREATE TABLE "order" ("group" INTEGER, uri TEXT, "select" INTEGER, p INTEGER, a TEXT);'
            "INSERT INTO version VALUES ('order', 4);"
            "INSERT INTO \"order\" VALUES (7, 'sip:a', 8, 3, 'duid=x')"
        )
        roster = self.source(Table("order", ("group", "uri", "select", "p", "a"))).read()
        ((one,),) = roster.sets.values()
        self.assertEqual((one.group, one.listed, one.priority, one.duid), (7, 8, 3, b"x"))

    def test_version(self) -> None:
        """The version of the table says which columns are read; what is not read need not be there."""
        self.execute("CREATE TABLE old (setid, destination, flags); INSERT INTO old VALUES (1, 'sip:a', 8)")
        seen = []
        for version in (1, 2):
            self.execute(f"DELETE FROM version; INSERT INTO version VALUES ('old', {version})")
            ((one,),) = self.source(Table("old")).read().sets.values()
            seen.append(one.listed)
        self.assertEqual(seen, [0, 8])
        self.execute("UPDATE version SET table_version = 3")
        self.assertIn("no such column: priority; table and columns are named in [dispatcher]", self.error(Table("old")))

    def test_no_version(self) -> None:
        """Without its version a table is not read, and the error says what makes it."""
        schema = "dispatch db-schema --dialect sqlite --table dispatcher"
        remedy = f"tables that are not there yet are made by what '{schema}' prints"
        for version in ("0", "5", "-1", "'x'", "NULL"):
            self.execute(
                "DROP TABLE version; CREATE TABLE version (table_name, table_version);"
                f"INSERT INTO version VALUES ('dispatcher', {version})"
            )
            shown = "None" if version == "NULL" else version.strip("'")
            self.assertEqual(self.error(), f"table 'dispatcher' is of version {shown!r}; we know 1 to 4; {remedy}")
        self.execute("DELETE FROM version")
        self.assertEqual(self.error(), f"table 'version' has no row for 'dispatcher'; {remedy}")
        self.execute("DROP TABLE version")
        self.assertEqual(self.error(), f"no such table: version; {remedy}")

    def test_no_table(self) -> None:
        """A table that is not there is an error."""
        self.execute("DROP TABLE dispatcher")
        self.assertIn("no such table: dispatcher", self.error())

    def test_no_file(self) -> None:
        """A database that is not there is an error, and is not made."""
        self.path.unlink()
        self.assertEqual(self.error(), "no connection: unable to open database file; see [dispatcher] db_url")
        self.assertFalse(self.path.exists())

    def test_no_driver(self) -> None:
        """Without its driver the error says what to install."""
        for driver in ("psycopg", "pymysql"):
            self.addCleanup(_put_module, driver, sys.modules.get(driver))
            sys.modules[driver] = None  # type: ignore[assignment]  # this is how an import is made to fail
        for dialect, driver in (("postgres", "psycopg"), ("mysql", "pymysql")):
            source = DatabaseSource(DatabaseUrl(dialect, "db", "h", 0, "u", "p"), Table(), SOCKETS)
            told = f"{dialect}://u@h/db: the driver '{driver}' is missing; pip install 'dispatch-sip[{dialect}]'"
            self.assertEqual([str(problem) for problem in source.read().errors], [told])
            loaded = source.load(ThreadedReactor(), lambda roster: list(map(str, roster.errors)))
            self.assertEqual(self.successResultOf(loaded), [told])

    def test_a_bad_row(self) -> None:
        """A bad row costs itself, or with `ds_load_mode` 1 the whole load, and is named by its number."""
        self.insert((1, "sip:a", 0, 0, ""), (1, "sip:", 0, 0, ""))
        roster = self.source().read()
        self.assertEqual((len(roster.sets[1]), roster.errors), (1, ()))
        self.assertIn("dispatcher row 2 (1, 'sip:'): ", str(roster.warnings[0]))
        strict = self.source(strict=True).read()
        self.assertEqual((strict.sets, len(strict.errors), strict.away), ({}, 1, False))

    @given(st.lists(st.tuples(*[st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.binary()] * 5)))
    def test_any_rows(self, rows: list[tuple[object, ...]]) -> None:
        """Whatever a table holds gives a list, with a warning at least for each row that is no destination."""
        self.execute("DROP TABLE dispatcher; CREATE TABLE dispatcher (setid, destination, flags, priority, attrs)")
        if rows:
            self.insert(*rows)
        roster = self.source().read()
        self.assertEqual(roster.errors, ())
        taken = sum(map(len, roster.sets.values()))
        self.assertLessEqual(taken, len(rows))
        self.assertGreaterEqual(taken + len(roster.warnings), len(rows))

    @given(st.binary(max_size=200), st.integers(0, 9000))
    @example(b"", 0)
    def test_any_file(self, noise: bytes, at: int) -> None:
        """Whatever stands in the file of a database gives a list or one error."""
        self.path.unlink()
        self.execute(schema.statements(DIALECTS["sqlite"], "dispatcher"))
        self.insert((1, "sip:a", 0, 0, ""))
        whole = self.path.read_bytes()
        self.path.write_bytes(whole[:at] + noise + whole[at + len(noise) :])
        roster = self.source().read()
        self.assertTrue(not roster.errors or (len(roster.errors), roster.sets) == (1, {}))


class LoadTests(DatabaseCase):
    def setUp(self) -> None:
        super().setUp()
        self.reactor = ThreadedReactor()

    def finished(self, loaded: Deferred[Roster]) -> Deferred[Roster]:
        """The same, when its thread is through."""
        self.reactor.handed.get(timeout=30)()
        return loaded

    def test_in_a_thread(self) -> None:
        """A list is read and used in a thread, and what came of it is handed back to the reactor."""
        self.insert((1, "sip:a", 0, 0, ""))
        loaded = self.source().load(self.reactor, lambda roster: roster)
        self.assertNoResult(loaded)
        self.assertEqual(list(self.successResultOf(self.finished(loaded)).sets), [1])

    def test_no_connection(self) -> None:
        """A database that is away is an error in the list, and nothing that is logged."""
        self.path.unlink()
        loaded = self.source().load(self.reactor, lambda roster: roster)
        roster = self.successResultOf(self.finished(loaded))
        self.assertEqual((roster.away, len(roster.errors)), (True, 1))

    def test_no_table(self) -> None:
        """So is one that has no list."""
        self.execute("DROP TABLE dispatcher")
        loaded = self.source().load(self.reactor, lambda roster: roster)
        self.assertEqual(len(self.successResultOf(self.finished(loaded)).errors), 1)

    def test_a_mistake_of_ours(self) -> None:
        """What goes wrong in using the list is not taken for a fault of the database."""
        loaded = self.source().load(self.reactor, lambda roster: 1 // len(roster.sets))
        self.reactor.handed.get(timeout=30)()
        self.failureResultOf(loaded, ZeroDivisionError)
