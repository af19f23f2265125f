"""`add` and `remove`: destinations that come and go until the list is read again; no file is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred

from dispatch.balance.destination import Row, make
from dispatch.balance.roster import Roster
from dispatch.control import parameters as rpc
from dispatch.control.command import Argument, BadValue, Command, Control, Door, Form, ListRefused, Right
from dispatch.control.commands.reload import refuse
from dispatch.control.text import printable, to_bytes, to_text
from dispatch.control.values import Fault, Parameter
from dispatch.errors import UnknownDestination
from dispatch.sip import uri as sip_uri

_ADDED: Final = ("Ok. Dispatcher destination added.",)
_REMOVED: Final = ("Ok. Dispatcher destination removed.",)
_NOT_REMOVED: Final = (500, "Removing dispatcher dst failed")
_HALF: Final = 1 << 31
_BLANKS: Final = frozenset(b" \t\r\n\0")


@dataclass(frozen=True, slots=True)
class Added:
    """A destination more.

    Attributes:
        set: id of its set.
        uri: as the list has it now.
        destinations: how many the set has now.
        warnings: what is odd about it.
    """

    set: int
    uri: str
    destinations: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """Those of a URI are gone.

    Attributes:
        set: id of their set.
        uri: as asked.
        removed: how many they were.
        destinations: how many the set has left.
    """

    set: int
    uri: str
    removed: int
    destinations: int


def add(
    control: Control, set: int, uri: str, flags: int = 0, priority: int = 0, attributes: str = ""
) -> Deferred[Added]:
    """Put a destination into the list in force, as if it stood last there.

    Raises:
        BadValue: there can't be such a destination.
        ListRefused: the list could not be made.
    """
    written, attrs = to_bytes(uri), to_bytes(attributes)
    if _BLANKS.intersection(written + attrs):
        raise BadValue("neither a URI nor attributes have blanks")
    if any(not -_HALF <= number < _HALF for number in (set, flags, priority)):
        raise BadValue("set, flags and priority are numbers of 32 bits")
    row = Row(set, written, flags, priority, attrs, 0)
    try:
        make(row, control.sockets)
    except ValueError as error:
        raise BadValue(str(error)) from None
    line = 0

    def longer(rows: list[Row]) -> list[Row]:
        nonlocal line
        line = 1 + max((one.line for one in rows), default=0)
        return [*rows, row._replace(line=line)]

    def added(roster: Roster) -> Added:
        refuse(roster)
        members = roster.sets[set]
        (new,) = [one for one in members if one.line == line]
        return Added(set, to_text(new.uri), len(members), tuple(_oddities(roster, line)))

    amending: Deferred[Roster] = control.steering.amend(longer)
    return amending.addCallback(added)


def _oddities(roster: Roster, line: int) -> Iterator[str]:
    """What is odd about the destination of that line."""
    return (printable(problem.remedy) for problem in roster.warnings if problem.line == line)


def remove(control: Control, set: int, uri: str) -> Deferred[Removed]:
    """Take every destination of that URI out of a set; letters are compared exactly.

    Raises:
        UnknownDestination: there is none.
    """
    written = to_bytes(uri)
    before = control.dispatcher.groups.get(set)
    count = sum(one.listed_uri == written for one in before.members) if before is not None else 0

    def removed(roster: Roster) -> Removed:
        refuse(roster)
        return Removed(set, uri, count, len(roster.sets.get(set, ())))

    if not count:
        raise UnknownDestination(f"set {set} has no '{printable(uri[:200])}'; 'list' shows what there is")
    amending: Deferred[Roster] = control.steering.amend(
        lambda rows: [row for row in rows if (row.group, row.uri) != (set, written)]
    )
    return amending.addCallback(removed)


def _read_add(parameters: Sequence[Parameter]) -> Mapping[str, bytes]:
    given = {"set": b"%d" % rpc.integer(parameters, 0), "uri": to_bytes(rpc.text(parameters, 1))}
    for at, name in ((2, "flags"), (3, "priority")):
        if len(parameters) > at:
            given[name] = b"%d" % rpc.integer(parameters, at)
    if len(parameters) > 4:
        given["attributes"] = to_bytes(rpc.text(parameters, 4))
    return given


def _read_remove(parameters: Sequence[Parameter]) -> Mapping[str, bytes]:
    group, uri = rpc.integer(parameters, 0), to_bytes(rpc.text(parameters, 1))
    if sip_uri.parse(uri) is None:
        raise Fault(*_NOT_REMOVED)
    return {"set": b"%d" % group, "uri": uri}


def _say_added(one: Added) -> str:
    head = f"set {one.set} {printable(one.uri)}: added, {one.destinations} destinations now"
    return "\n".join((head, *(f"warning: {text}" for text in one.warnings)))


ADD: Final = Command(
    names={Door.AMP: "add", Door.CTL: "add", Door.RPC: "dispatcher.add"},
    help="add a destination, until the list is read again",
    arguments=(
        Argument("set", int, "its set"),
        Argument("uri", str, "its URI"),
        Argument("flags", int, "as in the list; 8 to have it probed", optional=True),
        Argument("priority", int, "highest first", optional=True),
        Argument("attributes", str, "as in the list: duid=gw1;weight=50", optional=True),
    ),
    run=add,
    answer=Added,
    right=Right.FULL,
    errors=(ListRefused,),
    sentence=_say_added,
    forms={
        Door.RPC: Form(
            "Add a destination address in memory",
            lambda control, answer, parameters: _ADDED,
            _read_add,
            lambda error, parameters: Fault(500, "Adding dispatcher dst failed"),
        )
    },
)
REMOVE: Final = Command(
    names={Door.AMP: "remove", Door.CTL: "remove", Door.RPC: "dispatcher.remove"},
    help="remove destinations, until the list is read again; better drain them first",
    arguments=(
        Argument("set", int, "their set"),
        Argument("uri", str, "as 'list' shows it, letters compared exactly"),
    ),
    run=remove,
    answer=Removed,
    right=Right.FULL,
    errors=(UnknownDestination, ListRefused),
    sentence=lambda one: f"set {one.set} {printable(one.uri)}: {one.removed} removed, {one.destinations} left",
    forms={
        Door.RPC: Form(
            "Remove a destination address from memory",
            lambda control, answer, parameters: _REMOVED,
            _read_remove,
            # What is not there is gone.
            lambda error, parameters: _REMOVED if isinstance(error, UnknownDestination) else Fault(*_NOT_REMOVED),
        )
    },
)
