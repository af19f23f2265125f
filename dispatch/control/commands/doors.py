"""`doors` and `clients`: where control is open, and who is connected; the original's `ctl.` methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Column, Command, Control, Door, Form, OpenDoor
from dispatch.control.values import Fault, Parameter, Value

_BINRPC: Final = "binrpc"
_KINDS: Final = {"unix": "unix_stream", "unixd": "unix_dgram", "ssl": "tcp"}
_NAMELESS: Final = "<anonymous unix socket>"


@dataclass(frozen=True, slots=True)
class Opened:
    """A door.

    Attributes:
        door: as the configuration calls it.
        socket: as written there, without options.
        clients: that are connected now.
    """

    door: str
    socket: str
    clients: int


@dataclass(frozen=True, slots=True)
class Connected:
    """A client that is connected.

    Attributes:
        door: as the configuration calls it.
        socket: it came in by.
        peer: its address; empty behind a unix socket.
    """

    door: str
    socket: str
    peer: str


def _spelled(door: OpenDoor) -> str:
    return f"{door.kind}:{door.port}:interface={door.place}" if door.port else f"{door.kind}:{door.place}"


def _doors(control: Control) -> Iterator[Opened]:
    return (Opened(one.name, _spelled(one), len(one.clients())) for one in control.doors)


def _clients(control: Control) -> Iterator[Connected]:
    for one in control.doors:
        for host, port in one.clients():
            yield Connected(one.name, _spelled(one), f"{host}:{port}" if port else host)


def _number(control: Control) -> Opened:
    return Opened(_BINRPC, "", sum(len(one.clients()) for one in _binrpc(control)))


def _binrpc(control: Control) -> list[OpenDoor]:
    """Of the original's methods only these are meant."""
    return [one for one in control.doors if one.name == _BINRPC]


def _kind(door: OpenDoor) -> str:
    return _KINDS.get(door.kind, door.kind)


def _port(number: int) -> int | str:
    return number or ""


def _view_listen(control: Control, answer: object, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    doors = [(_BINRPC, _kind(one), one.place, _port(one.port)) for one in _binrpc(control)]
    return tuple(value for door in doors for value in door)


def _view_who(control: Control, answer: object, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    values: list[Value] = []
    for one in _binrpc(control):
        for host, port in one.clients():
            values += _BINRPC, _kind(one), host or _NAMELESS, _port(port), one.place, _port(one.port)
    if not values:
        raise Fault(400, "no open stream connection")
    return tuple(values)


DOORS: Final = Command(
    names={Door.AMP: "doors", Door.CTL: "doors", Door.RPC: "ctl.listen"},
    help="tell where control is open",
    run=_doors,
    answer=Opened,
    is_listing=True,
    columns=(
        Column("DOOR", lambda one: one.door),
        Column("SOCKET", lambda one: one.socket),
        Column("CLIENTS", lambda one: one.clients),
    ),
    nothing="no door is open",
    forms={Door.RPC: Form("list ctl listen sockets", _view_listen)},
)
CLIENTS: Final = Command(
    names={Door.AMP: "clients", Door.CTL: "clients", Door.RPC: "ctl.who"},
    help="tell who is connected to control",
    run=_clients,
    answer=Connected,
    is_listing=True,
    columns=(
        Column("DOOR", lambda one: one.door),
        Column("SOCKET", lambda one: one.socket),
        Column("PEER", lambda one: one.peer),
    ),
    nothing="nobody is connected",
    forms={Door.RPC: Form("list open connections", _view_who)},
)
CONNECTIONS: Final = Command(
    names={Door.RPC: "ctl.connections"},
    help="count the clients of kamcmd's door",
    run=_number,
    answer=Opened,
    forms={Door.RPC: Form("returns number of open connections", lambda control, answer, parameters: (answer.clients,))},
)
