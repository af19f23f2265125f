"""The databases that we can read: a row of the table for each, with what is special about it.

All of them hand text over as bytes, as the server has it: what is no UTF-8 is none of our business.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dispatch.source.database_url import DatabaseUrl

_MYSQL_SOCKET: Final = "/run/mysqld/mysqld.sock"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database.

    Attributes:
        name: as in `DatabaseUrl.dialect`.
        driver: its DB-API module.
        extra: of ours that installs the driver; empty where Python brings it.
        quote: stands around names of tables and columns.
        placeholder: of a parameter.
        key: what a column is that numbers its rows.
        arguments: for ``connect``, from URL and longest wait in seconds.
        opened: what is to be done to a new connection.
        guarded: while it lasts, a connection that says nothing for so many seconds is broken off.
    """

    name: str
    driver: str
    extra: str
    quote: str
    placeholder: str
    key: str
    arguments: Callable[[DatabaseUrl, float], dict[str, Any]]
    opened: Callable[[Any], None] = lambda connection: None
    guarded: Callable[[Any, float], AbstractContextManager[None]] = lambda connection, seconds: nullcontext()

    def quoted(self, name: str) -> str:
        """A name that can't be taken for anything else."""
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"


def _sqlite_arguments(url: DatabaseUrl, timeout: float) -> dict[str, Any]:
    # Read only, so that a file that is not there stays so; the thread that closes may be another one.
    uri = f"{Path(url.database).absolute().as_uri()}?mode=ro"
    return {"database": uri, "uri": True, "timeout": timeout, "check_same_thread": False}


def _sqlite_opened(connection: sqlite3.Connection) -> None:
    connection.text_factory = bytes


def _postgres_arguments(url: DatabaseUrl, timeout: float) -> dict[str, Any]:
    named = {"host": url.host, "port": url.port, "user": url.user, "password": url.password, "dbname": url.database}
    fixed = {"client_encoding": "SQL_ASCII", "application_name": "dispatch", "autocommit": True}
    return {key: value for key, value in named.items() if value} | fixed | {"connect_timeout": max(2, round(timeout))}


@contextmanager
def _postgres_guarded(connection: Any, timeout: float) -> Iterator[None]:
    """The driver would wait for ever for a server that hangs."""
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        watchdog = threading.Timer(timeout, wire.shutdown, (socket.SHUT_RDWR,))
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
            watchdog.join()


def _mysql_arguments(url: DatabaseUrl, timeout: float) -> dict[str, Any]:
    at = {"host": url.host, "port": url.port or 3306} if url.host else {"unix_socket": _MYSQL_SOCKET}
    waits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), max(1, round(timeout)))
    plain = {"charset": "utf8mb4", "use_unicode": False, "conv": {}, "autocommit": True}
    return {"user": url.user, "password": url.password.encode(), "database": url.database} | at | waits | plain


# SQLite takes a name in double quotes that it does not know for a string.
DIALECTS: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            *("sqlite", "sqlite3", "", "`", "?", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            arguments=_sqlite_arguments,
            opened=_sqlite_opened,
        ),
        Dialect(
            *("postgres", "psycopg", "postgres", '"', "%s", "SERIAL PRIMARY KEY"),
            arguments=_postgres_arguments,
            guarded=_postgres_guarded,
        ),
        Dialect(
            *("mysql", "pymysql", "mysql", "`", "%s", "INTEGER PRIMARY KEY AUTO_INCREMENT"),
            arguments=_mysql_arguments,
        ),
    )
}
