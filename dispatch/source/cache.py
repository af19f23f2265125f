"""The last good copy of a list, for a start while its source is away.

It is an SQLite file with the tables that a `db_url` has, and one more that says what it is a copy of. Its application
id (the bytes 68 to 71) marks it as ours: nothing else is ever overwritten, as a slip in the configuration could name
the list itself.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Final

from dispatch.balance.destination import Destination, LocalSocket
from dispatch.balance.roster import Roster
from dispatch.errors import ConfigError
from dispatch.source import schema
from dispatch.source.database import DatabaseSource, Table
from dispatch.source.database_url import DatabaseUrl
from dispatch.source.dialects import DIALECTS

_MARK: Final = b"disp"
_MARK_AT: Final = 68
# No journal beside the file: one that a crash left would be applied to the next file.
_TABLES: Final = f"""\
PRAGMA journal_mode = MEMORY;
PRAGMA application_id = {int.from_bytes(_MARK, "big")};
CREATE TABLE origin (source TEXT NOT NULL);
{schema.statements(DIALECTS["sqlite"], Table().name)}"""
_ROW: Final = "INSERT INTO dispatcher (setid, destination, flags, priority, attrs) VALUES (?, ?, ?, ?, ?)"


class Cache:
    """One file with the copy of one list.

    Args:
        path: the file.
        origin: name of the source; a copy of another one is none.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self.name = str(path)
        self._path = path
        self._origin = origin

    def save(self, roster: Roster) -> tuple[ConfigError, ...]:
        """Put a list in the place of the one before, in one step.

        Returns:
            What went wrong, if something did; the copy before is still there then.
        """
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            if not self._is_ours():
                return (ConfigError(self.name, 0, "this is no copy of a list, and left alone; see [lists] cache"),)
            fresh.unlink(missing_ok=True)
            with closing(sqlite3.connect(fresh)) as connection, connection:
                connection.executescript(_TABLES)
                connection.execute("INSERT INTO origin (source) VALUES (?)", (self._origin,))
                connection.executemany(_ROW, map(_row, _in_order(roster)))
            os.replace(fresh, self._path)
        except (OSError, sqlite3.Error) as error:
            return (ConfigError(self.name, 0, f"the list can't be kept there: {error}; see [lists] cache"),)
        return ()

    def read(self, sockets: Collection[LocalSocket]) -> Roster:
        """The list that was saved last; what is wrong stands in its `errors`.

        Args:
            sockets: what we listen on, for ``socket=``.
        """
        if not self._path.exists():
            return self._unusable("there is no copy of the list yet")
        copy = DatabaseSource(DatabaseUrl("sqlite", self.name), Table(), sockets)
        roster = copy.read()
        if roster.errors:
            return roster
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                ((origin,),) = connection.execute("SELECT source FROM origin")
        except (ValueError, sqlite3.Error):
            return self._unusable("it does not say what it is a copy of")
        if origin != self._origin:
            return self._unusable(f"it is a copy of {origin}, not of {self._origin}")
        return roster

    def _is_ours(self) -> bool:
        """Whether nothing is lost when the file is; a device or a folder is never ours."""
        if self._path.exists() and not self._path.is_file():
            return False
        try:
            with self._path.open("rb") as file:
                head = file.read(_MARK_AT + len(_MARK))
        except FileNotFoundError:
            return True
        return not head or head[_MARK_AT:] == _MARK

    def _unusable(self, why: str) -> Roster:
        return Roster({}, errors=(ConfigError(self.name, 0, f"{why}; see [lists] cache"),))


def _in_order(roster: Roster) -> list[Destination]:
    """As the source had them."""
    return sorted((one for members in roster.sets.values() for one in members), key=lambda one: one.line)


def _row(one: Destination) -> tuple[int, bytes, int, int, bytes]:
    """Bytes as they are; an attribute text loses one ``;`` at its end when it is read."""
    flags = one.listed - (one.listed >> 31 << 32)  # 32 signed bits, as a list has them
    return one.group, one.uri, flags, one.priority, one.attrs + b";" * one.attrs.endswith(b";")
