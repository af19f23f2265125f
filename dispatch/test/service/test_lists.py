"""Tests of dispatch.service.lists, and of what the tree does with a list that can't be had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.pace import PAUSE
from dispatch.errors import ConfigErrors
from dispatch.service import lists, tree
from dispatch.service.config import Config, Lists
from dispatch.service.config_file import load
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.listen import Listen
from dispatch.service.sip_config import Sip
from dispatch.source import schema
from dispatch.source.dialects import DIALECTS
from dispatch.test.service.test_tree import TreeCase
from dispatch.test.source.test_database import ThreadedReactor


def write_database(path: Path, *uris: str) -> None:
    """A database with these destinations in set 1, in the place of what was there."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(schema.statements(DIALECTS["sqlite"], "dispatcher"))
        connection.executemany("INSERT INTO dispatcher (setid, destination) VALUES (1, ?)", [(uri,) for uri in uris])


class SourceTests(SynchronousTestCase):
    def config(self, text: str) -> Config:
        path = Path(self.mktemp())
        path.write_text(f'[sip]\nlisten = "udp:127.0.0.1:5060"\n[dispatcher]\n{text}')
        return load(path)

    def test_file(self) -> None:
        """Without `db_url` the list is in the file, next to the configuration."""
        config = self.config('list_file = "a.list"')
        self.assertEqual(lists.source_of(config).name, str(config.path.parent / "a.list"))

    def test_database(self) -> None:
        """`db_url` names the database, which is called by it, but for the password."""
        config = self.config('db_url = "mysql://me:swordfish@h:3307/db"\nlist_file = "a.list"')
        self.assertEqual(lists.source_of(config).name, "mysql://me@h:3307/db")

    def test_a_database_beside_the_configuration(self) -> None:
        """The path of an SQLite database is relative to the configuration, with four slashes it is not."""
        config = self.config('db_url = "sqlite:///a.db"')
        self.assertEqual(lists.source_of(config).name, f"sqlite:///{config.path.parent / 'a.db'}")
        self.assertEqual(lists.source_of(self.config('db_url = "sqlite:////a.db"')).name, "sqlite:////a.db")

    def test_parameters(self) -> None:
        """Table, columns and load mode are those of the configuration."""
        config = self.config(
            'db_url = "sqlite:///a.db"\ntable_name = "t"\nsetid_col = "g"\ndestination_col = "u"\nflags_col = "f"\n'
            'priority_col = "p"\nattrs_col = "a"\n'
        )
        with closing(sqlite3.connect(config.path.parent / "a.db")) as connection, connection:
            connection.executescript(
                "CREATE TABLE version (table_name, table_version); INSERT INTO version VALUES ('t', 4);"
                "CREATE TABLE t (g, u, f, p, a); INSERT INTO t VALUES (7, 'sip:a', 8, 3, 'duid=x'), (7, '', 0, 0, '')"
            )
        roster = lists.source_of(config).read()
        ((one,),) = roster.sets.values()
        self.assertEqual((one.group, one.uri, one.listed, one.priority, one.duid), (7, b"sip:a", 8, 3, b"x"))
        strict = replace(config, dispatcher=replace(config.dispatcher, ds_load_mode=1))
        self.assertEqual(len(lists.source_of(strict).read().errors), 1)


class DatabaseCase(TreeCase):
    """A service on a database, with a place for the copy."""

    def setUp(self) -> None:
        super().setUp()
        folder = self.config.path.parent
        self.database = folder / "list.db"
        write_database(self.database, "sip:127.0.0.71:9")
        self.config = replace(
            self.config,
            dispatcher=DispatcherConfig(db_url="sqlite:///list.db", flags=2),
            lists=Lists(cache=folder / "list.cache", retry=5.0),
        )
        self.name = f"sqlite:///{self.database}"

    def begun(self) -> tree.DispatcherService:
        """A service that runs, on sockets of its own."""
        sip = Sip(listen=(Listen("udp", "127.0.0.1", 0),), secret_file=self.config.sip.secret_file)
        self.config = replace(self.config, sip=sip)
        return self.started()

    def uris(self, service: tree.DispatcherService) -> list[bytes]:
        return [one.uri for one in service.dispatcher.destinations()]


class StartTests(DatabaseCase):
    def test_database(self) -> None:
        """The service takes its destinations from the database, and says which one that is."""
        with capturedLogs() as events:
            service = self.begun()
        self.assertEqual(self.uris(service), [b"sip:127.0.0.71:9"])
        self.assertIn(f"1 destinations in 1 sets from {self.name}", str(formatEvent(events[0])))

    def test_away(self) -> None:
        """Without database and without copy it does not start, and both are told."""
        self.database.unlink()
        with self.assertRaises(ConfigErrors) as caught:
            tree.make_service(self.config, self.reactor)
        first, second = map(str, caught.exception.problems)
        self.assertTrue(first.startswith(f"{self.name}: no connection: "), first)
        self.assertIn("there is no copy of the list yet", second)

    def test_copy(self) -> None:
        """Without database it runs on the copy of the last good list, says so, and asks again."""
        self.begun()
        self.database.unlink()
        with capturedLogs() as events:
            service = self.begun()
        self.assertEqual(self.uris(service), [b"sip:127.0.0.71:9"])
        self.assertIn(f"from the copy in {self.config.lists.cache}", str(formatEvent(events[0])))
        told = [str(formatEvent(event)) for event in events if event["log_level"] is LogLevel.error]
        self.assertIn("no connection", told[0])
        self.assertEqual(told[1:], ["the service runs on its last good copy; next try in 5 seconds"])

    def test_copy_of_a_file(self) -> None:
        """A list in a file has its copy too; a file that is wrong is not read again by itself."""
        self.config = replace(self.config, dispatcher=DispatcherConfig(list_file=self.list))
        before = self.uris(self.begun())
        self.list.write_bytes(b"1\n")
        with capturedLogs() as events:
            self.assertEqual(self.uris(self.begun()), before)
        told = [str(formatEvent(event)) for event in events if event["log_level"] is LogLevel.error]
        self.assertEqual(told[1:], ["the service runs on its last good copy"])

    def test_no_place_for_the_copy(self) -> None:
        """A copy that can't be written is a warning."""
        self.config = replace(self.config, lists=Lists(cache=self.config.path.parent / "no" / "list.cache"))
        with capturedLogs() as events:
            self.begun()
        told = [str(formatEvent(event)) for event in events if event["log_level"] is LogLevel.warn]
        self.assertEqual(len(told), 1)
        self.assertIn("list.cache: the list can't be kept there: ", told[0])


