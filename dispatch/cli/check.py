"""`dispatch check`: is this configuration, with its list, fit to start?"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from dispatch.balance.roster import Roster
from dispatch.cli.command import Command
from dispatch.errors import ConfigError, ConfigErrors
from dispatch.script.route import Router
from dispatch.service import scripts, trust
from dispatch.service.config import Config
from dispatch.service.config_file import examine
from dispatch.service.functions import make_dispatcher, make_parameters
from dispatch.service.lists import source_of


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration, e.g. conf/dispatcher.toml")


def _run(options: Namespace) -> int:
    try:
        config, problems = examine(options.file)
    except ConfigErrors as error:
        return _report(error.problems, ())
    source = source_of(config)
    roster = source.read()
    unfit, brief = trust.examine(config)
    problems += roster.errors + unfit + _script_problems(config)
    warnings = config.warnings + roster.warnings + brief
    if not problems:
        warnings += tuple(_compare(config, roster, source.name))
    status = _report(problems, warnings)
    if not problems:
        print(f"{config.path} is fine: {_summary(config, roster, source.name)}")
    return status


def _script_problems(config: Config) -> tuple[ConfigError, ...]:
    if config.route.script is None:
        return ()
    dispatcher = make_dispatcher(config.dispatcher, Random(), monotonic, lambda problem: None, config.health)
    try:
        scripts.load(config, Router(dispatcher, lambda request: None, make_parameters(config)))
    except ConfigErrors as error:
        return error.problems
    return ()


def _compare(config: Config, roster: Roster, source: str) -> Iterable[ConfigError]:
    """What the configuration expects of the list and does not find."""
    wanted = config.route.set
    if wanted not in roster.sets:
        there = ", ".join(map(str, sorted(roster.sets))) or "none"
        remedy = f"no destination in set {wanted}, which [route] set names; sets with some: {there}"
        yield ConfigError(source, 0, remedy)


def _report(problems: Iterable[ConfigError], warnings: Iterable[ConfigError]) -> int:
    """Say all of it, file by file in the order of lines; returns the exit status."""
    rows = [(problem, "") for problem in problems] + [(warning, "warning: ") for warning in warnings]
    for problem, mark in sorted(rows, key=lambda row: (str(row[0].path), row[0].line)):
        print(f"{problem.place}: {mark}{problem.remedy}", file=sys.stderr)
    return 1 if any(not mark for _, mark in rows) else 0


def _summary(config: Config, roster: Roster, source: str) -> str:
    listens = ", ".join(map(str, config.sip.listen))
    members = sum(len(members) for members in roster.sets.values())
    sets = "1 set" if len(roster.sets) == 1 else f"{len(roster.sets)} sets"
    return f"listens on {listens}; {members} destinations in {sets} from {source}"


CHECK: Final = Command("check", "validate configuration and list without starting", _arguments, _run)
