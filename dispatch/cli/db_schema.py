"""`dispatch db-schema`: the SQL of the tables that a `db_url` has."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Final

from dispatch.cli.command import Command
from dispatch.source import schema
from dispatch.source.database import Table
from dispatch.source.dialects import DIALECTS


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dialect", required=True, choices=tuple(DIALECTS), help="whose SQL")
    parser.add_argument("--table", type=_name, default=Table().name, metavar="NAME", help="table_name, if another")


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]{1,32}", text):
        raise ArgumentTypeError(f"{text!r} is not 1 to 32 letters, digits and underscores")
    return text


def _run(options: Namespace) -> int:
    print(schema.statements(DIALECTS[options.dialect], options.table), end="")
    return 0


DB_SCHEMA: Final = Command("db-schema", "print the SQL that makes the tables of a list", _arguments, _run)
