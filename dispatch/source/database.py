"""A list in a table of a database: SQLite, PostgreSQL, MySQL or MariaDB.

We are connected only while we read. The driver is the same at start, where there is no reactor to wait for it, and
later, when `twisted.enterprise.adbapi` runs it in a thread.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from twisted.enterprise import adbapi
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.balance import table
from dispatch.balance.destination import LocalSocket
from dispatch.balance.roster import Roster
from dispatch.errors import ConfigError
from dispatch.source.database_url import DatabaseUrl
from dispatch.source.dialects import DIALECTS
from dispatch.source.interfaces import IDestinationSource

_T = TypeVar("_T")

_COLUMNS: Final = {"1": 2, "2": 3, "3": 4, "4": 5}  # how many are read, by version of the table


@dataclass(frozen=True, slots=True)
class Table:
    """Where in a database the list is.

    Attributes:
        name: `table_name`.
        columns: `setid_col`, `destination_col`, `flags_col`, `priority_col`, `attrs_col`.
    """

    name: str = "dispatcher"
    columns: tuple[str, str, str, str, str] = ("setid", "destination", "flags", "priority", "attrs")


class _Reading(adbapi.Connection):
    """Changes nothing, so that there is nothing to commit, and nothing to roll back on a connection that broke."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...


@implementer(IDestinationSource)
class DatabaseSource:
    """Reads the table of a `db_url`.

    Args:
        url: `db_url`.
        place: table and columns.
        sockets: what we listen on, for ``socket=``.
        strict: `ds_load_mode` 1.
        timeout: seconds that the database may keep us waiting, for a connection or for more of the list.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        place: Table,
        sockets: Collection[LocalSocket],
        *,
        strict: bool = False,
        timeout: float = 10.0,
    ) -> None:
        self.name = str(url)
        self._dialect = DIALECTS[url.dialect]
        self._arguments = self._dialect.arguments(url, timeout)
        self._place = place
        self._sockets = tuple(sockets)
        self._strict = strict
        self._timeout = timeout

    def read(self) -> Roster:
        """The list as the table has it now."""
        try:
            connection = importlib.import_module(self._dialect.driver).connect(**self._arguments)
        except Exception as error:  # A driver that talks to who knows what may raise anything.
            return _failed(self._unconnected(error))
        with closing(connection):
            self._dialect.opened(connection)
            return self._roster(connection)

    def load(self, reactor: Any, use: Callable[[Roster], _T]) -> Deferred[_T]:
        """The same, in a thread of its own: a database that hangs takes none away from others."""
        try:
            pool = adbapi.ConnectionPool(
                self._dialect.driver,
                cp_reactor=reactor,
                cp_min=1,
                cp_max=1,
                cp_openfun=self._dialect.opened,
                **self._arguments,
            )
        except ImportError as error:
            return succeed(use(_failed(self._unconnected(error))))
        pool.connectionFactory = self._connect  # type: ignore[assignment]  # "any callable", says its documentation

        def unconnected(failure: Failure) -> _T:
            failure.trap(ConfigError)
            assert isinstance(failure.value, ConfigError)
            return use(_failed(failure.value))

        answer: Deferred[_T] = pool.runWithConnection(lambda connection: use(self._roster(connection)))
        return answer.addErrback(unconnected).addBoth(_closing, pool)

    def _connect(self, pool: adbapi.ConnectionPool) -> _Reading:
        try:
            return _Reading(pool)
        except Exception as error:  # As above.
            raise self._unconnected(error) from None

    def _roster(self, connection: Any) -> Roster:
        place, quoted = self._place, self._dialect.quoted
        try:
            columns = place.columns[: _COLUMNS[self._version(connection)]]
            rows = self._ask(
                connection,
                f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(place.name)}",
                (),
                "table and columns are named in [dispatcher] by table_name, setid_col, destination_col and so on",
            )
        except ConfigError as error:
            return _failed(error)
        return table.parse(rows, self.name, place.name, columns, self._sockets, strict=self._strict)

    def _version(self, connection: Any) -> str:
        name = self._place.name
        schema = f"dispatch db-schema --dialect {self._dialect.name} --table {name}"
        remedy = f"tables that are not there yet are made by what '{schema}' prints"
        question = f"SELECT table_version FROM version WHERE table_name = {self._dialect.placeholder}"
        rows = self._ask(connection, question, (name,), remedy)
        if not rows:
            raise ConfigError(self.name, 0, f"table 'version' has no row for {name!r}; {remedy}")
        (value,) = rows[0]
        version = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if version not in _COLUMNS:
            unknown = f"table {name!r} is of version {version[:20]!r}; we know 1 to 4"
            raise ConfigError(self.name, 0, f"{unknown}; {remedy}")
        return version

    def _ask(self, connection: Any, question: str, values: tuple[str, ...], remedy: str) -> Sequence[Sequence[object]]:
        """All rows of an answer.

        Raises:
            ConfigError: there is none; with this remedy.
        """
        try:
            with self._dialect.guarded(connection, self._timeout), closing(connection.cursor()) as cursor:
                cursor.execute(question, values)
                rows: Sequence[Sequence[object]] = cursor.fetchall()
                return rows
        except Exception as error:  # As above.
            raise ConfigError(self.name, 0, f"{_reason(error)}; {remedy}") from None

    def _unconnected(self, error: Exception) -> ConfigError:
        if isinstance(error, ImportError):
            install = f"pip install 'dispatch-sip[{self._dialect.extra}]'"
            return ConfigError(self.name, 0, f"the driver {self._dialect.driver!r} is missing; {install}")
        return ConfigError(self.name, 0, f"no connection: {_reason(error)}; see [dispatcher] db_url")


def _failed(error: ConfigError) -> Roster:
    return Roster({}, errors=(error,), away=True)


def _closing(result: Any, pool: adbapi.ConnectionPool) -> Any:
    if pool.running:
        pool.close()
    return result


def _reason(error: Exception) -> str:
    """What a driver says, in one line."""
    text = str(error.args[-1] if error.args else error).strip()
    return text.splitlines()[0] if text else type(error).__name__
