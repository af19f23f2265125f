"""`ready`: a destination takes calls again, as far as its health allows."""

from __future__ import annotations

from typing import Final

from dispatch.control.command import Command, Control, Door, Right
from dispatch.control.commands.decision import PLACE, Decided, decide, sentence
from dispatch.errors import UnknownDestination


def run(control: Control, set: int, uri: str) -> Decided:
    """End `drain` and `maintenance`.

    Raises:
        UnknownDestination: no such destination.
    """
    return decide(control, set, uri, None, "ready by a command")


READY: Final = Command(
    names={Door.AMP: "ready", Door.CTL: "ready"},
    help="let a destination take calls again after drain or maintenance",
    arguments=PLACE,
    run=run,
    answer=Decided,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=sentence,
)
