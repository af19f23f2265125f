"""What the original's core tells of itself, as far as people ask for it: version, time, processes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from dispatch.control.command import Argument, Command, Control, Door, Form
from dispatch.control.text import to_bytes
from dispatch.control.values import Node, Parameter, Struct, Value


@dataclass(frozen=True, slots=True)
class Uptime:
    """For how long the service runs.

    Attributes:
        now: the time of day, as the original writes it.
        since: when it began.
        seconds: the time between.
    """

    now: str
    since: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the service.

    Attributes:
        pid: its number.
        description: what it does.
    """

    pid: int
    description: str


@dataclass(frozen=True, slots=True)
class Echo:
    """What was said.

    Attributes:
        words: one by one.
    """

    words: str


def _uptime(control: Control) -> Uptime:
    now = control.now()
    return Uptime(time.ctime(now), time.ctime(control.started), int(now - control.started))


def _processes(control: Control) -> Iterator[Process]:
    return iter((Process(os.getpid(), "main process - dispatch"),))


def _view_uptime(control: Control, answer: Uptime, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return (Struct((("now", answer.now), ("up_since", answer.since), ("uptime", answer.seconds))),)


def _uptime_nodes(control: Control, answer: Uptime, parameters: Sequence[Parameter]) -> tuple[Node, ...]:
    return (
        Node("Now", answer.now),
        Node("Up since", answer.since),
        Node("Up time", f"{answer.seconds} [sec]"),
    )


def _ps_nodes(control: Control, answer: Iterator[Process], parameters: Sequence[Parameter]) -> tuple[Node, ...]:
    return tuple(
        Node("Process", "", (("ID", str(index)), ("PID", str(one.pid)), ("Type", one.description)))
        for index, one in enumerate(answer)
    )


def _view_ps(control: Control, answer: Iterator[Process], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return tuple(value for one in answer for value in (one.pid, one.description))


def _view_psx(control: Control, answer: Iterator[Process], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return tuple(
        Struct((("IDX", index), ("PID", one.pid), ("DSC", one.description))) for index, one in enumerate(answer)
    )


def _words(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Up to the first one that is no text and no whole number, as in the original."""
    return list(takewhile(lambda one: not isinstance(one, float), parameters))


def _said(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    return {"words": b"\n".join(to_bytes(str(one)) for one in _words(parameters))}


def _view_echo(control: Control, answer: Echo, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return tuple(map(str, _words(parameters)))


UPTIME: Final = Command(
    names={Door.AMP: "uptime", Door.CTL: "uptime", Door.RPC: "core.uptime", Door.MI: "uptime"},
    help="tell for how long the service runs",
    run=_uptime,
    answer=Uptime,
    sentence=lambda one: f"{one.seconds} seconds, since {one.since}",
    forms={
        Door.RPC: Form("Returns uptime of SIP server.", _view_uptime),
        Door.MI: Form("", _uptime_nodes),
    },
)
PS: Final = Command(
    names={Door.RPC: "core.ps", Door.MI: "ps"},
    help="tell the processes of the service",
    run=_processes,
    answer=Process,
    is_listing=True,
    forms={
        Door.RPC: Form("Returns the description of running processes.", _view_ps),
        Door.MI: Form("", _ps_nodes),
    },
)
PSX: Final = Command(
    names={Door.RPC: "core.psx"},
    help="tell the processes of the service, each in a record",
    run=_processes,
    answer=Process,
    is_listing=True,
    forms={Door.RPC: Form("Returns the detailed description of running processes.", _view_psx)},
)
ECHO: Final = Command(
    names={Door.RPC: "core.echo"},
    help="say the same",
    arguments=(Argument("words", str, "whatever"),),
    run=lambda control, words: Echo(words),
    answer=Echo,
    forms={Door.RPC: Form("Returns back its parameters.", _view_echo, _said)},
)
