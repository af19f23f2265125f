"""Each command through each door that it declares: one table of examples, and a way in for each door."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli import ctl
from dispatch.control import binrpc, mi_door
from dispatch.control.access import Entry
from dispatch.control.binrpc_door import BinrpcProtocol, Packets
from dispatch.control.client import Client
from dispatch.control.command import Caller, Command, Control, Door, Right
from dispatch.control.commands import TABLE
from dispatch.control.desk import Desk
from dispatch.control.jsonrpc import Documents
from dispatch.control.methods import Methods
from dispatch.control.mi_door import Commands
from dispatch.control.values import Parameter
from dispatch.test.control.make import LIST, Pair, Steered, Transport
from dispatch.test.control.test_binrpc_door import request

_GROUP, _NAME, _FULL_NAME = "dispatcher", "probing_threshold", "dispatcher.probing_threshold"


@dataclass(frozen=True, slots=True)
class Example:
    """How a command is called.

    Attributes:
        given: arguments by name, for doors of our own.
        rpc: parameters of the original's RPC.
        mi: lines of MI.
    """

    given: Mapping[str, int | str] = field(default_factory=dict)
    rpc: tuple[Parameter, ...] = ()
    mi: tuple[str, ...] = ()


EXAMPLES: Final[Mapping[str, Example]] = {
    "list": Example({"set": 1}, ("short",)),
    "show": Example({"set": 1, "uri": "sip:a"}),
    "stats": Example({"set": 1}),
    "traffic": Example(),
    "calls": Example(),
    "ping": Example({"set": 1, "uri": "sip:a"}),
    "health": Example(),
    "history": Example({"set": 1, "uri": "sip:a"}),
    "set_state": Example({"set": 1, "uri": "sip:a", "state": "ip"}, ("ip", 1, "sip:a")),
    "set_duid_state": Example({"set": 1, "duid": "x", "state": "d"}, ("d", 1, "x")),
    "drain": Example({"set": 1, "uri": "sip:a", "seconds": 60}),
    "maintenance": Example({"set": 1, "uri": "sip:a"}),
    "ready": Example({"set": 1, "uri": "sip:a"}),
    "add": Example({"set": 3, "uri": "sip:z", "flags": 8}, (3, "sip:z", 8)),
    "remove": Example({"set": 1, "uri": "sip:b"}, (1, "sip:b")),
    "reload": Example(),
    "reload_script": Example(),
    "diff": Example(),
    "explain": Example({"uri": "sip:bob@example.com"}),
    "preview": Example({"set": 1, "uri": "sip:a", "state": "i", "calls": 9}),
    "ping_active": Example({"state": 0}, (0,)),
    "cfg": Example(),
    "cfg.get": Example(rpc=(_GROUP, _NAME)),
    "cfg_set": Example({"variable": _FULL_NAME, "value": "7"}),
    "cfg.set_now_int": Example(rpc=(_GROUP, _NAME, 7)),
    "cfg.set_now_string": Example(rpc=(_GROUP, "ping_reply_codes", "class=3")),
    "cfg.seti": Example(rpc=(_GROUP, _NAME, 7)),
    "cfg.sets": Example(rpc=(_GROUP, "ping_reply_codes", "class=3")),
    "cfg.set": Example(rpc=(_GROUP, _NAME, 7)),
    "hash": Example({"slots": 8, "first": "abc"}, (8, "abc")),
    "version": Example(),
    "uptime": Example(),
    "commands": Example(),
    "core.ps": Example(),
    "core.psx": Example(),
    "core.echo": Example(rpc=("a", 5)),
    "core.info": Example(),
    "core.flags": Example(),
    "core.runinfo": Example(),
    "core.sockets_list": Example(),
    "doors": Example(),
    "clients": Example(),
    "ctl.connections": Example(),
    "stats.get_statistics": Example(rpc=("all",)),
    "stats.fetch": Example(rpc=("core:",)),
    "stats.fetchn": Example(rpc=("rcv_requests",)),
    "system.listMethods": Example(),
    "system.methodHelp": Example(rpc=("dispatcher.list",)),
    "system.methodSignature": Example(rpc=("dispatcher.list",)),
    "ds_set_state": Example(mi=("ip", "1", "sip:a")),
    "which": Example(),
}
# Methods that always fault here, as the original does: nobody is connected, and it tells no signatures.
FAULTS: Final = ("ctl.who", "system.methodSignature")


def name_of(row: Command) -> str:
    """What an example is found by: the first name in the order of the doors."""
    return next(row.names[door] for door in (Door.AMP, Door.RPC, Door.MI) if door in row.names)


def by_amp(control: Control, row: Command, example: Example, right: Right) -> bool:
    pair = Pair(control, right)
    return not isinstance(pair.result(lambda: Client(pair.client).call(name_of(row), **example.given)), Exception)


def typed(row: Command, example: Example) -> Iterator[str]:
    """The arguments as a person types them."""
    options = {one.name for one in row.arguments if one.option}
    for name, value in example.given.items():
        yield f"--{name.replace('_', '-')}={value}" if name in options else str(value)


def by_dispatchctl(control: Control, row: Command, example: Example, right: Right) -> bool:
    options = ctl.make_parser().parse_args([row.names[Door.CTL], *typed(row, example)])
    pair, values = Pair(control, right), {one.name: getattr(options, one.name) for one in row.arguments}
    answer = pair.result(lambda: Client(pair.client).call(name_of(options.row), **values))
    return not isinstance(answer, Exception) and bool(list(ctl.shown(row, answer)))


def by_manhole(control: Control, row: Command, example: Example, right: Right) -> bool:
    desk = Desk(control, Caller(Door.CTL, "somebody", right, "manhole"))
    answer = getattr(desk, row.names[Door.CTL].replace("-", "_"))(**example.given)
    return not isinstance(getattr(answer, "error", None), Exception) and bool(repr(answer))


def by_binrpc(control: Control, row: Command, example: Example, right: Right) -> bool:
    clock, transport = Clock(), Transport()
    server = BinrpcProtocol(clock, Packets(clock, Methods(control)), Entry((), right), lambda: None)
    server.makeConnection(transport)
    server.dataReceived(request(row.names[Door.RPC], *example.rpc))
    while clock.getDelayedCalls():
        clock.advance(0.01)
    return bool(transport.value()[1] & 0xF0 == binrpc.REPLY)


def by_jsonrpc(control: Control, row: Command, example: Example, right: Right) -> bool:
    clock = Clock()
    asked = {"jsonrpc": "2.0", "method": row.names[Door.RPC], "params": example.rpc, "id": 1}
    caller = Caller(Door.RPC, "somebody", right, "jsonrpc")
    return "result" in json.loads(fired(clock, Documents(clock, Methods(control)).answer(_dumped(asked), caller)))


def fired(clock: Clock, answering: Deferred[bytes]) -> bytes:
    """What comes of it in the end."""
    found: list[bytes] = []
    answering.addCallback(found.append)
    while clock.getDelayedCalls():
        clock.advance(0.01)
    return found[0]


def _dumped(asked: object) -> bytes:
    return json.dumps(asked).encode()


def by_mi(control: Control, row: Command, example: Example, right: Right) -> bool:
    clock = Clock()
    text = "\n".join((f":{row.names[Door.MI]}:", *example.mi, "")).encode()
    commands = Commands(clock, Methods(control, Door.MI))
    return fired(clock, mi_door.datagram(commands, right, text, "somebody")).startswith(b"200 OK\n")


Way = Callable[[Control, Command, Example, Right], bool]
"""Calls a command; whether that is done."""

WAYS: Final[tuple[tuple[Door, Way], ...]] = (
    (Door.AMP, by_amp),
    (Door.CTL, by_dispatchctl),
    (Door.CTL, by_manhole),
    (Door.RPC, by_binrpc),
    (Door.RPC, by_jsonrpc),
    (Door.MI, by_mi),
)


def snapshot(control: Control) -> object:
    """All that a command can change."""
    found = [(one.group, one.uri, one.flags, one.condition.admin) for one in control.dispatcher.destinations()]
    return found, control.probing.active, control.probing.codes, control.dispatcher.probing_threshold


ROWS = [row for row in TABLE if not row.is_live]  # test_pages has those that go on


class EveryDoorTests(SynchronousTestCase):
    def each(self) -> Iterator[tuple[Command, Example, Way]]:
        for row in ROWS:
            for door, way in WAYS:
                if door in row.names:
                    yield row, EXAMPLES[name_of(row)], way

    def test_done(self) -> None:
        """Each command can be called through each of its doors, and does the same through all of them."""
        self.assertEqual({name_of(row) for row in ROWS}, set(EXAMPLES))
        done: dict[str, object] = {}
        for row, example, way in self.each():
            control = Steered(LIST).control()
            with self.subTest(row=name_of(row), way=way.__name__):
                before = snapshot(control)
                faults = way in (by_binrpc, by_jsonrpc) and row.names[Door.RPC] in FAULTS
                self.assertEqual(way(control, row, example, Right.FULL), not faults)
                after = snapshot(control)
                self.assertEqual(done.setdefault(name_of(row), after), after)
                if row.right is Right.READ:
                    self.assertEqual(after, before)

    def test_who_may_only_look(self) -> None:
        """Through each door, who may only look is refused what changes something, and nothing changes."""
        for row, example, way in self.each():
            control = Steered(LIST).control()
            if row.right is Right.FULL:
                with self.subTest(row=name_of(row), way=way.__name__):
                    before = snapshot(control)
                    self.assertFalse(way(control, row, example, Right.READ))
                    self.assertEqual(snapshot(control), before)
