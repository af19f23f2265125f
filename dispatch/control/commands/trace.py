"""`trace`: whole calls, as they happen."""

from __future__ import annotations

from typing import Final

from dispatch.control.command import Argument, BadValue, Command, Control, Door, TooMany
from dispatch.control.tracing import ladder
from dispatch.control.tracing.filter import Filter
from dispatch.control.tracing.following import Following
from dispatch.control.tracing.record import Traced


def run(
    control: Control,
    source: str = "",
    call_id: str = "",
    from_user: str = "",
    to_user: str = "",
    destination: str = "",
    method: str = "",
    share: int = 1,
    count: int = 0,
    seconds: int = 0,
) -> Following:
    """Follow calls from now on.

    Raises:
        BadValue: a number that is none of these.
        TooMany: there are enough traces already.
    """
    if share < 1 or count < 0 or seconds < 0:
        raise BadValue("'share' is 1 or more, 'count' and 'seconds' are not below 0")
    wanted = Filter(source, call_id, from_user, to_user, destination, method)
    return Following(control.tracer, wanted, share=share, count=count, seconds=seconds, now=control.now)


TRACE: Final = Command(
    names={Door.AMP: "trace", Door.CTL: "trace"},
    help="follow calls as they happen: every message, and why they go where they go",
    arguments=(
        Argument("source", str, "only calls from this address", optional=True),
        Argument("call_id", str, "only the call with this Call-ID", optional=True),
        Argument("from_user", str, "only calls with this user part in From", optional=True),
        Argument("to_user", str, "only calls with this user part in To", optional=True),
        Argument("destination", str, "only calls sent to this destination: its URI or host", optional=True),
        Argument("method", str, "only what begins with such a request: INVITE, OPTIONS", optional=True),
        Argument("share", int, "only one of so many calls, by Call-ID", optional=True),
        Argument("count", int, "end when so many calls have ended", optional=True),
        Argument("seconds", int, "end after so many seconds", optional=True),
    ),
    run=run,
    answer=Traced,
    is_listing=True,
    is_live=True,
    errors=(TooMany,),
    sentence=ladder.line,
    nothing="no calls",
)
