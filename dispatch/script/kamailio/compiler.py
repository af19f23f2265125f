"""The tree of a `kamailio.cfg` made into Python: a function for each route, no tree being walked when it runs.

The source is meant to be read (`dispatch cfg2py` prints it). What is wrong with the script is found on the way, all of
it, and nothing runs then.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dispatch.script import act
from dispatch.script.kamailio import reach
from dispatch.script.kamailio.emitter import Emitter
from dispatch.script.kamailio.tree import Block, Kind, Position, Problem, Script
from dispatch.script.stage import Routes

_PREFIXES: Final = {
    Kind.ROUTE: "route",
    Kind.FAILURE: "failure_route",
    Kind.BRANCH: "branch_route",
    Kind.ONREPLY: "onreply_route",
    Kind.EVENT: "event_route",
}
_HEAD: Final = '''"""{path}, as Python (dispatch cfg2py)."""

from dispatch.script.functions import FUNCTIONS
from dispatch.script.kamailio.runtime import *

'''


@dataclass(slots=True)
class Compiled:
    """What came of it.

    Attributes:
        source: Python.
        problems: what is wrong, and odd.
        places: for each line of `source`, counted from 1, where in the script it comes from.
    """

    source: str
    problems: list[Problem]
    places: dict[int, Position] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()

    @property
    def is_fit(self) -> bool:
        """Whether it can run."""
        return all(one.is_warning for one in self.problems)


def compile(script: Script, *, max_loops: int = 100) -> Compiled:
    """Make Python of a script.

    Args:
        script: read by `parser.parse_file`.
        max_loops: rounds of a ``while`` (`max_while_loops`).
    """
    emitter = Emitter(script, max_loops)
    names = _names(script.blocks)
    emitter.routes = {block.name: names[id(block)] for block in script.blocks if block.kind is Kind.ROUTE}
    if not any(block.kind is Kind.REQUEST for block in script.blocks):
        emitter.problem(Position(script.path, 1, 1), "there is no request_route; write request_route { ... }")
    reached = reach.reached(script.blocks)
    for block in script.blocks:
        emitter.kinds = reach.kind_of(block) or reached.get(block.name, act.Block(0))
        emitter.block(names[id(block)], block)
    emitter.line("", None)
    _tables(emitter, script, names)
    constants = emitter.constants()
    head = _HEAD.format(path=script.path.name) + constants
    shift = head.count("\n")
    places = {index + shift: at for index, (_, at) in enumerate(emitter.lines, 1) if at is not None}
    source = head + "".join(line + "\n" for line, _ in emitter.lines)
    problems = sorted(
        [*script.problems, *emitter.problems], key=lambda one: (str(one.at.file), one.at.line, one.at.column)
    )
    return Compiled(source, problems, places, frozenset(emitter.variable_names))


def _names(blocks: Iterable[Block]) -> dict[int, str]:
    names: dict[int, str] = {}
    taken: set[str] = set()
    for block in blocks:
        name = block.kind.value
        if block.kind in _PREFIXES:
            name = f"{_PREFIXES[block.kind]}_{re.sub('[^A-Za-z0-9]+', '_', block.name)}"
        while name in taken:
            name += "_"
        taken.add(name)
        names[id(block)] = name
    return names


def _tables(emitter: Emitter, script: Script, names: dict[int, str]) -> None:
    """What the routes are called, and when they run."""
    emitter.line("ROUTES.update({", None)
    for name, function in emitter.routes.items():
        emitter.line(f"    {name!r}: {function},", None)
    emitter.line("})", None)
    by_kind = {block.kind: names[id(block)] for block in script.blocks}
    emitter.line("SCRIPT = Routes(", None)
    emitter.line(f"    request={by_kind.get(Kind.REQUEST)},", None)
    emitter.line(f"    any_reply={by_kind.get(Kind.REPLY)},", None)
    emitter.line(f"    send={by_kind.get(Kind.ONSEND)},", None)
    emitter.line("    named={", None)
    for block in script.blocks:
        kind = reach.kind_of(block)
        if kind is not None and block.name:
            emitter.line(f"        (Block.{kind.name}, {block.name!r}): {names[id(block)]},", None)
    emitter.line("    },", None)
    emitter.line("    files=FILES,", None)
    emitter.line(")", None)


def load(compiled: Compiled, path: Path) -> Routes:
    """Make it run. Errors that happen in it have the lines of the script.

    Args:
        compiled: fit to run.
        path: of the script.
    """
    files = tuple(dict.fromkeys([str(path), *(str(at.file) for at in compiled.places.values())]))
    module: dict[str, object] = {"FILES": files, "__name__": "dispatch.script.compiled"}
    body = ast.parse(compiled.source).body
    for statement in body:
        file = str(path)
        for node in ast.walk(statement):
            at = compiled.places.get(getattr(node, "lineno", 0))
            if at is not None:
                file = str(at.file)
                _move(node, at.line)
        exec(builtins.compile(ast.Module([statement], []), file, "exec"), module)
    routes = module["SCRIPT"]
    assert isinstance(routes, Routes)
    return routes


def _move(node: ast.AST, line: int) -> None:
    if isinstance(node, ast.expr | ast.stmt | ast.arg):
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0
