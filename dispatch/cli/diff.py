"""`dispatch diff`: what another list would change, told without a running service."""

from __future__ import annotations

import random
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.reconcile import differences
from dispatch.balance.roster import Roster
from dispatch.cli import table
from dispatch.cli.command import Command
from dispatch.control.commands.diff import DIFF_COLUMNS, UNCHANGED, difference, warnings
from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.config_file import load
from dispatch.service.listen import local_sockets
from dispatch.service.lists import source_of
from dispatch.source.file import FileSource


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration, e.g. conf/dispatcher.toml")
    parser.add_argument("list", type=Path, metavar="LIST", help="the list to take the place of the configured one")


def _run(options: Namespace) -> int:
    try:
        config = load(options.file)
    except ConfigErrors as error:
        print(error, file=sys.stderr)
        return 1
    before, after = source_of(config).read(), _read(options.list, config)
    problems = (*before.errors, *after.errors)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    dispatcher = Dispatcher(random.Random(0))
    dispatcher.replace(before)
    changes = differences(dispatcher.groups, after.sets, keep_state=config.lists.reload_keeps_state)
    rows = [*warnings(after), *map(difference, changes)]
    for line in table.lines(DIFF_COLUMNS, rows) if rows else [UNCHANGED]:
        print(line)
    return 0


def _read(path: Path, config: Config) -> Roster:
    """The other list, as the configuration would have it read."""
    return FileSource(path, local_sockets(config.sip.listen), strict=config.dispatcher.ds_load_mode == 1).read()


DIFF: Final = Command("diff", "show what another list would change", _arguments, _run)
