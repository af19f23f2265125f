"""The `dispatch` command: reads the command line and hands it to one of its subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from dispatch import __version__
from dispatch.cli.cfg2py import CFG2PY
from dispatch.cli.check import CHECK
from dispatch.cli.command import Command
from dispatch.cli.db_schema import DB_SCHEMA
from dispatch.cli.demo import DEMO
from dispatch.cli.diff import DIFF
from dispatch.cli.ending import until_cut_short
from dispatch.cli.explain import OFFLINE as EXPLAIN
from dispatch.cli.simulate import SIMULATE
from dispatch.cli.tls_demo import TLS_DEMO

COMMANDS: Final[tuple[Command, ...]] = (CHECK, CFG2PY, DIFF, EXPLAIN, DB_SCHEMA, SIMULATE, DEMO, TLS_DEMO)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dispatch", description="A SIP load balancer: what you can do around it.")
    parser.add_argument("--version", action="version", version=f"dispatch {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status: 0 fine, 1 problems; a wrong command line exits with 2."""
    options = make_parser().parse_args(arguments)
    return until_cut_short(lambda: int(options.run(options)))
