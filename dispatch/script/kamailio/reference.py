"""The table of functions and variables as Markdown, for `docs/kamailio-cfg.md`."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.script import act_variables
from dispatch.script.functions import FUNCTIONS
from dispatch.script.functions.function import Function
from dispatch.script.kamailio import transformations


def functions() -> Iterator[str]:
    """A row for each function."""
    yield "| module | function | what it does here |"
    yield "|---|---|---|"
    for one in sorted(FUNCTIONS.values(), key=lambda one: (one.module != "core", one.module, one.name)):
        yield f"| {one.module} | `{one.name}({_arguments(one)})` | {one.help} |"


def _arguments(one: Function) -> str:
    needed = len(one.parameters) - one.optional
    names = [kind.value.partition(" ")[0] for kind in one.parameters]
    optional = "".join(f"[, {name}]" for name in names[needed:])
    return (", ".join(names[:needed]) + optional).removeprefix("[, ") if needed else optional.replace("[, ", "[", 1)


def variables() -> str:
    """All of them."""
    plain = [f"`${name}`" for name in sorted(act_variables.PLAIN)]
    named = [f"`${name}(...)`" for name in sorted((*act_variables.NAMED, "def"))]
    return " ".join((*plain, *named))


def changes() -> str:
    """All transformations."""
    return " ".join(f"`{{{name}}}`" for name in sorted(transformations.NAMES))
