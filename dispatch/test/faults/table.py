"""The faults: what is done to whom, and how many calls that may cost."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dispatch.test.faults.stage import REFUSES, TAKES, Outcome, Stage
from dispatch.test.real import service


@dataclass(frozen=True, slots=True)
class Fault:
    """A row.

    Attributes:
        name: for people.
        happen: does it, while calls come in.
        held_after: provisional answer that a call has got when its only copy is in the process that dies: such calls
            may be lost, others not.
        stage: how the stage differs from the usual one.
    """

    name: str
    happen: Callable[[Stage], None]
    held_after: int = 180
    stage: Mapping[str, Any] = field(default_factory=dict)


def _nothing(stage: Stage) -> None:
    """The fault was there from the beginning, or there is none."""


def _kill(stage: Stage) -> None:
    stage.gateways[0].stop(signal.SIGKILL)


def _stop(stage: Stage) -> None:
    stage.gateways[0].send_signal(signal.SIGSTOP)


def _flap(stage: Stage) -> None:
    """Dead for a second and alive for a second, four times."""
    for _ in range(4):
        stage.gateways[0].stop(signal.SIGKILL)
        time.sleep(1)
        stage.gateways[0] = stage.gateway(at=stage.gateways[0].sockets[0])
        time.sleep(1)


def _replace(stage: Stage) -> None:
    """Another list, each half second: a gateway leaves it and comes back."""
    uris = tuple(f"sip:{one.address}" for one in stage.reached_at)
    for _ in range(6):
        for listed in (uris[1:], uris):
            service.write_list(stage.folder, listed, level=True)
            stage.reload()
            time.sleep(0.5)


def _break(stage: Stage) -> None:
    (stage.folder / "dispatcher.list").write_text("1\n1 sip:192.0.2.1:5060\n")
    stage.reload()


def _delete(stage: Stage) -> None:
    (stage.folder / "dispatcher.list").unlink()
    stage.reload()


def _restart(stage: Stage) -> None:
    stage.proxy.stop(signal.SIGKILL)
    stage.start()


def _restart_without_state(stage: Stage) -> None:
    """Killed, its state file broken, started again."""
    stage.proxy.stop(signal.SIGKILL)
    (stage.folder / "state.json").write_bytes(b'{"version": 1, "dest\x00')
    stage.start()


FAULTS: Final = (
    Fault("none", _nothing),
    Fault("a gateway is killed", _kill),
    Fault("a gateway is stopped (SIGSTOP)", _stop),
    Fault("a gateway answers 503 to each call", _nothing, stage={"scenarios": (REFUSES, TAKES, TAKES)}),
    Fault("a gateway dies and comes back each second", _flap),
    Fault("5% of datagrams are lost on the way to each gateway, and back", _nothing, stage={"loss": 0.05}),
    Fault("20% of datagrams are lost there", _nothing, stage={"loss": 0.2}),
    Fault("the list is replaced 12 times in 6 seconds", _replace),
    Fault("the list file is broken: a line without a destination", _break),
    Fault("the list file is deleted", _delete),
    Fault(
        "1,000 dead destinations are probed each second",
        _nothing,
        stage={"storm": 1000, "parameters": {"ds_ping_interval": 1, "ds_probing_mode": 3}},
    ),
    Fault("the service is killed (kill -9) and started again", _restart, held_after=100, stage={"state": "state.json"}),
    Fault("the same with its state file broken", _restart_without_state, held_after=100, stage={"state": "state.json"}),
)


def row(fault: Fault, outcome: Outcome) -> str:
    """A line of the table in docs/reliability.md."""
    moved = "-" if outcome.moved is None else str(outcome.moved)
    return f"| {fault.name} | {outcome.calls} | {outcome.lost} | {outcome.held} | {moved} |"


HEAD: Final = (
    "| fault | calls | lost | of these were with what failed | times a call went on to another gateway |\n"
    "|---|---|---|---|---|"
)
