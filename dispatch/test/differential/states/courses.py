"""What happens to destinations: random courses, each for one destination, all of them in the same rounds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, TypeVar

MARK: Final = "mark"
SET_STATE: Final = "set_state"
SILENT: Final = 0

# What ds_mark_dst may be called with in a script, where it takes no variable; None for no argument.
MARKS: Final[tuple[str | None, ...]] = (
    None,
    "",
    *("".join(letters) for size in (1, 2) for letters in itertools.product("aitdp", repeat=size)),
    *("tdp", "itp", "tpa", "atp", "dpi", "AP", "iP", "T", "x", "1", "ax"),
)
_USUAL: Final = (None, "a", "ap", "i", "ip", "t", "tp", "d", "p")
_STATES: Final = ("a", "i", "d", "t", "ap", "ip", "tp", "dp", "A", "IP", "0", "1", "2", "3", "0p", "pa", "zz", "axxx")
_FLAGS: Final = (0, 0, 8, 8, 1, 9, 2, 10, 4, 12, 3, 5, 13, 16, 24, 32)
_ANSWERS: Final = (200, 202, 299, 100, 180, 300, 302, 400, 404, 408, 480, 486, 500, 503, 600, 603)
_CODES: Final = ("code=404", "class=4", "code=404;class=3", "CODE=503;Class=5", "code=408", "foo=1", "code=404,class=5")
# At run time anything can be tried.
_LATE_CODES: Final = (*_CODES, "", "class=4;", "code=4040", "class = 3", "404")

Command = tuple[str, str | None]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Round:
    """What happens to all of them at once, before anything else in a round.

    Attributes:
        reload: the list is read again.
        codes: `ds_ping_reply_codes` from now on; None for those before.
    """

    reload: bool = False
    codes: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one destination in a round.

    Attributes:
        flags: in the list, when that is read again now; more than one where the same URI stands in more lines.
        commands: `MARK` or `SET_STATE`, with letters.
        answer: status that a probe gets after them; `SILENT` for nothing.
    """

    flags: tuple[int, ...]
    commands: tuple[Command, ...]
    answer: int


Course = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Courses that are gone through side by side.

    Attributes:
        params: of the module.
        rounds: as many as each course has steps.
        courses: by destination; `flags` of the first step is what the list says at the start.
    """

    params: Mapping[str, Any]
    rounds: tuple[Round, ...]
    courses: tuple[Course, ...]


def written(run: Run, number: int) -> Iterator[tuple[int, int]]:
    """The lines of the list in a round: destination and flags."""
    for one, course in enumerate(run.courses):
        for flags in course[number].flags:
            yield one, flags


def draw_run(random: Random, mode: int, rounds: int, courses: int) -> Run:
    """A run with this `ds_probing_mode`."""
    params = {
        "ds_probing_mode": mode,
        "ds_probing_threshold": random.choice((1, 1, 2, 3, 0)),
        "ds_inactive_threshold": random.choice((1, 1, 2, 3, 0)),
        **({"ds_ping_reply_codes": random.choice(_CODES)} if random.random() < 0.5 else {}),
    }
    shared = [Round()]
    for _ in range(rounds - 1):
        codes = random.choice(_LATE_CODES) if random.random() < 0.3 else None
        shared.append(Round(random.random() < 0.2, codes))
    return Run(params, tuple(shared), tuple(_course(random, rounds) for _ in range(courses)))


def _course(random: Random, rounds: int) -> Course:
    """One that is marked and commanded now and then, and answers well or badly for a while."""
    flags, mood, steps = _flags(random), 0.5, []
    for _ in range(rounds):
        if random.random() < 0.3:
            mood = random.choice((0.1, 0.5, 0.9))
        commands = tuple(_command(random) for _ in range(random.choice((0, 0, 0, 1, 1, 2))))
        answer = 200 if random.random() < mood else random.choice((*_ANSWERS, SILENT, SILENT, SILENT))
        steps.append(Step(flags, commands, answer))
        if random.random() < 0.2:
            flags = _flags(random)
    return tuple(steps)


def _flags(random: Random) -> tuple[int, ...]:
    return tuple(random.choices(_FLAGS, k=2 if random.random() < 0.1 else 1))


def _command(random: Random) -> Command:
    if random.random() < 0.4:
        return SET_STATE, random.choice(_STATES)
    return MARK, random.choice(_USUAL if random.random() < 0.5 else MARKS)


def smaller(run: Run) -> Iterator[Run]:
    """Runs with one thing less than a run of one course, the large things first."""
    (course,) = run.courses
    for at in range(len(course)):
        if len(course) > 1:
            yield _cut(run, at)
    for at, shared in enumerate(run.rounds):
        if shared.reload:
            yield replace(run, rounds=_with(run.rounds, at, replace(shared, reload=False)))
        if shared.codes is not None:
            yield replace(run, rounds=_with(run.rounds, at, replace(shared, codes=None)))
    for name in run.params.keys() - {"ds_probing_mode"}:
        yield replace(run, params={key: value for key, value in run.params.items() if key != name})
    for at, step in enumerate(course):
        if len(step.flags) > 1:
            yield replace(run, courses=(_with(course, at, replace(step, flags=step.flags[:1])),))
        for number in range(len(step.commands)):
            commands = step.commands[:number] + step.commands[number + 1 :]
            yield replace(run, courses=(_with(course, at, replace(step, commands=commands)),))


def _cut(run: Run, at: int) -> Run:
    """Without a round; the list at the start stays what it was."""
    (course,) = run.courses
    left = course[:at] + course[at + 1 :]
    return replace(
        run,
        rounds=(Round(), *(run.rounds[:at] + run.rounds[at + 1 :])[1:]),
        courses=((replace(left[0], flags=course[0].flags), *left[1:]),),
    )


def _with(items: tuple[_Item, ...], at: int, item: _Item) -> tuple[_Item, ...]:
    return (*items[:at], item, *items[at + 1 :])
