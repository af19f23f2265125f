"""What a subcommand is: a row of the table in `main`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand of `dispatch`.

    Attributes:
        name: as typed.
        help: one line for ``dispatch --help``.
        arguments: adds its arguments to a parser.
        run: does it; returns the exit status: 0 fine, 1 not.
    """

    name: str
    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
