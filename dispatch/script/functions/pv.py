"""Module `pv`: questions about variables."""

from __future__ import annotations

from typing import Final

from dispatch.script.act import Act
from dispatch.script.act_variables import ActVariable
from dispatch.script.functions.function import FAILED, OK, Function, Kind, code
from dispatch.script.values import text, whole_number


def pv_isset(act: Act, variable: ActVariable) -> int:
    return code(variable.read(act) is not None)


def pv_unset(act: Act, variable: ActVariable) -> int:
    if variable.write is None:
        return FAILED
    variable.write(act, None)
    return OK


def is_int(act: Act, variable: ActVariable) -> int:
    value = variable.read(act)
    return code(value is not None and whole_number(text(value)) is not None)


def not_empty(act: Act, variable: ActVariable) -> int:
    return code(bool(text(variable.read(act))))


def xavp_params_explode(act: Act, written: bytes, root: bytes) -> int:
    values: dict[str, bytes | int] = {}
    for one in written.split(b";"):
        name, _, value = one.strip().partition(b"=")
        if name:
            values[name.decode("latin-1")] = value
    act.values.xavps.setdefault(root.decode("latin-1"), []).insert(0, values)
    return OK


def xavp_rm(act: Act, root: bytes) -> int:
    return code(act.values.xavps.pop(root.decode("latin-1"), None) is not None)


_V: Final = (Kind.VARIABLE,)
FUNCTIONS: Final = (
    Function("pv", "pv_isset", pv_isset, _V, help="not null"),
    Function("pv", "pv_unset", pv_unset, _V, help="makes it null"),
    Function("pv", "is_int", is_int, _V, help="a whole number"),
    Function("pv", "not_empty", not_empty, _V, help="neither null nor empty"),
    Function(
        "pv", "xavp_params_explode", xavp_params_explode, (Kind.FORMAT, Kind.STRING), help="`a=1;b=2` into an XAVP"
    ),
    Function("pv", "xavp_rm", xavp_rm, (Kind.STRING,), help="takes an XAVP away, all roots"),
)
