"""The script of a `kamailio.cfg`, ready to run, with what its settings say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.script.kamailio.compiler import Compiled
from dispatch.script.values import Value


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """What routes the requests, in place of ``[route]``.

    Attributes:
        compiled: the script as Python.
        parameters: of modules, by module and name.
        variables: what ``$var`` and ``$shv`` begin with, by that and their name (`varset`, `shvset`).
        level: of the log (``debug``).
        xavp_dst: XAVP with the failover list; empty where the script looks at none.
        xavp_ctx: XAVP with how many there are.
    """

    compiled: Compiled
    parameters: Mapping[tuple[str, str], int | bytes] = field(default_factory=dict)
    variables: Mapping[tuple[str, str], Value] = field(default_factory=dict)
    level: int = 0
    xavp_dst: str = ""
    xavp_ctx: str = ""
