"""`dispatch cfg2py`: what a `kamailio.cfg` is as Python."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from dispatch.cli.command import Command
from dispatch.script.kamailio import compiler
from dispatch.script.kamailio.parser import parse_file


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a kamailio.cfg")


def _run(options: Namespace) -> int:
    try:
        compiled = compiler.compile(parse_file(options.file))
    except OSError as error:
        print(f"{options.file}: can't be read: {error.strerror}", file=sys.stderr)
        return 1
    for problem in compiled.problems:
        print(problem, file=sys.stderr)
    if not compiled.is_fit:
        return 1
    print(compiled.source, end="")
    return 0


CFG2PY: Final = Command("cfg2py", "print the Python that a kamailio.cfg is compiled to", _arguments, _run)
