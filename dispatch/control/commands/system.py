"""What the original's doors can be asked for: its `system.` methods, and `which` of MI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Argument, Command, Control, Door, Form
from dispatch.control.text import to_bytes
from dispatch.control.values import Fault, Node, Parameter, Value


@dataclass(frozen=True, slots=True)
class Method:
    """A method.

    Attributes:
        name: as the original calls it.
        help: its words for it.
    """

    name: str
    help: str


def _methods(control: Control) -> list[Method]:
    rows = (row for row in control.commands if Door.RPC in row.names)
    return sorted((Method(row.names[Door.RPC], row.forms[Door.RPC].help) for row in rows), key=lambda one: one.name)


def _help(control: Control, name: str) -> Method:
    for one in _methods(control):
        if one.name == name:
            return one
    raise Fault(400, "command not found")


def _signature(control: Control) -> Method:
    raise Fault(500, "Not Implemented Yet")


def _read_name(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    if not parameters or not isinstance(parameters[0], str):
        raise Fault(400, "Method Name Expected")
    return {"name": to_bytes(parameters[0])}


def _names(control: Control, answer: list[Method], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return tuple(one.name for one in answer)


def _commands(control: Control) -> list[Method]:
    return [Method(name, "") for name in sorted(row.names[Door.MI] for row in control.commands if Door.MI in row.names)]


WHICH: Final = Command(
    names={Door.MI: "which"},
    help="tell every command",
    run=_commands,
    answer=Method,
    is_listing=True,
    forms={Door.MI: Form("", lambda control, answer, parameters: tuple(Node("", one.name) for one in answer))},
)
LIST_METHODS: Final = Command(
    names={Door.RPC: "system.listMethods"},
    help="tell every method",
    run=_methods,
    answer=Method,
    is_listing=True,
    forms={Door.RPC: Form("Lists all RPC methods supported by the server.", _names)},
)
METHOD_HELP: Final = Command(
    names={Door.RPC: "system.methodHelp"},
    help="tell what a method does",
    arguments=(Argument("name", str, "of the method"),),
    run=_help,
    answer=Method,
    forms={
        Door.RPC: Form(
            "Print the help string for given method.", lambda control, answer, parameters: (answer.help,), _read_name
        )
    },
)
METHOD_SIGNATURE: Final = Command(
    names={Door.RPC: "system.methodSignature"},
    help="tell the parameters of a method",
    run=_signature,
    answer=Method,
    forms={Door.RPC: Form("Returns signature of given method.", lambda control, answer, parameters: ())},
)
