"""`maintenance`: a destination takes no new calls and is not probed."""

from __future__ import annotations

from typing import Final

from dispatch.balance import admin
from dispatch.control.command import Command, Control, Door, Right
from dispatch.control.commands.decision import PLACE, Decided, decide, sentence
from dispatch.errors import UnknownDestination


def run(control: Control, set: int, uri: str) -> Decided:
    """Answers at once; calls that are open there go on.

    Raises:
        UnknownDestination: no such destination.
    """
    decided = admin.Admin(admin.MAINTENANCE, control.now())
    return decide(control, set, uri, decided, "in maintenance by a command")


MAINTENANCE: Final = Command(
    names={Door.AMP: "maintenance", Door.CTL: "maintenance"},
    help="send a destination no new calls, and don't probe it",
    arguments=PLACE,
    run=run,
    answer=Decided,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=sentence,
)
