"""Tests of `dispatch db-schema`."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.main import main
from dispatch.source.database import DatabaseSource, Table
from dispatch.source.database_url import DatabaseUrl


class SchemaCommandTests(SynchronousTestCase):
    def schema(self, *arguments: str) -> str:
        """What it prints."""
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(main(["db-schema", *arguments]), 0)
        return out.getvalue()

    def test_a_table_that_we_read(self) -> None:
        """The SQL makes a table that is an empty list, under the name that is wanted."""
        path = Path(self.mktemp())
        for arguments, table in (((), Table()), (("--table", "gateways"), Table("gateways"))):
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript(self.schema("--dialect", "sqlite", *arguments))
            roster = DatabaseSource(DatabaseUrl("sqlite", str(path)), table, ()).read()
            self.assertEqual((roster.errors, roster.sets), ((), {}))

    def test_each_dialect(self) -> None:
        """Each database numbers rows and quotes names in its own way."""
        self.assertIn('CREATE TABLE "dispatcher" (\n    id SERIAL', self.schema("--dialect", "postgres"))
        self.assertIn("CREATE TABLE `dispatcher` (\n    id INTEGER PRIMARY KEY", self.schema("--dialect", "mysql"))

    def test_wrong(self) -> None:
        """An unknown database, or a name that would need quotes, is told with status 2."""
        for arguments in ((), ("--dialect", "oracle"), ("--dialect", "mysql", "--table", "a'b")):
            err = io.StringIO()
            with redirect_stderr(err), self.assertRaises(SystemExit) as caught:
                main(["db-schema", *arguments])
            self.assertEqual(caught.exception.code, 2)
