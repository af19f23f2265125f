"""A run as ours goes through it: the whole engine and its prober, on a clock of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from dispatch.balance import health, listfile
from dispatch.balance.change import Change
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.sip.timers import Timers
from dispatch.test.differential.states.courses import MARK, SILENT, Command, Run, written
from dispatch.test.differential.states.trace import Seen, Trace, tell
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import header, response_to, ticking

# Seconds. Chance and the gap between two turns leave all turns of a round in the first part of an interval. Answers
# come when all probes have left, as with theirs: of two lines with one URI the answer for one changes the other.
_INTERVAL: Final = 100
_TURNS: Final = 20.0
_SILENCE: Final = 25.0
_LOOK: Final = 0.05
_PEER: Final = ("192.0.2.71", 5071)


def trace(run: Run) -> list[Trace]:
    """What ours does with each course."""
    return tell(run, _Ours(run))


class _Ours:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._farm = Farm(
            self._list(0),
            timers=Timers(fr_timer=_SILENCE),
            parameters=DispatcherConfig(flags=2, ds_ping_interval=_INTERVAL, **run.params),
        )
        self._farm.dispatcher.observer = self._observed
        self._events: list[tuple[int, str]] = []
        self._began: float | None = None

    def _observed(self, change: Change) -> None:
        if change.event:
            self._events.append((_number(change.destination.uri), change.event))

    def reload(self, number: int) -> Seen:
        """See `Party`."""
        self._farm.dispatcher.replace(listfile.parse(self._list(number), Path("list"), ()), keep_state=False)
        return self._look()

    def set_codes(self, codes: str) -> None:
        """See `Party`."""
        with suppress(ValueError):
            self._farm.probing.set_reply_codes(codes.encode())

    def command(self, commands: Mapping[int, Command]) -> tuple[Mapping[int, str], Seen]:
        """See `Party`."""
        return {number: self._do(_uri(number), *one) for number, one in commands.items()}, self._look()

    def _do(self, uri: bytes, kind: str, letters: str | None) -> str:
        dispatcher = self._farm.dispatcher
        try:
            if kind == MARK:
                return "1" if dispatcher.mark(1, uri, (letters or "").encode()) is not None else "-1"
            dispatcher.set_state(1, uri, health.commanded((letters or "").encode()))
        except ValueError:
            return "-1"
        return "1"

    def probe(self, answers: list[int]) -> tuple[Mapping[int, int], Seen]:
        """See `Party`."""
        farm, clock = self._farm, self._farm.clock
        if self._began is None:
            farm.prober.startService()
            self._began = clock.seconds()
        else:
            self._began += _INTERVAL
            clock.advance(self._began - clock.seconds())
        probes: dict[bytes, tuple[int, bytes]] = {}
        while clock.seconds() < self._began + _TURNS:
            clock.advance(_LOOK)
            for probe, _ in farm.net.take():
                (call_id,) = header(probe, b"Call-ID")
                probes.setdefault(call_id, (_number(probe.partition(b" ")[2]), probe))
        for number, probe in probes.values():
            if answers[number] != SILENT:
                farm.receive(response_to(probe, answers[number]), _PEER)
        ticking(clock, _SILENCE)
        farm.net.take()
        return Counter(number for number, _ in probes.values()), self._look()

    def _look(self) -> Seen:
        letters = [(_number(one.uri), health.letters(one.flags)) for one in self._farm.dispatcher.destinations()]
        events, self._events = self._events, []
        return Seen(letters, events)

    def _list(self, number: int) -> bytes:
        return b"".join(b"1 %b %d\n" % (_uri(one), flags) for one, flags in written(self._run, number))


def _uri(number: int) -> bytes:
    return b"sip:%d@%b:%d" % (number, _PEER[0].encode(), _PEER[1])


def _number(uri: bytes) -> int:
    return int(uri.removeprefix(b"sip:").partition(b"@")[0])
