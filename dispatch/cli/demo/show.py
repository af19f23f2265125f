"""What happens in the demonstration, and what is printed of it.

Two halves of calls; between them one gateway dies. What is printed of a call is put together from three witnesses: the
caller, the gateway that got the INVITE, and the service's own record of its decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.interfaces import IReactorTime

from dispatch.cli.demo.caller import Call, Caller
from dispatch.cli.demo.gateway import Gateway
from dispatch.script.route import Decision

HALF: Final = 6  # calls before the death of a gateway, and after it
_PACE: Final = 0.25  # seconds from one call to the next


class Show:
    """Runs the calls and tells about them.

    Args:
        gateways: all of them, alive.
        clock: for the pace.
        say: prints a line.
        finished: called at the end, with whether all calls succeeded and all witnesses agree.

    Attributes:
        caller: to be given a socket before `begin`.
    """

    def __init__(
        self,
        gateways: Sequence[Gateway],
        target: tuple[str, int],
        clock: IReactorTime,
        say: Callable[[str], None],
        finished: Callable[[bool], None],
    ) -> None:
        self.caller = Caller(target, clock, self._call_ended)
        self._gateways = gateways
        self._clock = clock
        self._say = say
        self._finished = finished
        self._decisions: dict[bytes, list[Decision]] = defaultdict(list)
        self._ended: list[Call] = []
        self._misled = 0

    def begin(self) -> None:
        """The first half."""
        self._say("")
        self._make_calls(1)

    def observe(self, decision: Decision) -> None:
        """The service sends a request to a destination."""
        if decision.method == b"INVITE":
            self._decisions[decision.call_id].append(decision)

    def _make_calls(self, first: int) -> None:
        for index in range(HALF):
            self._clock.callLater(index * _PACE, self.caller.call, first + index)

    def _call_ended(self, call: Call) -> None:
        self._ended.append(call)
        taker = self.taker(call.call_id)
        decisions = self._decisions[call.call_id]
        if not call.failure and (taker is None or not decisions or decisions[-1].destination != taker.uri):
            self._misled += 1
        for line in describe(call, decisions, taker):
            self._say(line)
        if len(self._ended) == HALF:
            self._kill()
        elif len(self._ended) == 2 * HALF:
            self._sum_up()

    def taker(self, call_id: bytes) -> Gateway | None:
        """The gateway that got the INVITE; the last one where several did."""
        takers = [gateway for gateway in self._gateways if call_id in gateway.taken]
        return max(takers, key=lambda gateway: gateway.is_alive, default=None)

    def _kill(self) -> None:
        # The busiest: whatever the algorithm, calls will go there again.
        victim = max(self._gateways, key=lambda gateway: len(gateway.taken))
        victim.die()
        self._say("")
        self._say(f"{_text(victim.uri)} dies: its socket is closed, what is sent there is lost")
        self._say("")
        self._make_calls(1 + HALF)

    def _sum_up(self) -> None:
        self._say("")
        for line in table(self._gateways, self._decisions):
            self._say(line)
        failed = sum(bool(call.failure) for call in self._ended)
        self._say("")
        self._say(f"{len(self._ended)} calls, {failed} failed" + self._disagreement())
        self._finished(not failed and not self._misled)

    def _disagreement(self) -> str:
        if not self._misled:
            return "; caller, gateways and the service's own record agree on each"
        return f"; on {self._misled} the service's record is not what the gateways saw"


def describe(call: Call, decisions: Sequence[Decision], taker: Gateway | None) -> list[str]:
    """A call in a line for each destination that was tried."""
    lines = []
    for decision in decisions:
        lines.append(f"          {decision.attempt}. {_text(decision.destination)}: {decision.why}")
    end = f"FAILED: {call.failure}" if call.failure else "taken by " + (_text(taker.uri) if taker else "nobody we know")
    head = f"call {call.number:>3}  {end}  INVITE {' '.join(call.steps)}  {call.duration:.2f} s"
    return [head, *lines]


def table(gateways: Sequence[Gateway], decisions: dict[bytes, list[Decision]]) -> list[str]:
    """Calls, share and failovers of each gateway."""
    taken = sum(len(gateway.taken) for gateway in gateways)
    rows = [f"{'gateway':<28}{'calls':>7}{'share':>8}{'failed over':>13}  now"]
    for gateway in gateways:
        lost = sum(earlier.destination == gateway.uri for tried in decisions.values() for earlier in tried[:-1])
        share = len(gateway.taken) / taken if taken else 0.0
        state = "answers" if gateway.is_alive else "dead"
        rows.append(f"{_text(gateway.uri):<28}{len(gateway.taken):>7}{share:>8.0%}{lost:>13}  {state}")
    return rows


def _text(uri: bytes) -> str:
    return uri.decode("latin-1")
