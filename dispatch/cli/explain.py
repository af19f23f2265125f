"""`dispatch explain`: where a request would go, told from a configuration, without a running service."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Final

from dispatch.cli.arguments import add
from dispatch.cli.command import Command
from dispatch.control.commands.explain import EXPLAIN, explain, sentence
from dispatch.errors import ConfigErrors, DispatchError
from dispatch.service.config_file import load
from dispatch.service.foretelling import offline
from dispatch.service.functions import make_dispatcher
from dispatch.service.lists import source_of


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration, e.g. conf/dispatcher.toml")
    for one in EXPLAIN.arguments:
        add(parser, one)
    parser.add_argument("--json", action="store_true", help="answer for programs, not for people")


def _run(options: Namespace) -> int:
    try:
        config = load(options.file)
        roster = source_of(config).read()
        if roster.errors:
            raise ConfigErrors(roster.errors)
        dispatcher = make_dispatcher(config.dispatcher, Random(), time.monotonic, _silent, config.health)
        dispatcher.replace(roster)
        if config.route.script is not None or config.script is not None:
            print("a script decides in the service; this is what the built-in route does", file=sys.stderr)
        given = {one.name: getattr(options, one.name) for one in EXPLAIN.arguments}
        answer = explain(dispatcher, offline(config, dispatcher), **given)
    except DispatchError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(answer), indent=1) if options.json else sentence(answer))
    return 0


def _silent(line: str) -> None:
    """What is odd about the configuration is told by `dispatch check`."""


OFFLINE: Final = Command("explain", "say where a request would go, and why", _arguments, _run)
