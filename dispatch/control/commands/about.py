"""`version` and `commands`: who is there, and what can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Argument, Command, Control, Door, Form
from dispatch.control.values import Node

INTERFACE: Final = 1
"""Number of the interface; it grows when a program that knows the one before would be misled."""


@dataclass(frozen=True, slots=True)
class Version:
    """Who is there.

    Attributes:
        product: its name.
        version: of the product.
        interface: of commands and answers.
    """

    product: str
    version: str
    interface: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A command that can be asked for.

    Attributes:
        name: as it is called here.
        help: one line.
        right: needed for it: ``read`` or ``full``.
        arguments: each as ``name: kind``, with ``?`` behind the name where it may be left out.
        is_listing: the answer is made of records, and may come in several pages.
    """

    name: str
    help: str
    right: str
    arguments: tuple[str, ...]
    is_listing: bool


def _version(control: Control) -> Version:
    return Version("dispatch", control.version, INTERFACE)


def _commands(control: Control) -> Iterator[Offer]:
    for row in control.commands:
        if Door.AMP in row.names:
            arguments = tuple(map(_spelled, row.arguments))
            yield Offer(row.names[Door.AMP], row.help, row.right.name.lower(), arguments, row.is_listing)


def _spelled(argument: Argument) -> str:
    return f"{argument.name}{'?' if argument.optional else ''}: {argument.kind.__name__}"


VERSION: Final = Command(
    names={Door.AMP: "version", Door.CTL: "version", Door.RPC: "core.version", Door.MI: "version"},
    help="tell the version of the running service",
    run=_version,
    answer=Version,
    sentence=lambda one: f"{one.product} {one.version}, interface {one.interface}",
    forms={
        Door.RPC: Form(
            "Returns the version string of the server.",
            lambda control, answer, parameters: (f"{answer.product} {answer.version}",),
        ),
        Door.MI: Form("", lambda control, answer, parameters: (Node("Server", f"{answer.product} {answer.version}"),)),
    },
)
COMMANDS: Final = Command(
    names={Door.AMP: "commands"},
    help="tell every command of this door",
    run=_commands,
    answer=Offer,
    is_listing=True,
)
