"""The functions of a `kamailio.cfg` and of `KSR`: one file per module, and the table of them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatch.script.functions import core, dispatcher, kex, maxfwd, pv, rr, sanity, siputils, sl, textops, tm, xlog
from dispatch.script.functions.function import Function

FUNCTIONS: Final[Mapping[str, Function]] = {
    one.name: one
    for module in (core, dispatcher, kex, maxfwd, pv, rr, sanity, siputils, sl, textops, tm, xlog)
    for one in module.FUNCTIONS
}
"""By name."""
