"""Tests of the reference of the configuration, and of the example."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from dispatch.balance.algorithms import TABLE, Algorithm
from dispatch.service import parameters
from dispatch.service.config_file import TABLES, load

ROOT = Path(__file__).parents[3]


def toml(value: object) -> str:
    """A default as one would write it; empty where there is none."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{}" if not value else str(value)
    return json.dumps("" if value is None else str(value) if isinstance(value, Path) else value)


def described(row: Algorithm) -> str:
    """A row of the table of algorithms."""
    name = f'`"{row.name}"`' if row.number is None else f'{row.number} or `"{row.name}"`'
    needs = f" Needs {' and '.join(f'`{need}`' for need in row.needs)}." if row.needs else ""
    return f"| {name} | {row.reads} | {row.help[0].upper()}{row.help[1:]}.{needs} |"


class ReferenceTests(SynchronousTestCase):
    def setUp(self) -> None:
        path = ROOT / "docs" / "configuration.md"
        if not path.exists():
            raise SkipTest("no docs beside the package: not a working copy")
        self.text = path.read_text()

    def test_every_key_and_its_default(self) -> None:
        """The reference has each key with the default that is in force, in the order of the dataclass, and no other."""
        for table, (made, _) in TABLES.items():
            if table == "dispatcher":
                continue  # docs/parameters.md has them, made by a program.
            section = self.text.partition(f"\n## [{table}]\n")[2].partition("\n## ")[0]
            rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", section, re.MULTILINE)
            config = made()
            keys = [one.name for one in fields(config) if one.init and f"{table}.{one.name}" not in TABLES]
            self.assertEqual(rows, [(key, toml(getattr(config, key))) for key in keys])

    def test_parameters_are_up_to_date(self) -> None:
        """The page of the module's parameters says what the code says."""
        self.assertEqual((ROOT / "docs" / "parameters.md").read_text(), parameters.text(), "run `make reference`")

    def test_every_algorithm(self) -> None:
        """The reference names each algorithm that can be chosen, in the words of the table."""
        section = self.text.partition("\n# Algorithms\n")[2].partition("\n# ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        self.assertEqual(rows, [described(row) for row in TABLE])


class ExampleTests(SynchronousTestCase):
    def test_the_example_is_fine(self) -> None:
        """The example configuration is read without a problem or a warning."""
        path = ROOT / "conf" / "dispatcher.toml"
        if not path.exists():
            raise SkipTest("no example beside the package: not a working copy")
        config = load(path)
        self.assertEqual(config.warnings, ())
        self.assertTrue(config.dispatcher.list_file.exists())
