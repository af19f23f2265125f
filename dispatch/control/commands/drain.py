"""`drain`: a destination takes no new calls; those that it has go on."""

from __future__ import annotations

from typing import Final

from dispatch.balance import admin
from dispatch.control.command import Argument, BadValue, Command, Control, Door, Right
from dispatch.control.commands.decision import PLACE, Decided, decide, sentence
from dispatch.errors import UnknownDestination


def run(control: Control, set: int, uri: str, seconds: int | None = None) -> Decided:
    """Answers at once; that it is empty is told by an event.

    Raises:
        BadValue: no such time.
        UnknownDestination: no such destination.
    """
    if seconds is not None and seconds <= 0:
        raise BadValue(f"'seconds' is {seconds}; write 1 or more, or leave it out to wait for the last call")
    now = control.now()
    until = now + seconds if seconds is not None else 0.0
    reason = "drained by a command" + (f", for {seconds} s at most" if seconds is not None else "")
    return decide(control, set, uri, admin.Admin(admin.DRAIN, now, until), reason)


DRAIN: Final = Command(
    names={Door.AMP: "drain", Door.CTL: "drain"},
    help="send a destination no new calls, and let those that it has go on",
    arguments=(
        *PLACE,
        Argument("seconds", int, "how long its calls are waited for; without end when left out", optional=True),
    ),
    run=run,
    answer=Decided,
    right=Right.FULL,
    errors=(UnknownDestination,),
    sentence=sentence,
)
