"""Where a fault happens: three gateways, the service, and a caller that goes on calling."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dispatch.test.real import control, ports, service
from dispatch.test.real.lossy import LossyRelay
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import accept, ack, arrives, document, invite, pause, refuse, response, ringing, stay
from dispatch.test.real.sipp import Sipp

GATEWAYS: Final = 3
SILENCE: Final = 2.0  # seconds without an answer after which the next gateway is asked
_PATIENCE: Final = 60

# A call is one that is set up: an open call dies with its gateway, whatever stands in front of it.
_CALLER: Final = document(
    "caller",
    *(invite(via=";rport", transaction="set-up"), response(100, optional=True, transaction="set-up")),
    response(180, optional=True, transaction="set-up"),
    *(response(200, routes=True, transaction="set-up"), ack(via=";rport", transaction="set-up"), stay(200)),
)
TAKES: Final = document("gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), stay(500))
REFUSES: Final = document("refusing", arrives("INVITE"), refuse(503, "Busy"), arrives("ACK"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fault came to.

    Attributes:
        calls: made.
        lost: of them were not set up.
        held: of these had got the provisional answer that shows that they were with what failed.
        moved: times that a call went on to another gateway; None where the counters did not live to tell.
    """

    calls: int
    lost: int
    held: int
    moved: int | None


@dataclass
class Stage:
    """All that plays a part; everything ends with `close`.

    Attributes:
        folder: of the service; the list is in it.
        rate: calls a second.
        calls: altogether.
        health: ``[health]``.
        parameters: more for ``[dispatcher]``.
        scenarios: of the gateways.
        loss: share of datagrams lost on the way to each gateway, both ways.
        storm: destinations of another set, all of them dead and probed.
        state: file that the state is kept in; None for none.
    """

    folder: Path
    rate: int
    calls: int
    health: dict[str, service.Value] = field(default_factory=dict)
    parameters: dict[str, service.Value] = field(default_factory=dict)
    scenarios: tuple[str, ...] = (TAKES,) * GATEWAYS
    loss: float = 0.0
    storm: int = 0
    state: str | None = None

    def __post_init__(self) -> None:
        self._stack = ExitStack()
        self._names = iter(f"process-{number}" for number in range(1000))
        self.folder.mkdir(parents=True)

    def open(self) -> None:
        """Gateways and service are there."""
        self.gateways = [self.gateway(scenario) for scenario in self.scenarios]
        self.reached_at = [self._road(one) if self.loss else one.sockets[0] for one in self.gateways]
        self.at = _address()
        self.config = service.write(self.folder, self._plan())
        if self.storm:
            with (self.folder / "dispatcher.list").open("a") as listed:
                listed.writelines(f"2 sip:127.1.{one >> 8}.{one & 255}:9 8\n" for one in range(self.storm))
        control.enable(self.config, Path(f"/tmp/faults-{self.at.port}.sock"))
        self.start()

    def _plan(self) -> service.Plan:
        more: dict[str, dict[str, service.Value]] = {
            "health": self.health,
            "health.ejection": {"consecutive_failures": 5, "base_time": 30},
        }
        if self.state is not None:
            more["state"] = {"file": self.state}
        return service.Plan(
            (self.at,),
            tuple(f"sip:{one.address}" for one in self.reached_at),
            silence=SILENCE,
            level=True,
            parameters=self.parameters,
            more=more,
        )

    def start(self) -> None:
        """The service, once more where it has ended."""
        self.proxy = service.launch(next(self._names), self.folder, self.config, (self.at,))
        self._keep(self.proxy)
        self.proxy.wait_bound()

    def gateway(self, scenario: str = TAKES, at: Socket | None = None) -> Sipp:
        """One more gateway, or one in place of another."""
        made = Sipp(
            next(self._names),
            scenario,
            self.folder,
            at or _address(),
            calls=None,
            traced=False,
            patient=True,
            lasting=_PATIENCE,
        )
        self._keep(made)
        made.wait_bound()
        return made

    def _road(self, to: Sipp) -> Socket:
        relay = LossyRelay(_address(), to.sockets[0], loss=self.loss, reorder=0.0, seed=to.pid)
        relay.start()
        self._stack.callback(relay.stop)
        return relay.at

    def _keep(self, process: Process) -> None:
        self._stack.callback(process.stop, signal.SIGKILL)

    def reload(self) -> None:
        """The list is to be read again."""
        self.proxy.send_signal(signal.SIGHUP)

    def perform(self, fault: Callable[[Stage], None], held_after: int) -> Outcome:
        """Let the caller call, and the fault happen in the middle of it.

        Args:
            fault: what happens.
            held_after: provisional answer that a call has got when it is in the process that dies.
        """
        caller = Sipp(
            "caller",
            _CALLER,
            self.folder,
            _address(),
            to=self.at,
            calls=self.calls,
            rate=self.rate,
            patient=True,
            lasting=_PATIENCE,
        )
        self._keep(caller)
        time.sleep(self.calls / self.rate / 4)
        fault(self)
        caller.wait(within=_PATIENCE + 10)
        lost, held = _lost(caller, held_after)
        return Outcome(self.calls, lost, held, self._moved(self.calls))

    def _moved(self, calls: int) -> int | None:
        answer = control.ctl(self.config, "list", "--json")
        if answer.status:
            return None
        moved = sum(row["selected"] for row in json.loads(answer.out) if row["set"] == 1) - calls
        return moved if moved >= 0 else None

    def close(self) -> None:
        """End all that was started."""
        self._stack.close()


def _lost(caller: Sipp, held_after: int) -> tuple[int, int]:
    """Calls that were not set up, and how many of them had got that provisional answer."""
    answers: dict[bytes, set[str]] = {}
    for seen in caller.messages():
        kinds = answers.setdefault(seen.value(b"Call-ID"), set())
        kinds.add(seen.kind)
    lost = [kinds for kinds in answers.values() if "200" not in kinds]
    return len(lost), sum(str(held_after) in kinds for kinds in lost)


def _address() -> Socket:
    return Socket("udp", ports.free())
