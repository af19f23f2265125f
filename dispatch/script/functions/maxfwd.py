"""Module `maxfwd`: hops left."""

from __future__ import annotations

from typing import Final

from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind, code

_ADDED: Final = 2


def process_maxfwd(act: Act, hops: int) -> int:
    """One less; where there is no header it is added."""
    found = act.message.max_forwards
    if found is None:
        act.append_header(b"Max-Forwards: %d\r\n" % hops)
        return _ADDED
    value, start, stop = found
    if value == 0:
        return FAILED
    act.replace(start, stop, b"%d" % min(value - 1, act.parameter("maxfwd", "max_limit", 70)))
    return OK


def is_maxfwd_lt(act: Act, hops: int) -> int:
    found = act.message.max_forwards
    return code(found is not None and found[0] < hops)


_R: Final = Block.REQUEST
FUNCTIONS: Final = (
    Function("maxfwd", "mf_process_maxfwd_header", process_maxfwd, (Kind.INTEGER,), 0, _R, "one hop less"),
    Function("maxfwd", "process_maxfwd", process_maxfwd, (Kind.INTEGER,), 0, _R, "one hop less"),
    Function("maxfwd", "maxfwd_process", process_maxfwd, (Kind.INTEGER,), 0, _R, "one hop less"),
    Function("maxfwd", "is_maxfwd_lt", is_maxfwd_lt, (Kind.INTEGER,), 0, _R, "fewer hops left"),
    Function(
        "maxfwd", "maxfwd_at_least", lambda act, hops: -is_maxfwd_lt(act, hops), (Kind.INTEGER,), 0, _R, "so many"
    ),
)
