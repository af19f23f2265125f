"""What the original's core tells of how it was built and where it listens: `core.info`, `core.runinfo` and others."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Command, Control, Door, Form
from dispatch.control.values import Parameter, Repeated, Struct, Value

_PRODUCT: Final = "dispatch"


@dataclass(frozen=True, slots=True)
class Build:
    """What runs.

    Attributes:
        version: of the service.
        python: what runs it.
    """

    version: str
    python: str


def _build(control: Control) -> Build:
    return Build(control.version, f"{platform.python_implementation()} {platform.python_version()}")


def _info(control: Control, answer: Build, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    version = f"{_PRODUCT} {answer.version}"
    built = (("version", version), ("id", ""), ("compiler", answer.python), ("compiled", ""), ("flags", ""))
    return (Struct(built),)


def _runinfo(control: Control, answer: Build, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    now = control.now()
    seconds = int(now - control.started)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    members = (
        ("name", _PRODUCT),
        ("version", answer.version),
        ("sourceid", ""),
        ("compiler", answer.python),
        ("compiled", ""),
        ("time_now", time.ctime(now)),
        ("time_started", time.ctime(control.started)),
        ("uptime_secs", seconds),
        ("utime_days", f"{days}d {hours % 24}h {minutes % 60}m {seconds % 60}s"),
    )
    return (Struct(members),)


def _sockets(control: Control, answer: Build, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    sockets = (
        Struct(
            (
                ("proto", one.proto),
                ("address", one.host),
                ("ipaddress", one.host),
                ("port", str(one.port)),
                ("mcast", "no"),
                ("mhomed", "no"),
                ("virtual", "no"),
            )
        )
        for one in control.sockets
    )
    return (Repeated("socket", sockets),)


def _command(name: str, help: str, form: Form) -> Command:
    return Command(names={Door.RPC: name}, help=help, run=_build, answer=Build, forms={Door.RPC: form})


INFO: Final = _command(
    "core.info",
    "tell the version, and what runs it",
    Form("Verbose info, including version number, compile flags, compiler,repository hash a.s.o.", _info),
)
FLAGS: Final = _command(
    "core.flags",
    "tell with what it was built: nothing to choose here",
    Form("Returns the compile flags.", lambda control, answer, parameters: ("",)),
)
RUNINFO: Final = _command(
    "core.runinfo",
    "tell the version, and for how long it runs",
    Form("Runtime info - binary name, version, uptime, ...", _runinfo),
)
SOCKETS: Final = _command(
    "core.sockets_list", "tell where it listens for SIP", Form("List local SIP server listen sockets", _sockets)
)
