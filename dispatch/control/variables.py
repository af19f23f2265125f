"""What can be changed while the service runs, by the names of the original's configuration framework.

There a variable is one of a group: `kamcmd cfg.set_now_int dispatcher probing_threshold 3`.
A value holds until the service ends; a reload does not touch it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dispatch.balance import reply_codes
from dispatch.control.command import BadValue, Control
from dispatch.control.text import printable, to_bytes, to_text

_LARGEST: Final = 2**31 - 1
_SILENCE: Final = (
    "408 is among them, and no answer at all counts as 408: a destination that is silent never gets inactive"
)


@dataclass(frozen=True, slots=True)
class Variable:
    """One of them.

    Attributes:
        group: as the original has it.
        name: in that group.
        kind: int or str.
        help: one line.
        read: the value in force.
        write: put a value of that kind in force; gives what is odd about it. Raises BadValue, and the one before stays.
    """

    group: str
    name: str
    kind: type[int] | type[str]
    help: str
    read: Callable[[Control], int | str]
    write: Callable[[Control, Any], tuple[str, ...]]

    @property
    def full_name(self) -> str:
        return f"{self.group}.{self.name}"


def _set_probing_threshold(control: Control, value: int) -> tuple[str, ...]:
    control.dispatcher.probing_threshold = _count(value)
    return ()


def _set_inactive_threshold(control: Control, value: int) -> tuple[str, ...]:
    control.dispatcher.inactive_threshold = _count(value)
    return ()


def _count(value: int) -> int:
    if not 0 <= value <= _LARGEST:
        raise BadValue(f"{value} is no threshold; write a number from 1 on")
    return value


def _set_reply_codes(control: Control, value: str) -> tuple[str, ...]:
    if not value:
        raise BadValue("no reply codes are given; for 2xx alone write 'class=2'")
    codes = to_bytes(value)
    try:
        control.probing.set_reply_codes(codes)
    except ValueError as error:
        raise BadValue(f"{error}; write e.g. 'class=2;code=403'") from None
    warnings = tuple(reply_codes.mistakes(codes))
    return (*warnings, _SILENCE) if control.probing.takes_silence else warnings


VARIABLES: Final = (
    Variable(
        "dispatcher",
        "probing_threshold",
        int,
        "failures in a row that make a destination inactive (ds_probing_threshold)",
        lambda control: control.dispatcher.probing_threshold,
        _set_probing_threshold,
    ),
    Variable(
        "dispatcher",
        "inactive_threshold",
        int,
        "good answers in a row that make it active again (ds_inactive_threshold)",
        lambda control: control.dispatcher.inactive_threshold,
        _set_inactive_threshold,
    ),
    Variable(
        "dispatcher",
        "ping_reply_codes",
        str,
        "answers to a probe that are as good as a 2xx (ds_ping_reply_codes)",
        lambda control: to_text(control.probing.codes),
        _set_reply_codes,
    ),
)


def find(name: str) -> Variable:
    """The variable of that full name: ``dispatcher.probing_threshold``.

    Raises:
        BadValue: there is none.
    """
    known = {one.full_name: one for one in VARIABLES}
    if name in known:
        return known[name]
    shown = printable(name[:60])
    near = difflib.get_close_matches(shown, known, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
    raise BadValue(f"there is no variable '{shown}'; {hint}")
