"""Database servers from their Debian packages, each on a folder and a loopback port of its own, as its own user."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg
import pymysql  # type: ignore[import-untyped]

from dispatch.source import schema
from dispatch.source.dialects import DIALECTS
from dispatch.test.real import ports
from dispatch.test.real.process import Process, Socket

USER: Final = "dispatch"
PASSWORD: Final = "swordfish"

# Debian keeps the programs of a version of PostgreSQL out of the way.
_POSTGRES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))


class Server:
    """One server, with an empty folder.

    Attributes:
        dialect: as `dispatch db-schema` calls it.
        account: who it runs as.
        home: the database that is always there.
        crash: ends it without a word to anybody.
        goodbye: ends it.
        renewal: makes our database anew.
        lock: keeps everybody else waiting for the list.
        url: `db_url` of its database.
        process: while it runs.
    """

    dialect: ClassVar[str]
    account: ClassVar[str]
    home: ClassVar[str]
    crash: ClassVar[signal.Signals]
    goodbye: ClassVar[signal.Signals]
    renewal: ClassVar[tuple[str, ...]]
    lock: ClassVar[tuple[str, ...]]
    _waiting: ClassVar[str]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"dispatch-{self.dialect}-"))
        self.at = Socket("tcp", ports.free())
        self.process: Process | None = None
        if os.geteuid() == 0:
            account = pwd.getpwnam(self.account)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        subprocess.run(self._as_account(self._make()), check=True, capture_output=True, cwd=self.folder)

    @property
    def url(self) -> str:
        return f"{self.dialect}://{USER}:{PASSWORD}@{self.at.address}/dispatch"

    def start(self) -> Process:
        """The server, answering."""
        self.process = Process(self.dialect, self._as_account(self._run()), self.folder, sockets=(self.at,))
        self.process.wait_for("answering", self._answers, within=60.0)
        return self.process

    def kill(self) -> None:
        """It crashes."""
        assert self.process is not None
        self.process.send_signal(self.crash)
        self.process.wait()

    def stop(self) -> None:
        """It ends, and leaves nothing."""
        if self.process is not None:
            self.process.stop(self.goodbye)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database: str = "dispatch") -> Any:
        """A connection of ours, in no transaction."""
        raise NotImplementedError

    def execute(self, *statements: str, database: str = "dispatch") -> None:
        """Do what an operator does."""
        connection = self.connect(database)
        for statement in statements:
            connection.cursor().execute(statement)
        connection.close()

    def renew(self) -> None:
        """An empty database, with the tables of a list."""
        self.execute(*self.renewal, database=self.home)
        tables = schema.statements(DIALECTS[self.dialect], "dispatcher")
        self.execute(*filter(str.strip, tables.split(";")))

    def waiting(self) -> int:
        """How many wait for a table that another one has locked."""
        connection = self.connect()
        cursor = connection.cursor()
        cursor.execute(self._waiting)
        ((count,),) = cursor.fetchall()
        connection.close()
        return int(count)

    def _make(self) -> list[str]:
        raise NotImplementedError

    def _run(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        try:
            self.connect(self.home).close()
        except (psycopg.Error, pymysql.Error):
            return False
        return True

    def _as_account(self, command: list[str]) -> list[str]:
        """Servers refuse to run as root."""
        if os.geteuid() != 0:
            return command
        return ["setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", *command]


class Postgres(Server):
    dialect = "postgres"
    account = home = "postgres"
    crash = signal.SIGQUIT  # without a word to anybody; SIGKILL would leave children that keep the port
    goodbye = signal.SIGINT
    renewal = ("DROP DATABASE IF EXISTS dispatch WITH (FORCE)", "CREATE DATABASE dispatch")
    lock = ("BEGIN", "LOCK TABLE dispatcher")
    _waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    @staticmethod
    def programs() -> tuple[str, ...]:
        return tuple(str(_POSTGRES[-1] / name) for name in ("initdb", "postgres")) if _POSTGRES else ("postgres",)

    def connect(self, database: str = "dispatch") -> Any:
        return psycopg.connect(
            host=self.at.host, port=self.at.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    def _make(self) -> list[str]:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        initdb = self.programs()[0]
        flags = ["--no-sync", "--no-instructions", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        return [initdb, "-D", str(self.folder / "data"), f"--username={USER}", f"--pwfile={secret}", *flags]

    def _run(self) -> list[str]:
        settings = {"listen_addresses": self.at.host, "port": self.at.port, "fsync": "off"}
        settings["unix_socket_directories"] = str(self.folder)
        given = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [self.programs()[1], "-D", str(self.folder / "data"), *given]


class MariaDb(Server):
    dialect = "mysql"
    account = home = "mysql"
    crash = signal.SIGKILL
    goodbye = signal.SIGTERM
    renewal = ("DROP DATABASE IF EXISTS dispatch", "CREATE DATABASE dispatch CHARACTER SET utf8mb4")
    lock = ("LOCK TABLES dispatcher WRITE",)
    _waiting = "SELECT count(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'"

    @staticmethod
    def programs() -> tuple[str, ...]:
        return ("mariadb-install-db", "/usr/sbin/mariadbd")

    def connect(self, database: str = "dispatch") -> Any:
        return pymysql.connect(
            host=self.at.host, port=self.at.port, user=USER, password=PASSWORD, database=database, autocommit=True
        )

    def _make(self) -> list[str]:
        flags = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        return ["mariadb-install-db", *flags, f"--datadir={self.folder / 'data'}"]

    def _run(self) -> list[str]:
        account = f"{USER}@'{self.at.host}'"
        first = self.folder / "first.sql"
        first.write_text(
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {account};\n"
        )
        first.chmod(0o644)
        settings = {"datadir": self.folder / "data", "socket": self.folder / "sock", "init-file": first}
        given = [f"--{key}={value}" for key, value in settings.items()]
        network = [f"--bind-address={self.at.host}", f"--port={self.at.port}", "--skip-name-resolve"]
        return ["/usr/sbin/mariadbd", "--no-defaults", *network, *given, "--innodb-flush-log-at-trx-commit=2"]


def shared(kind: type[Postgres] | type[MariaDb]) -> Server:
    """One server of a kind for all tests, as making one takes a while; it ends with them."""
    if kind.dialect not in _shared:
        _shared[kind.dialect] = kind()
        atexit.register(_shared[kind.dialect].stop)
    return _shared[kind.dialect]


_shared: Final[dict[str, Server]] = {}