class ReloadTests(DatabaseCase):
    def setUp(self) -> None:
        super().setUp()
        self.threads = ThreadedReactor()
        self.reactor.callWhenRunning = self.threads.callWhenRunning  # type: ignore[method-assign]  # it runs
        self.reactor.removeSystemEventTrigger = self.threads.removeSystemEventTrigger  # type: ignore[method-assign]
        self.reactor.callFromThread = self.threads.callFromThread  # type: ignore[method-assign]  # in its own time
        self.service = self.begun()

    def take(self) -> list[str]:
        """What is logged when the thread of a reload is through."""
        with capturedLogs() as events:
            self.threads.handed.get(timeout=30)()
            self.reactor.pump([PAUSE] * 10)
        return [str(formatEvent(event)) for event in events]

    def reload(self) -> list[str]:
        self.service.lists.reload()
        return self.take()

    def test_another_list(self) -> None:
        """A reload takes what is in the database then, and keeps a copy of it."""
        write_database(self.database, "sip:127.0.0.72:9", "sip:127.0.0.73:9")
        self.assertEqual(self.reload(), [f"2 destinations in 1 sets from {self.name}"])
        self.assertEqual(self.uris(self.service), [b"sip:127.0.0.73:9", b"sip:127.0.0.72:9"])
        self.database.unlink()
        self.assertEqual(self.uris(self.begun()), [b"sip:127.0.0.73:9", b"sip:127.0.0.72:9"])

    def test_away(self) -> None:
        """A database that is away leaves the list in force; it is asked again, later each time, until it answers."""
        self.database.unlink()
        waits = [self.reload()[-1]]
        for wait in (5, 10):
            self.reactor.advance(wait)
            waits.append(self.take()[-1])
        told = "the list before stays in force; next try in {} seconds"
        self.assertEqual(waits, [told.format(wait) for wait in (5, 10, 20)])
        self.assertEqual(self.uris(self.service), [b"sip:127.0.0.71:9"])
        write_database(self.database, "sip:127.0.0.72:9")
        self.reactor.advance(20)
        self.take()
        self.assertEqual(self.uris(self.service), [b"sip:127.0.0.72:9"])
        self.database.unlink()
        self.assertEqual(self.reload()[-1], told.format(5))

    def test_somebody_asks_before(self) -> None:
        """A reload that somebody asks for takes the place of the one that was to come."""
        self.database.unlink()
        self.reload()
        write_database(self.database, "sip:127.0.0.72:9")
        self.reload()
        self.reactor.advance(1000)
        self.assertTrue(self.threads.handed.empty())

    def test_a_bad_row(self) -> None:
        """With `ds_load_mode` 0 a bad row is skipped; with 1 the list before stays, and nobody asks again."""
        write_database(self.database, "sip:127.0.0.72:9", "sip:")
        self.assertIn("dispatcher row 2 (1, 'sip:'): ", self.reload()[1])
        self.assertEqual(self.uris(self.service), [b"sip:127.0.0.72:9"])
        self.config = replace(self.config, dispatcher=replace(self.config.dispatcher, ds_load_mode=1))
        write_database(self.database, "sip:127.0.0.73:9")
        self.service = self.begun()
        write_database(self.database, "sip:127.0.0.72:9", "sip:")
        self.assertEqual(self.reload()[-1], "the list before stays in force")
        self.assertEqual(self.uris(self.service), [b"sip:127.0.0.73:9"])


class AnyListTests(TreeCase):
    @given(st.binary(max_size=200) | st.text('01 \t#sip:a.\0\n\r;="@[]x', max_size=80).map(str.encode))
    def test_any_file(self, text: bytes) -> None:
        """Any bytes in the place of the list give a new list, or errors and the list before, and no traceback."""
        service = getattr(self, "service", None) or self.started()
        self.service = service
        before = service.dispatcher.groups
        self.list.write_bytes(text)
        with capturedLogs() as events:
            done = service.lists.reload()
            self.reactor.pool.work()
            self.reactor.pump([PAUSE] * 10)
            self.successResultOf(done)
        self.assertEqual([event for event in events if "log_failure" in event], [])
        refused = any(event["log_level"] is LogLevel.error for event in events)
        self.assertEqual(service.dispatcher.groups is before, refused)
