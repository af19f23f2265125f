"""Lists in PostgreSQL and MariaDB, through the real service."""

from __future__ import annotations

from dispatch.test.real import database_case
from dispatch.test.real.databases import MariaDb, Postgres


class PostgresListTests(database_case.ListTests):
    kind = Postgres


class PostgresStartTests(database_case.StartTests):
    kind = Postgres


class PostgresReloadTests(database_case.ReloadTests):
    kind = Postgres


class MariaDbListTests(database_case.ListTests):
    kind = MariaDb


class MariaDbStartTests(database_case.StartTests):
    kind = MariaDb


class MariaDbReloadTests(database_case.ReloadTests):
    kind = MariaDb
