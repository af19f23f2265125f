"""What a command is: a row of the table in `dispatch.control.commands`, and what it works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, Final, Protocol

from dispatch.balance.destination import Destination, LocalSocket, Row
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.probing import Probing
from dispatch.balance.reconcile import Change
from dispatch.balance.roster import Roster
from dispatch.control.foresight import Foresight
from dispatch.control.values import Fault, Parameter
from dispatch.errors import DispatchError, UnknownDestination


class BadValue(DispatchError, ValueError):
    """An argument is missing, unknown, or can't be what it is."""


class ListRefused(DispatchError):
    """The new list has errors; the one before stays in force."""


class ScriptRefused(DispatchError):
    """The script can't be run; the one before stays in force."""


class NotAllowed(DispatchError):
    """The caller may look, but not change anything."""


class PageGone(DispatchError, LookupError):
    """The rest of an answer is not kept any more, or never was."""


# What programs tell errors by; part of the interface.
CODES: Final[Mapping[type[Exception], str]] = {
    BadValue: "BAD_VALUE",
    ListRefused: "LIST_REFUSED",
    NotAllowed: "NOT_ALLOWED",
    PageGone: "PAGE_GONE",
    ScriptRefused: "SCRIPT_REFUSED",
    UnknownDestination: "UNKNOWN_DESTINATION",
}
ALWAYS: Final[tuple[type[Exception], ...]] = (BadValue, NotAllowed, PageGone)
"""Errors that any command may end with."""


class Door(Enum):
    """Where commands come in."""

    AMP = "amp"
    CTL = "dispatchctl"  # a person's names and views; it comes through AMP
    RPC = "rpc"  # the original's, over BINRPC and JSON-RPC alike
    MI = "mi"  # the management interface of its earlier versions


class Right(IntEnum):
    """What a caller may do."""

    READ = 1
    FULL = 2


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        door: through which one.
        name: who it is, as far as the door knows: ``uid 1000, pid 4711``.
        right: what is allowed.
        protocol: what is spoken there, where a door has several: ``binrpc``.
    """

    door: Door
    name: str
    right: Right
    protocol: str = ""

    @property
    def way(self) -> str:
        """How it comes in, in a word."""
        return self.protocol or self.door.value


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command.

    Attributes:
        name: as it is called everywhere.
        kind: int; str; or bytes, the contents of a file, which a person gives by its name.
        help: one line.
        optional: it may be left out, and is None then.
        option: a person writes ``--name VALUE``.
    """

    name: str
    kind: type[int] | type[str] | type[bytes]
    help: str
    optional: bool = False
    option: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table that a person gets to see.

    Attributes:
        title: in capitals.
        cell: what stands in it, from one record of the answer.
        is_state: the cell holds the letters of a state (it may get a colour).
    """

    title: str
    cell: Callable[[Any], str | int]
    is_state: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How one of the original's own doors has a command.

    Attributes:
        help: what the door says of it, in the original's words.
        read: the arguments by name, as written, of the parameters in their order. May raise `Fault`.
        view: the answer as the door has it, `Value` for RPC and `Node` for MI; called with the `Control`, the answer of
            `run`, and the parameters.
        failed: the values in place of an error, or the `Fault` that it is there; called with the error and the
            parameters.
    """

    help: str
    view: Callable[[Control, Any, Sequence[Parameter]], tuple[Any, ...]]
    read: Callable[[Sequence[Parameter]], Mapping[str, bytes]] = lambda parameters: {}
    failed: Callable[[DispatchError, Sequence[Parameter]], tuple[Any, ...] | Fault] = lambda error, parameters: Fault(
        500, str(error)
    )


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        names: its name in each door that has it.
        help: one line.
        run: does it, called with a `Control` and the arguments by name; gives the answer, or a Deferred of it.
        answer: dataclass of the answer; its fields are str, int, bool or tuple[str, ...].
        is_listing: the answer is an iterator of many such records, made while it is read.
        arguments: in the order in which a person writes them.
        right: needed to call it; one that needs `Right.FULL` changes something, and is logged.
        only_looks: whether it changes nothing with these arguments, by name; anybody may look.
        errors: beside those of `ALWAYS`.
        columns: of a listing, for people.
        sentence: the answer in words, for people and the log, where it is no listing.
        nothing: said in place of an empty listing.
        forms: for doors that have a form of their own for it.
    """

    names: Mapping[Door, str]
    help: str
    run: Callable[..., Any]
    answer: type[Any]
    is_listing: bool = False
    arguments: tuple[Argument, ...] = ()
    right: Right = Right.READ
    only_looks: Callable[[Mapping[str, Any]], bool] = lambda given: False
    errors: tuple[type[Exception], ...] = ()
    columns: tuple[Column, ...] = ()
    sentence: Callable[[Any], str] = field(default=str)
    nothing: str = "nothing"
    forms: Mapping[Door, Form] = field(default_factory=dict)


class Steering(Protocol):
    """What the service does for commands, now or by and by."""

    def reload(self) -> Any:
        """Read the list again.

        Returns:
            Deferred of the Roster that was read: in force now, or with `errors`, and the list before stays.
        """

    def amend(self, change: Callable[[list[Row]], list[Row]]) -> Any:
        """Change the list in force until the next reload; states stay.

        Args:
            change: makes the rows of the new list of those in force, in the order of listings; a thread calls it.

        Returns:
            Deferred of the Roster that was made: in force now, or with `errors`, and the list before stays.
        """

    def preview(self, text: bytes | None = None) -> Any:
        """What `reload` would change.

        Args:
            text: of a list file to take in place of what the source has.

        Returns:
            Deferred of a Roster and the list of each `Change`, which is empty when the Roster has errors.
        """


def _as_listed(destination: Destination) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Control:
    """What commands work on.

    Attributes:
        dispatcher: the sets.
        steering: what takes longer than a call.
        source: where lists come from, in words.
        version: of the service.
        commands: the table.
        now: the time of day, in seconds since 1970.
        probing: who is probed.
        started: the time of day at which the service began.
        address_of: what is known of the host of a destination; None for nothing.
        foresight: what would happen, without doing it.
        standing: what a destination given by name stands for, in words.
        counters: what is counted, by name as the original has it: ``core:rcv_requests``.
        sockets: of SIP: protocol, host and port of each.
        doors: those that are open.
        reload_script: reads the script again and gives its name, empty where there is none; may raise `ConfigErrors`.
    """

    dispatcher: Dispatcher
    steering: Steering
    source: str
    version: str
    commands: tuple[Command, ...]
    now: Callable[[], float]
    probing: Probing
    started: float
    address_of: Callable[[bytes], str | None]
    foresight: Foresight
    standing: Callable[[Destination], str] = _as_listed
    counters: Callable[[], Mapping[str, int]] = dict
    sockets: tuple[LocalSocket, ...] = ()
    doors: list[OpenDoor] = field(default_factory=list)
    reload_script: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """Where a door of control is open.

    Attributes:
        name: as the configuration calls it: ``binrpc``.
        kind: of socket: ``unix``, ``tcp``, ``ssl``, ``unixd``, ``udp`` or ``fifo``.
        place: path or address.
        port: of the address; 0 where it is a path.
        clients: address and port of each client that is connected now; the path and 0 where it has one.
    """

    name: str
    kind: str
    place: str
    port: int = 0
    clients: Callable[[], list[tuple[str, int]]] = list


Preview = tuple[Roster, list[Change]]
