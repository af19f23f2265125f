"""Arguments of commands of the service, on a command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from dispatch.control import boxes
from dispatch.control.command import Argument
from dispatch.control.text import printable

_LARGEST: Final = boxes.LARGEST - 4096  # of a file, as there is more in its box
_STDIN: Final = "-"


def add(parser: argparse.ArgumentParser, one: Argument) -> None:
    """Let a command line have it."""
    kind, metavar = (_contents, "FILE") if one.kind is bytes else (one.kind, one.name.upper())
    if one.option:
        parser.add_argument(f"--{one.name.replace('_', '-')}", metavar=metavar, type=kind, help=one.help)
    else:
        parser.add_argument(one.name, metavar=metavar, type=kind, nargs="?" if one.optional else None, help=one.help)


def _contents(name: str) -> bytes:
    try:
        contents = sys.stdin.buffer.read(_LARGEST + 1) if name == _STDIN else Path(name).read_bytes()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{printable(name)} can't be read: {error.strerror}") from None
    if len(contents) > _LARGEST:
        raise argparse.ArgumentTypeError(
            f"{printable(name)} is larger than {_LARGEST} bytes, the most that the service takes; "
            f"'dispatch diff CONFIGURATION {printable(name)}' compares it with the configured list"
        )
    return contents
