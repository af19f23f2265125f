"""What a run comes to, in lines that can be compared; who goes through it is a `Party`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from dispatch.test.differential.states.courses import Command, Run

Trace = list[str]


class Seen(NamedTuple):
    """How it stands.

    Attributes:
        letters: of each destination, in the order of listings; more than one where its URI stands in more lines.
        events: ``down`` and ``up`` since the last look, in order, with the destination.
    """

    letters: Sequence[tuple[int, str]]
    events: Sequence[tuple[int, str]]


class Party(Protocol):
    """Who goes through a run; destinations are numbers."""

    def reload(self, number: int) -> Seen:
        """Read the list of a round."""

    def set_codes(self, codes: str) -> None:
        """Other reply codes, or the same where these are none."""

    def command(self, commands: Mapping[int, Command]) -> tuple[Mapping[int, str], Seen]:
        """Do a command for some of them; what each returned, 1 or -1."""

    def probe(self, answers: list[int]) -> tuple[Mapping[int, int], Seen]:
        """Let each be probed once that is to be; how many probes each got, and how it stands after the answers."""


def tell(run: Run, party: Party) -> list[Trace]:
    """Go through a run; what became of each course."""
    traces: list[Trace] = [[] for _ in run.courses]

    def note(what: Mapping[int, str], seen: Seen) -> None:
        words: defaultdict[int, list[str]] = defaultdict(list)
        for number, word in (*seen.letters, *seen.events):
            words[number].append(word)
        # An event of one that nothing was done to would be told too.
        for number in {*what, *(number for number, _ in seen.events)}:
            traces[number].append(f"{what.get(number, 'nothing')}: {' '.join(words[number])}")

    everyone = range(len(run.courses))
    for at, shared in enumerate(run.rounds):
        if shared.reload:
            note(dict.fromkeys(everyone, f"round {at}, reload"), party.reload(at))
        if shared.codes is not None:
            party.set_codes(shared.codes)
        steps = [course[at] for course in run.courses]
        for wave in range(max(len(step.commands) for step in steps)):
            commands = {one: step.commands[wave] for one, step in enumerate(steps) if len(step.commands) > wave}
            returned, seen = party.command(commands)
            what = {
                one: f"round {at}, {kind} {commands[one][1]!r} {returned[one]}" for one, (kind, _) in commands.items()
            }
            note(what, seen)
        probes, seen = party.probe([step.answer for step in steps])
        note({one: f"round {at}, {probes.get(one, 0)} probe {steps[one].answer}" for one in everyone}, seen)
    return traces
