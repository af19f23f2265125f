"""A row of the table of functions: what the compiler, `KSR`, `dispatch check` and the documentation know of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from dispatch.script.act import Act, Block

OK: Final = 1
FAILED: Final = -1


class Kind(Enum):
    """What an argument is."""

    FORMAT = "text with variables"
    STRING = "text as it is"
    INTEGER = "number"
    NUMBER = "number or text of one, which the function looks at itself"
    REGEX = "regular expression"
    VARIABLE = "variable"
    ROUTE = "name of a route"
    FLAG = "number or name of a flag"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a module, callable by a script.

    Attributes:
        module: what has to be loaded; ``core`` is always there.
        name: as scripts write it.
        call: takes the act and the arguments: an int for `INTEGER` and `FLAG`, bytes or an int for `NUMBER`, a pattern
            for `REGEX`, an `ActVariable` for `VARIABLE`, a string for `ROUTE`, bytes for the others. Gives the code.
        parameters: of each argument, in order.
        optional: how many of the last ones may be left out.
        blocks: where it may be called.
        help: what it does, for the operator; what is different too.
        arms: the kind of route that its argument names.
    """

    module: str
    name: str
    call: Callable[..., int]
    parameters: tuple[Kind, ...] = ()
    optional: int = 0
    blocks: Block = Block.ALL
    help: str = ""
    arms: Block | None = None


def code(success: bool) -> int:
    """1 for success, -1 for none."""
    return OK if success else FAILED


def accepted(act: Act, *arguments: object) -> int:
    """What happens anyway, or has no meaning here."""
    return OK
