"""`reload-script`: read the routing script again, for requests that come from now on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Command, Control, Door, Right, ScriptRefused
from dispatch.control.text import printable
from dispatch.errors import ConfigErrors


@dataclass(frozen=True, slots=True)
class ScriptReloaded:
    """The script that is in force now.

    Attributes:
        script: its file.
    """

    script: str


def run(control: Control) -> ScriptReloaded:
    """Load it, and let it decide.

    Raises:
        ScriptRefused: it can't be run, or there is none; what was there stays.
    """
    try:
        name = control.reload_script()
    except ConfigErrors as error:
        problems = [printable(str(one)) for one in error.problems]
        raise ScriptRefused("\n".join((*problems, "the script before stays in force"))) from None
    if not name:
        raise ScriptRefused("there is no script: the built-in route decides; [route] script names one")
    return ScriptReloaded(name)


RELOAD_SCRIPT: Final = Command(
    names={Door.AMP: "reload_script", Door.CTL: "reload-script"},
    help="read the routing script again, for requests that come from now on",
    run=run,
    answer=ScriptReloaded,
    right=Right.FULL,
    errors=(ScriptRefused,),
    sentence=lambda one: f"{printable(one.script)} decides on requests that come from now on",
)
