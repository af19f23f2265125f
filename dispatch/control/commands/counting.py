"""`stats.` of the original's RPC: what the service counts, by the original's names where it counts the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Command, Control, Door, Form
from dispatch.control.values import Fault, Parameter, Struct, Value


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter.

    Attributes:
        name: its group before it: ``core:rcv_requests``.
        value: since the start.
    """

    name: str
    value: int


def _all(control: Control) -> Iterator[Counted]:
    return (Counted(name, value) for name, value in sorted(control.counters().items()))


def _asked(answer: Iterator[Counted], parameters: Sequence[Parameter]) -> list[Counted]:
    """Those that are named: ``all``, ``group:``, ``name``, ``group:name`` or ``group.name``."""
    known = list(answer)
    found: list[Counted] = []
    for wanted in map(str, parameters):
        found += [one for one in known if _is_meant(one.name, wanted)]
    return found


def _is_meant(name: str, wanted: str) -> bool:
    group, _, short = name.partition(":")
    return wanted in ("all", f"{group}:", short, name, f"{group}.{short}")


def _read(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    if not parameters or not isinstance(parameters[0], str):
        raise Fault(400, "Please provide which stats to retrieve")
    return {}


def _lines(control: Control, answer: Iterator[Counted], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return tuple(f"{one.name} = {one.value}" for one in _asked(answer, parameters))


def _texts(control: Control, answer: Iterator[Counted], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return (Struct(tuple((_dotted(one), str(one.value)) for one in _asked(answer, parameters))),)


def _numbers(control: Control, answer: Iterator[Counted], parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return (Struct(tuple((_dotted(one), one.value) for one in _asked(answer, parameters))),)


def _dotted(one: Counted) -> str:
    return one.name.replace(":", ".", 1)


def _command(name: str, form: Form) -> Command:
    return Command(
        names={Door.RPC: name},
        help="tell what is counted",
        run=_all,
        answer=Counted,
        is_listing=True,
        forms={Door.RPC: form},
    )


GET_STATISTICS: Final = _command("stats.get_statistics", Form("get core and modules stats", _lines, _read))
FETCH: Final = _command("stats.fetch", Form("fetch core and modules stats as string values", _texts, _read))
FETCHN: Final = _command("stats.fetchn", Form("fetch core and modules stats as number values", _numbers, _read))
