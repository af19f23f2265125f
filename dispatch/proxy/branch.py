"""One of the places that a request was sent to, as far as a script asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from dispatch.proxy.context import Target
from dispatch.sip.edits import Edit
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message


@dataclass(slots=True)
class Branch:
    """A branch of a request.

    Attributes:
        index: 0 for the first of the request; it goes on over failover.
        target: where it goes.
        status: of the last response, provisional ones included; of a silent branch 408; 0 before.
        reply: the last response; None before, and where nobody answered.
        has_replied: some response came, a provisional one perhaps.
        is_timeout: nobody answered (for good) in time.
        is_ended: no more responses are waited for.
        flow: the way that it took; None before it was sent.
        edits: changes of the request for this branch, beside those for all.
    """

    index: int
    target: Target
    status: int = 0
    reply: Message | None = None
    has_replied: bool = False
    is_timeout: bool = False
    is_ended: bool = False
    flow: Flow | None = None
    edits: list[Edit] = field(default_factory=list)
