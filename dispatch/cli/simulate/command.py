"""The command: reads a list, makes calls up, and shows where the selection would send them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from dispatch.balance import listfile
from dispatch.balance.algorithms import Algorithm
from dispatch.balance.forecast import Forecast, forecasts
from dispatch.balance.roster import Roster
from dispatch.balance.selection import find_algorithm, known_algorithms
from dispatch.cli.command import Command
from dispatch.cli.simulate.chart import draw
from dispatch.control.text import to_bytes
from dispatch.errors import ConfigErrors, UnknownDestination
from dispatch.script.calls import calls
from dispatch.service.config import Config
from dispatch.service.config_file import load
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.functions import make_dispatcher
from dispatch.service.lists import source_of

_MOST: Final = 10_000_000


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=Path,
        metavar="LIST",
        help="a list file; or a configuration (*.toml), for its list, parameters, set and algorithm",
    )
    parser.add_argument("--algorithm", type=_algorithm, metavar="N", help=f"number or name: {known_algorithms()}")
    parser.add_argument("--calls", type=_count, default=10_000, metavar="N", help="how many; %(default)s")
    parser.add_argument("--fail", metavar="URI", help="show too what becomes of the calls when this destination fails")
    parser.add_argument("--set", type=int, metavar="N", help="set id; by default the configuration's, or the lowest")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one makes other calls")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw a picture as well")


def _algorithm(text: str) -> Algorithm:
    try:
        return find_algorithm(int(text) if text.removeprefix("-").isdecimal() else text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to {_MOST}")
    return int(text)


def _run(options: Namespace) -> int:
    try:
        config = load(options.file) if options.file.suffix == ".toml" else None
    except ConfigErrors as error:
        return _report(error.problems)
    roster = listfile.load(options.file, ()) if config is None else source_of(config).read()
    _report(roster.problems)
    if roster.errors:
        return 1
    group = _group(options.set, config, roster)
    if group not in roster.sets:
        there = ", ".join(map(str, sorted(roster.sets))) or "none"
        return _report([f"{options.file}: no destination in set {group}; sets with some: {there}"])
    algorithm = options.algorithm
    if algorithm is None:
        algorithm = find_algorithm(config.route.algorithm if config is not None else _FALLBACK)
    parameters = DispatcherConfig(ds_hash_size=8) if config is None else config.dispatcher
    dispatcher = make_dispatcher(parameters, Random(options.seed), lambda: 0.0, lambda line: None)
    dispatcher.replace(roster)
    failing = None if options.fail is None else to_bytes(options.fail)
    made = list(calls(Random(options.seed), options.calls))
    try:
        shown = forecasts(dispatcher, group, algorithm, made, failing)
    except UnknownDestination as error:
        there = ", ".join(member.uri.decode("latin-1") for member in roster.sets[group][:5])
        return _report([f"--fail: {error}; write one as the list has it: {there} ..."])
    number = "" if algorithm.number is None else f"{algorithm.number} "
    title = f"{number}{algorithm.name}, set {group}, {options.calls} calls"
    labels = _labels(roster, group, shown)
    print("\n".join(_table(title, labels, shown)))
    return _draw(options.svg, title, labels, shown) if options.svg is not None else 0


# What the service does when nobody says otherwise.
_FALLBACK: Final = 4


def _report(problems: Iterable[object]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1


def _group(wanted: int | None, config: Config | None, roster: Roster) -> int:
    if wanted is not None:
        return wanted
    return config.route.set if config is not None else min(roster.sets, default=1)


def _labels(roster: Roster, group: int, shown: Sequence[Forecast]) -> list[tuple[bytes | None, str]]:
    """Each URI of the set once, in the order of picking, and last what nobody takes, if anything."""
    uris = dict.fromkeys(member.uri for member in roster.sets[group])
    labels: list[tuple[bytes | None, str]] = [(uri, uri.decode("latin-1")) for uri in uris]
    return labels + [(None, "nobody")] * any(None in one.goals for one in shown)


def _table(title: str, labels: Sequence[tuple[bytes | None, str]], shown: Sequence[Forecast]) -> Iterable[str]:
    width = max(len(label) for _, label in (*labels, (None, _NEEDLESSLY))) + 2
    shares = [one.shares for one in shown]
    yield title
    yield ""
    yield f"{'':{width}}{''.join(f'{one.name:>10}' for one in shown)}"
    for goal, label in labels:
        yield f"{label:{width}}{''.join(f'{one.get(goal, 0.0):>10.1%}' for one in shares)}"
    if len(shown) > 1:
        yield ""
        after = shown[1:]
        moved = [(one.needed + one.needless) / len(one.goals) for one in after]
        yield f"{_ELSEWHERE:{width}}{'':10}{''.join(f'{share:>10.1%}' for share in moved)}"
        needless = [one.needless / len(one.goals) for one in after]
        yield f"{_NEEDLESSLY:{width}}{'':10}{''.join(f'{share:>10.1%}' for share in needless)}"


_ELSEWHERE: Final = "calls that go elsewhere"
_NEEDLESSLY: Final = "of these needlessly"


def _draw(path: Path, title: str, labels: Sequence[tuple[bytes | None, str]], shown: Sequence[Forecast]) -> int:
    try:
        path.write_text(draw(title, labels, shown), encoding="utf-8")
    except OSError as error:
        return _report([f"{path}: can't be written: {error.strerror}"])
    return 0


SIMULATE: Final = Command("simulate", "show where calls would go, and what moves on a failure", _arguments, _run)
