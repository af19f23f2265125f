"""The tables of a list, as SQL: what `dispatch db-schema` prints, and what our own copies are made of."""

from __future__ import annotations

from typing import Final

from dispatch.source.dialects import Dialect

VERSION: Final = 4  # of the table, with all columns

_SCHEMA: Final = """\
CREATE TABLE IF NOT EXISTS version (
    table_name VARCHAR(32) NOT NULL PRIMARY KEY,
    table_version INTEGER NOT NULL DEFAULT 0
);
DELETE FROM version WHERE table_name = '{table}';
INSERT INTO version (table_name, table_version) VALUES ('{table}', {version});
CREATE TABLE {quoted} (
    id {key},
    setid INTEGER NOT NULL DEFAULT 0,
    destination VARCHAR(192) NOT NULL DEFAULT '',
    flags INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL DEFAULT 0,
    attrs VARCHAR({attrs}) NOT NULL DEFAULT '',
    description VARCHAR(64) NOT NULL DEFAULT ''
);
"""


def statements(dialect: Dialect, table: str) -> str:
    """What makes the tables in an empty database, or beside those of Kamailio.

    Args:
        dialect: which SQL.
        table: name of the list; letters, digits and underscores.
    """
    return _SCHEMA.format(table=table, quoted=dialect.quoted(table), version=VERSION, key=dialect.key, attrs=1024)
