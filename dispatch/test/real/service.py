"""The product under test: ``twistd dispatcher`` as an operator starts it, on a configuration made for the test.

``DISPATCH_PROXY=kamailio`` puts Kamailio in its place: the same tests then show that they ask for nothing odd.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import dispatch
from dispatch.test.real import kamailio
from dispatch.test.real.process import Process, Socket

ROOT: Final = Path(dispatch.__file__).parents[1]
STAND_IN: Final = os.environ.get("DISPATCH_PROXY") == "kamailio"

Value = str | int | float | bool | list[str] | list[int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the service is to do.

    Attributes:
        sockets: where it listens.
        destinations: URIs of set 1, in order of preference; attributes may follow after a blank.
        level: all have the same priority, above 0.
        silence: seconds without an answer after which a destination counts as failed.
        grace: seconds that open transactions get at SIGTERM.
        parameters: more for ``[dispatcher]``.
        route: more for ``[route]``.
        sip: more for ``[sip]``.
        more: further tables, by name.
    """

    sockets: tuple[Socket, ...]
    destinations: tuple[str, ...]
    algorithm: int | str = 4
    relay: str = "stateful"
    silence: float = 10.0
    grace: float = 5.0
    level: bool = False
    parameters: Mapping[str, Value] = field(default_factory=dict)
    route: Mapping[str, Value] = field(default_factory=dict)
    sip: Mapping[str, Value] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def tables(self) -> dict[str, dict[str, Value]]:
        """The configuration, table by table."""
        return {
            "sip": {
                "listen": [f"{proto}:{Socket(proto, port, host).address}" for proto, port, host in self.sockets],
                "secret_file": "secret",
                **self.sip,
            },
            "sip.timers": {"fr_timer": self.silence, "grace": self.grace},
            "dispatcher": {"list_file": "dispatcher.list", "flags": 2, **self.parameters},
            "route": {"set": 1, "algorithm": self.algorithm, "relay": self.relay, **self.route},
            **{name: dict(table) for name, table in self.more.items()},
        }


def toml(tables: dict[str, dict[str, Value]]) -> str:
    """Tables as TOML."""
    out = []
    for name, table in tables.items():
        out += [f"[{name}]", *(f"{key} = {_literal(value)}" for key, value in table.items()), ""]
    return "\n".join(out)


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def write_list(folder: Path, destinations: tuple[str, ...], *, level: bool = False) -> Path:
    """The list file of set 1, the first destination with the highest priority; replaced in one step.

    Args:
        level: all have the same priority; the last line is first then.
    """
    path = folder / "dispatcher.list"
    fresh = path.with_suffix(".fresh")
    count = len(destinations)
    ranked = list(zip(destinations, [10] * count if level else range(count, 0, -1), strict=True))
    if level:
        ranked.reverse()
    parted = ((*one.partition(" "), priority) for one, priority in ranked)
    fresh.write_text("".join(f"1 {uri} 0 {priority} {attrs}\n" for uri, _, attrs, priority in parted))
    return fresh.rename(path)


def write(folder: Path, plan: Plan) -> Path:
    """Configuration and list; the path of the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    write_list(folder, plan.destinations, level=plan.level)
    path = folder / "dispatcher.toml"
    path.write_text(toml(plan.tables()))
    return path


def command(config: Path) -> list[str]:
    """What an operator types."""
    return [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile=", "dispatcher", "-c", str(config)]


def launch(name: str, folder: Path, config: Path, sockets: tuple[Socket, ...]) -> Process:
    """``twistd dispatcher`` on this configuration."""
    environment = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return Process(name, command(config), folder, sockets=sockets, environment=environment)


def start(name: str, folder: Path, plan: Plan) -> Process:
    """The proxy under test, starting."""
    config = write(folder, plan)
    if STAND_IN:
        listed = folder / "dispatcher.list"
        return kamailio.balancer(name, folder, plan.sockets, listed, int(plan.algorithm), plan.silence)
    return launch(name, folder, config, plan.sockets)
