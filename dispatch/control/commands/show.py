"""`show`: all that is known of a destination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.history import moment
from dispatch.balance.latency import Latency
from dispatch.control.command import Argument, Command, Control, Door
from dispatch.control.commands.stats import counts_of, outcomes
from dispatch.control.finding import find, find_set
from dispatch.control.text import to_text
from dispatch.errors import UnknownDestination

_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A destination.

    Attributes:
        set: id of its set.
        uri: as the list names it.
        duid: its unique id; empty for none.
        state: two letters.
        since: when it got that state, in UTC; empty where it has it since it came into the list.
        reason: why it got that state; empty likewise.
        admin: what a person decided apart from that; empty for nothing.
        kept_out: why live traffic keeps it out now; empty where it does not.
        transport: what it is reached by, in capitals.
        address: of its host; empty where that is not known.
        stands_for: what it stands for where it is given by name, in words; empty where it is not.
        socket: local socket that is sent from; empty for any that fits.
        priority: highest first.
        attributes: as the list has them.
        line: of the list that names it, from 1.
        calls: open there; -1 where calls are not counted.
        requests: it was picked for.
        failovers: those of them that came after another destination.
        failures: requests that failed there.
        last_failure: how the latest of them failed; empty when none did.
        ejections: how often live traffic has taken it out.
        answers_2xx: see `stats.Statistic`, for this and what follows.
        probe_latency: ms from a probe to its answer, in words; empty where that is not measured.
        history: its latest changes in words, the latest last.
    """

    set: int
    uri: str
    duid: str
    state: str
    since: str
    reason: str
    admin: str
    kept_out: str
    transport: str
    address: str
    stands_for: str
    socket: str
    priority: int
    attributes: str
    line: int
    calls: int
    requests: int
    failovers: int
    failures: int
    last_failure: str
    ejections: int
    answers_2xx: int
    answers_3xx: int
    answers_4xx: int
    answers_5xx: int
    answers_6xx: int
    timeouts: int
    unreachable: int
    p50: int
    p95: int
    p99: int
    probe_latency: str
    history: tuple[str, ...]


def run(control: Control, set: int, uri: str | None = None) -> Iterator[Shown]:
    """One destination, or all of a set.

    Raises:
        UnknownDestination: there is none.
    """
    members: Sequence[Destination] = find_set(control, set).members if uri is None else (find(control, set, uri),)
    return (_shown(control, one) for one in members)


def _shown(control: Control, one: Destination) -> Shown:
    condition = one.condition
    calls = control.dispatcher.calls_at(one)
    history = condition.history or ()
    latest = next((entry for entry in reversed(history) if entry.before != entry.after), None)
    return Shown(
        one.group,
        to_text(one.uri),
        to_text(one.duid),
        health.letters(condition.flags),
        moment(condition.changed) if condition.changed else "",
        latest.reason if latest is not None else "",
        condition.admin.word if condition.admin is not None else "",
        condition.conduct.reason if condition.conduct is not None else "",
        one.transport.decode("latin-1"),
        control.address_of(one.host) or "",
        control.standing(one),
        f"{one.socket.proto}:{one.socket.host}:{one.socket.port}" if one.socket is not None else "",
        one.priority,
        to_text(one.attrs),
        one.line,
        calls if calls is not None else -1,
        condition.selected,
        condition.failovers,
        condition.failures,
        condition.last_failure,
        condition.ejected,
        *outcomes(counts_of(condition, control.dispatcher.statistics is not None)),
        _latency(condition.latency) if control.probing.measures else "",
        tuple(
            [
                f"{moment(entry.time)} {health.letters(entry.before)} -> {health.letters(entry.after)}"
                f"{' ' + entry.event if entry.event else ''}: {entry.reason}"
                for entry in list(history)[-_LINES:]
            ]
        ),
    )


def _latency(one: Latency) -> str:
    return (
        f"now {one.estimate:.1f}, average {one.average:.1f}, deviation {one.deviation:.1f}, {one.least} to {one.most}; "
        f"{one.samples} answers, {one.timeouts} timeouts"
    )


def _sentence(one: Shown) -> str:
    """A line for each thing that there is something to say of."""
    answers = ((f"answers_{kind}xx", f"{kind}xx") for kind in range(2, 7))
    became = [f"{word} {getattr(one, name)}" for name, word in answers if getattr(one, name) > 0]
    became += [f"{word} {number}" for word, number in _troubles(one) if number > 0]
    first_answers = (
        f"{one.p50} ms for half of them, {one.p95} ms for 95 %, {one.p99} ms for 99 %" if one.p50 > 0 else ""
    )
    since = f" since {one.since}: {one.reason}" if one.since else ""
    lines = (
        ("state", one.state + since),
        ("decided", one.admin),
        ("kept out", one.kept_out),
        ("duid", one.duid),
        ("address", f"{one.address or 'not known'}, {one.transport}" + (f" from {one.socket}" if one.socket else "")),
        ("stands for", one.stands_for),
        ("priority", str(one.priority)),
        ("attributes", one.attributes),
        ("line", f"{one.line} of the list"),
        ("open calls", str(one.calls) if one.calls >= 0 else ""),
        ("requests", f"{one.requests}, {one.failovers} of them after another destination"),
        ("failures", f"{one.failures}{', the last: ' + one.last_failure if one.last_failure else ''}"),
        ("ejections", str(one.ejections or "")),
        ("became", ", ".join(became)),
        ("first answers", first_answers),
        ("probes, ms", one.probe_latency),
        *(("history", line) for line in one.history),
    )
    return "\n".join([f"set {one.set} {one.uri}", *(f"  {name:<14} {text}" for name, text in lines if text)])


def _troubles(one: Shown) -> tuple[tuple[str, int], ...]:
    return ("timeouts", one.timeouts), ("unreachable", one.unreachable)


SHOW: Final = Command(
    names={Door.AMP: "show", Door.CTL: "show"},
    help="show all that is known of a destination, or of each of a set",
    arguments=(
        Argument("set", int, "id of the set"),
        Argument("uri", str, "the destination, as listed; all of the set without it", optional=True),
    ),
    run=run,
    answer=Shown,
    is_listing=True,
    errors=(UnknownDestination,),
    sentence=_sentence,
    nothing="no destinations",
)
