"""`dispatchctl top`: what goes where right now, drawn again and again."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from dispatch.balance.counts import BOUNDS, percentile
from dispatch.cli import table
from dispatch.control.client import connect
from dispatch.control.command import Column
from dispatch.control.commands.stats import Statistic, counted
from dispatch.control.commands.traffic import Traffic
from dispatch.control.text import printable

_HOME: Final = "\x1b[H"
_CLEAR: Final = "\x1b[2J"
_LINE_END: Final = "\x1b[K\r\n"  # also where a terminal does not wrap
_SCREEN_END: Final = "\x1b[J"
_HEAD: Final = 4  # lines that are no destinations
_SIZE: Final = (80, 24)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the service said at a moment.

    Attributes:
        time: seconds, never going back.
        traffic: over all.
        statistics: of each destination and set.
    """

    time: float
    traffic: Traffic
    statistics: Sequence[Statistic]


@dataclass(frozen=True, slots=True)
class Busy:
    """A destination between two moments.

    Attributes:
        set: id of its set.
        uri: as listed.
        state: two letters, at the end.
        calls_per_second: requests it was picked for.
        share: of those of its set, in percent.
        failures_per_second: requests that failed there.
        p50: ms within which half of the first answers came; -1 for none, or where that is not counted.
        p95: the same for 95 of a hundred.
    """

    set: int
    uri: str
    state: str
    calls_per_second: float
    share: float
    failures_per_second: float
    p50: int
    p95: int


COLUMNS: Final = (
    Column("SET", lambda one: one.set),
    Column("DESTINATION", lambda one: one.uri),
    Column("STATE", lambda one: one.state, is_state=True),
    Column("CALLS/S", lambda one: round(one.calls_per_second)),
    Column("SHARE %", lambda one: round(one.share)),
    Column("FAILURES/S", lambda one: round(one.failures_per_second)),
    Column("P50 MS", lambda one: counted(one.p50)),
    Column("P95 MS", lambda one: counted(one.p95)),
)


def busy(before: Snapshot, after: Snapshot) -> list[Busy]:
    """What each destination did between two moments; one that is new did what it has done since it came."""
    seconds = max(after.time - before.time, 0.001)
    known = {(one.set, one.uri): one for one in before.statistics}
    differences = [(one, *_difference(known.get((one.set, one.uri)), one)) for one in after.statistics]
    totals = {one.set: requests for one, requests, _, _ in differences if not one.uri}
    return [
        Busy(
            one.set,
            one.uri,
            one.state,
            requests / seconds,
            100 * requests / max(totals.get(one.set, 0), 1),
            failures / seconds,
            percentile(took, 50),
            percentile(took, 95),
        )
        for one, requests, failures, took in differences
        if one.uri
    ]


def _difference(before: Statistic | None, after: Statistic) -> tuple[int, int, list[int]]:
    """Requests, failures and times; none is below 0, also where the service began anew meanwhile."""
    old = (before.requests, before.failures, _took(before)) if before is not None else (0, 0, [0] * len(BOUNDS))
    return (
        max(after.requests - old[0], 0),
        max(after.failures - old[1], 0),
        [max(now - then, 0) for now, then in zip(_took(after), old[2], strict=True)],
    )


def _took(one: Statistic) -> list[int]:
    """The histogram as numbers, 0 included."""
    counts = dict(text.split(": ", 1) for text in one.histogram)
    return [int(counts.get(str(bound), 0)) for bound in BOUNDS]


def rates(before: Snapshot, after: Snapshot) -> Mapping[str, float]:
    """Per second between two moments, over all."""
    seconds = max(after.time - before.time, 0.001)
    names = ("requests", "responses", "malformed", "refused", "stray")
    return {name: max(getattr(after.traffic, name) - getattr(before.traffic, name), 0) / seconds for name in names}


def screen(before: Snapshot, after: Snapshot, *, lines: int, colour: bool) -> Iterator[str]:
    """The lines of a screen; where not all destinations have room, the busiest do.

    Args:
        before: the moment before.
        after: the moment that is shown.
        lines: of the screen; 0 for any number.
        colour: show states in colours.
    """
    each = rates(before, after)
    yield (
        f"per second: {each['requests']:.0f} requests, {each['responses']:.0f} responses, "
        f"{each['malformed']:.0f} malformed, {each['refused']:.0f} refused, {each['stray']:.0f} stray"
    )
    yield f"open transactions: {after.traffic.transactions}; running for {after.traffic.seconds} s"
    yield ""
    rows = busy(before, after)
    room = max(lines - _HEAD - 1, 1) if lines else len(rows)
    if len(rows) > room:
        rest = len(rows) - room
        rows = sorted(rows, key=lambda one: one.calls_per_second, reverse=True)[:room]
        yield from table.lines(COLUMNS, rows, colour=colour)
        yield f"and {rest} that have less to do"
    elif rows:
        yield from table.lines(COLUMNS, rows, colour=colour)
    else:
        yield "no destinations"


def document(before: Snapshot, after: Snapshot) -> dict[str, Any]:
    """The same for programs."""
    return {
        "seconds": after.time - before.time,
        "transactions": after.traffic.transactions,
        "per_second": dict(rates(before, after)),
        "destinations": [asdict(one) for one in busy(before, after)],
    }


def add_arguments(parser: ArgumentParser) -> None:
    """What may be typed behind it."""
    parser.add_argument("--interval", type=_seconds, default=1.0, metavar="SECONDS", help="between two screens; 1")
    parser.add_argument(
        "--once", action="store_true", help="print one screen and end, as where the output is no terminal"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise ArgumentTypeError("write seconds from 0.1 to 3600")
    return seconds


def can_redraw() -> bool:
    """Whether the output is a terminal that knows how to go back."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


@inlineCallbacks
def watch(
    endpoint: Any, reactor: Any, interval: float, show: Callable[[Snapshot, Snapshot], bool]
) -> Generator[Deferred[Any], Any, None]:
    """Ask the service once an interval, and show what was between; until `show` says that it is enough."""
    client = yield connect(endpoint)
    try:
        before = None
        while True:
            traffic = yield client.call("traffic")
            statistics = yield client.call("stats")
            after = Snapshot(reactor.seconds(), traffic, statistics)
            if before is not None and not show(before, after):
                return
            before = after
            yield deferLater(reactor, interval, lambda: None)
    finally:
        client.close()


def draw(before: Snapshot, after: Snapshot, *, colour: bool) -> None:
    """Put a screen where the one before is."""
    width, height = shutil.get_terminal_size(_SIZE)
    lines = [
        line if colour and "\x1b" in line else printable(line)[:width]
        for line in screen(before, after, lines=height, colour=colour)
    ]
    sys.stdout.write(_HOME + _LINE_END.join(lines) + _LINE_END.rstrip("\r\n") + _SCREEN_END)
    sys.stdout.flush()


def begin() -> None:
    """An empty screen."""
    sys.stdout.write(_CLEAR)
