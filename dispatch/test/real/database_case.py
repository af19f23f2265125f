"""What holds for every database server: a case for each of them is in `test_databases`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from dispatch.balance.roster import Roster
from dispatch.source.database import DatabaseSource, Table
from dispatch.source.database_url import parse
from dispatch.test.real import service
from dispatch.test.real.case import RealCase, require
from dispatch.test.real.databases import PASSWORD, MariaDb, Postgres, Server, shared
from dispatch.test.real.phone import Phone
from dispatch.test.real.process import Process
from dispatch.test.real.scenario import accept, arrives, document, reply, ringing
from dispatch.test.real.sipp import Sipp

GATEWAY = document("gateway", arrives("INVITE"), ringing(), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK"))


class DatabaseCase(RealCase):
    """One server for all tests, and a new database for each."""

    ours_only = True
    kind: ClassVar[type[Postgres] | type[MariaDb]]

    def setUp(self) -> None:
        super().setUp()
        require(*self.kind.programs())
        self.server: Server = shared(self.kind)
        if self.server.process is None or self.server.process.status is not None:
            self.server.start()
        self.server.renew()

    def list(self, *uris: str) -> None:
        """Put these into set 1, in the place of what was there."""
        rows = ", ".join(f"(1, '{uri}')" for uri in uris)
        self.server.execute(
            "DELETE FROM dispatcher", *([f"INSERT INTO dispatcher (setid, destination) VALUES {rows}"] if rows else [])
        )

    def configuration(
        self, url: str = "", *, cache: str = "", timeout: float = 10.0, retry: float = 0.2, at: int = 0
    ) -> tuple[Path, service.Plan]:
        """A configuration for a service on the database."""
        plan = service.Plan((self.address(),), ())
        tables = plan.tables()
        tables["dispatcher"] = {"db_url": url or self.server.url, "flags": 2}
        tables["lists"] = {"cache": cache, "timeout": timeout, "retry": retry}
        path = self.folder / "dispatcher.toml"
        path.write_text(service.toml(tables))
        return path, plan

    def running(self, *, cache: str = "", timeout: float = 10.0, retry: float = 0.2) -> Process:
        """The service, at work."""
        path, plan = self.configuration(cache=cache, timeout=timeout, retry=retry)
        proxy = self.keep(service.launch("proxy", self.folder, path, plan.sockets))
        proxy.wait_logged("listening on")
        return proxy

    def call(self, proxy: Process, gateway: Sipp) -> None:
        """A whole call that the gateway takes, its only one."""
        phone = Phone(self.address(), proxy.sockets[0])
        self.addCleanup(phone.close)
        phone.call()
        phone.hang_up()
        gateway.finish()
        self.assertEqual(gateway.received("INVITE")[0].value(b"Call-ID"), phone.call_id.encode())

    def assert_clean(self, log: str) -> None:
        """Neither password nor traceback."""
        self.assertNotIn(PASSWORD, log)
        self.assertNotIn("Traceback", log)

    def assert_refused(self, *words: str, url: str = "") -> None:
        """A start ends with status 1 and one line that has these words."""
        path, _ = self.configuration(url)
        process = service.launch("refused", self.folder, path, ())
        self.started.append(process)
        self.addCleanup(process.stop)
        self.assertEqual(process.wait(), 1)
        self.assert_clean(process.log())
        (line,) = process.log().strip().splitlines()
        for word in words:
            self.assertIn(word, line)

    def read(self) -> Roster:
        """The list as our source gives it."""
        return DatabaseSource(parse(self.server.url), Table(), ()).read()


class ListTests(DatabaseCase):
    """What a list may hold."""

    def test_empty(self) -> None:
        """A table without rows is an empty list."""
        self.assertEqual(self.read(), Roster({}))

    def test_rows(self) -> None:
        """All columns come as they are, flags as 32 bits, in the order of the rows."""
        self.server.execute(
            "INSERT INTO dispatcher (setid, destination, flags, priority, attrs) VALUES "
            "(-2, 'sip:a b#c', -1, -5, 'a=b; c=d'), (1, 'sip:b', 8, 0, 'duid=x;'), (1, 'sip:ü', 0, 0, '')"
        )
        roster = self.read()
        self.assertEqual((roster.errors, roster.warnings), ((), ()))
        seen = {
            number: [(one.uri, one.listed, one.priority, one.attrs) for one in members]
            for number, members in roster.sets.items()
        }
        self.assertEqual(
            seen,
            {
                -2: [(b"sip:a b#c", 0xFFFFFFFF, -5, b"a=b; c=d")],
                1: [("sip:ü".encode(), 0, 0, b""), (b"sip:b", 8, 0, b"duid=x")],
            },
        )

    def test_nulls(self) -> None:
        """NULL is 0 or nothing; without a destination the row is skipped, and named."""
        self.server.execute(
            "DROP TABLE dispatcher",
            "CREATE TABLE dispatcher (setid INT, destination TEXT, flags INT, priority INT, attrs TEXT)",
            "INSERT INTO dispatcher VALUES (NULL, 'sip:a', NULL, NULL, NULL), (7, NULL, 0, 0, '')",
        )
        roster = self.read()
        ((one,),) = roster.sets.values()
        self.assertEqual((one.group, one.listed, one.priority, one.attrs), (0, 0, 0, b""))
        (problem,) = roster.warnings
        self.assertIn("dispatcher row 2 (7, NULL): ", str(problem))

    def test_other_types(self) -> None:
        """Columns of other types are read where they hold what is meant, and else cost their row."""
        self.server.execute(
            "DROP TABLE dispatcher",
            "CREATE TABLE dispatcher (setid BIGINT, destination TEXT, flags VARCHAR(9), priority DECIMAL, attrs TEXT)",
            "INSERT INTO dispatcher VALUES (1, 'sip:a', '8', 3, ''), (99999999999, 'sip:b', '0', 0, ''), "
            "(1, 'sip:c', 'x', 0, ''), (1, 'sip:d\r\nEvil: x', '0', 0, '')",
        )
        roster = self.read()
        ((one,),) = roster.sets.values()
        self.assertEqual((one.uri, one.listed, one.priority), (b"sip:a", 8, 3))
        self.assertEqual([problem.line for problem in roster.warnings], [2, 3, 4])

    def test_check(self) -> None:
        """`dispatch check` reads the table as the service does."""
        self.list("sip:127.0.0.1:9", "sip:")
        path, _ = self.configuration()
        command = [str(Path(sys.executable).with_name("dispatch")), "check", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=service.ROOT, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 destinations in 1 set from ", done.stdout)
        self.assertIn(": dispatcher row 2 (1, 'sip:'): warning: ", done.stderr)
        self.assert_clean(done.stdout + done.stderr)


class StartTests(DatabaseCase):
    """Starting, and what operators get wrong."""

    def test_calls(self) -> None:
        """Calls go where the table says."""
        gateway = self.gateway(GATEWAY)
        self.list(self.uri(gateway.sockets[0]))
        proxy = self.running()
        self.call(proxy, gateway)
        self.assertIn(f"1 destinations in 1 sets from {self.server.dialect}://dispatch@", proxy.log())
        self.assert_clean(proxy.log())

    def test_wrong_password(self) -> None:
        """Who is not let in is told so, without the password."""
        url = self.server.url.replace(PASSWORD, "sword:f@sh")
        self.assert_refused("no connection: ", "dispatch@", "db_url", url=url)
        self.assertNotIn("f@sh", (self.folder / "refused.log").read_text())

    def test_wrong_database(self) -> None:
        """A database that is not there is named."""
        self.assert_refused("no connection: ", "nowhere", url=self.server.url.replace("/dispatch", "/nowhere"))

    def test_nobody_there(self) -> None:
        """A server that does not run is one clear line."""
        away = f"{self.server.dialect}://u:{PASSWORD}@{self.address('tcp').address}/dispatch"
        self.assert_refused("no connection: ", "refused", url=away)

    def test_missing_column(self) -> None:
        """A column that is not there is named, with the parameter that names columns."""
        self.server.execute("ALTER TABLE dispatcher DROP COLUMN attrs")
        self.assert_refused("attrs", "setid_col")

    def test_missing_table(self) -> None:
        """So is a table."""
        self.server.execute("DROP TABLE dispatcher")
        self.assert_refused("dispatcher", "table_name")

    def test_missing_version(self) -> None:
        """Without its version the table is not read, and the line says what makes it."""
        self.server.execute("DELETE FROM version")
        self.assert_refused("has no row for 'dispatcher'", f"dispatch db-schema --dialect {self.server.dialect}")

    def test_old_version(self) -> None:
        """A table of version 3 has no attributes."""
        self.server.execute("ALTER TABLE dispatcher DROP COLUMN attrs", "UPDATE version SET table_version = 3")
        self.list("sip:a")
        ((one,),) = self.read().sets.values()
        self.assertEqual(one.uri, b"sip:a")

    def test_copy(self) -> None:
        """With a copy the service starts while the database is away, and takes its list when it is back."""
        first, second = self.gateway(GATEWAY, "first"), self.gateway(GATEWAY, "second")
        self.list(self.uri(first.sockets[0]))
        self.running(cache="list.cache").stop()
        self.server.kill()
        proxy = self.running(cache="list.cache")
        proxy.wait_logged("the service runs on its last good copy; next try in 0.2 seconds")
        self.call(proxy, first)
        self.server.start()
        proxy.wait_logged(f"1 destinations in 1 sets from {self.server.dialect}:")
        self.list(self.uri(second.sockets[0]))
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged(f"1 destinations in 1 sets from {self.server.dialect}:", times=2)
        self.call(proxy, second)
        self.assert_clean(proxy.log())


class ReloadTests(DatabaseCase):
    """SIGHUP, with the database in all conditions."""

    def setUp(self) -> None:
        super().setUp()
        self.first, self.second = self.gateway(GATEWAY, "first"), self.gateway(GATEWAY, "second")
        self.list(self.uri(self.first.sockets[0]))

    def test_another_list(self) -> None:
        """After SIGHUP calls go by the new rows."""
        proxy = self.running()
        self.call(proxy, self.first)
        self.list(self.uri(self.second.sockets[0]), "sip:")
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("dispatcher row 2 (1, 'sip:'): ")
        self.call(proxy, self.second)
        self.assert_clean(proxy.log())

    def test_away_and_back(self) -> None:
        """A server that is gone leaves the list in force; when it is back it is asked, without a word of ours."""
        proxy = self.running()
        self.server.kill()
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("the list before stays in force; next try in 0.4 seconds")
        self.call(proxy, self.first)
        self.server.start()
        proxy.wait_logged("1 destinations in 1 sets", times=2)
        self.list(self.uri(self.second.sockets[0]))
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("1 destinations in 1 sets", times=3)
        self.call(proxy, self.second)
        self.assert_clean(proxy.log())

    def test_killed_meanwhile(self) -> None:
        """A server that is killed while it is being asked leaves the list in force, and calls never wait."""
        proxy = self.running()
        holder = self.server.connect()
        self.addCleanup(holder.close)
        for statement in self.server.lock:
            holder.cursor().execute(statement)
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_for("the question", lambda: self.server.waiting() == 1)
        self.call(proxy, self.first)
        self.server.kill()
        proxy.wait_logged("the list before stays in force; next try in 0.2 seconds")
        self.server.start()
        proxy.wait_logged("1 destinations in 1 sets", times=2)
        self.assert_clean(proxy.log())

    def test_hanging(self) -> None:
        """A server that says nothing is given up after a while, and holds up neither calls nor the end."""
        proxy = self.running(timeout=1.0, retry=60.0)
        holder = self.server.connect()
        self.addCleanup(holder.close)
        for statement in self.server.lock:
            holder.cursor().execute(statement)
        proxy.send_signal(signal.SIGHUP)
        self.call(proxy, self.first)
        proxy.wait_logged("the list before stays in force; next try in 60 seconds")
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_for("the question", lambda: self.server.waiting() >= 1)
        proxy.send_signal(signal.SIGTERM)
        self.assertIn(proxy.wait(15.0), (0, -signal.SIGTERM))
        self.assert_clean(proxy.log())

    def test_frozen(self) -> None:
        """So is one that does not even greet."""
        proxy = self.running(timeout=2.0, retry=60.0)
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.process.send_signal, signal.SIGCONT)
        proxy.send_signal(signal.SIGHUP)
        self.call(proxy, self.first)
        proxy.wait_logged("the list before stays in force; next try in 60 seconds")
        self.assert_clean(proxy.log())

    def test_ten_thousand(self) -> None:
        """10,000 rows are loaded, and loaded again, while a call is set up."""
        rows = ", ".join(f"({row % 100 + 2}, 'sip:192.0.2.{row % 250}:{row}')" for row in range(1, 10_000))
        self.server.execute(f"INSERT INTO dispatcher (setid, destination) VALUES {rows}")
        proxy = self.running()
        proxy.send_signal(signal.SIGHUP)
        self.call(proxy, self.first)
        proxy.wait_logged("10000 destinations in 101 sets", times=2)
        self.assert_clean(proxy.log())
