"""Tests of dispatch.source.schema and the table of dialects; SQL of real servers is in test/real."""

from __future__ import annotations

import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from dispatch.source import schema
from dispatch.source.database_url import SCHEMES
from dispatch.source.dialects import DIALECTS


class SchemaTests(SynchronousTestCase):
    def test_beside_another(self) -> None:
        """The tables of two lists can be made in one database, also where Kamailio's versions stand already."""
        connection = sqlite3.connect(":memory:")
        connection.execute(
            "CREATE TABLE version (id INTEGER PRIMARY KEY AUTOINCREMENT, table_name UNIQUE, table_version)"
        )
        for table in ("dispatcher", "my_dispatcher"):
            connection.executescript(schema.statements(DIALECTS["sqlite"], table))
        versions = connection.execute("SELECT table_name, table_version FROM version").fetchall()
        self.assertEqual(versions, [("dispatcher", 4), ("my_dispatcher", 4)])
        connection.close()

    def test_quotes(self) -> None:
        """A name can't end its quotes."""
        self.assertEqual(DIALECTS["postgres"].quoted('a"b'), '"a""b"')
        self.assertEqual(DIALECTS["mysql"].quoted("a`b"), "`a``b`")

    def test_schemes(self) -> None:
        """Each dialect has a scheme, and each scheme a dialect."""
        self.assertEqual(set(SCHEMES.values()), set(DIALECTS))
