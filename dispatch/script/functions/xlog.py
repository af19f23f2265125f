"""Module `xlog`: lines for the log. The compiler calls them only at or below the level in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dispatch.script.act import Act
from dispatch.script.functions.function import OK, Function, Kind

LEVELS: Final = {
    "L_ALERT": -5,
    "L_BUG": -4,
    "L_CRIT2": -3,
    "L_CRIT": -2,
    "L_ERR": -1,
    "L_WARN": 0,
    "L_NOTICE": 1,
    "L_INFO": 2,
    "L_DBG": 3,
}
"""Names of levels, as scripts write them."""
ERROR: Final = -1


def level_of(word: bytes | int) -> int:
    """A level by its name or number; errors where it is none."""
    if isinstance(word, int):
        return word
    name = word.decode("latin-1").upper()
    return LEVELS.get(name, LEVELS.get(f"L_{name}", ERROR))


def write(act: Act, level: int, text: bytes) -> int:
    if level <= act.stage.level:
        act.stage.write(level, text.decode("utf-8", "replace").rstrip("\r\n"))
    return OK


def xlog(act: Act, *arguments: bytes | int) -> int:
    """``xlog([[facility,] level,] text)``."""
    level = level_of(arguments[-2]) if len(arguments) > 1 else ERROR
    text = arguments[-1]
    return write(act, level, text if isinstance(text, bytes) else b"%d" % text)


def _at(level: int) -> Callable[[Act, bytes], int]:
    def log(act: Act, text: bytes) -> int:
        return write(act, level, text)

    return log


_S, _F = Kind.STRING, Kind.FORMAT
FUNCTIONS: Final = (
    *(Function("xlog", name, xlog, (_S, _S, _F), 2, help="a line for the log") for name in ("xlog", "xlogl")),
    Function("xlog", "xalert", _at(-5), (_F,), help="level -5"),
    Function("xlog", "xcrit", _at(-2), (_F,), help="level -2"),
    Function("xlog", "xerr", _at(-1), (_F,), help="level -1"),
    Function("xlog", "xwarn", _at(0), (_F,), help="level 0"),
    Function("xlog", "xnotice", _at(1), (_F,), help="level 1"),
    Function("xlog", "xinfo", _at(2), (_F,), help="level 2"),
    *(Function("xlog", name, _at(3), (_F,), help="level 3") for name in ("xdbg", "xdbgl")),
)
