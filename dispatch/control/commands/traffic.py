"""`traffic`: what came in since the start, over all sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.control.command import Command, Control, Door


@dataclass(frozen=True, slots=True)
class Traffic:
    """Numbers since the start that only grow, but for `transactions`.

    Attributes:
        seconds: since the start.
        requests: received, copies included.
        responses: received.
        malformed: what was no SIP.
        refused: requests turned away because too many transactions were open.
        stray: responses that nobody waited for.
        transactions: open now.
    """

    seconds: int
    requests: int
    responses: int
    malformed: int
    refused: int
    stray: int
    transactions: int


def run(control: Control) -> Traffic:
    """As it is now."""
    engine = control.engine
    return Traffic(
        int(control.now() - control.started),
        engine.request_count,
        engine.response_count,
        engine.malformed_count,
        engine.refused_count,
        engine.stray_count,
        engine.open_transactions,
    )


TRAFFIC: Final = Command(
    names={Door.AMP: "traffic", Door.CTL: "traffic"},
    help="tell what came in since the start, over all sets",
    run=run,
    answer=Traffic,
    sentence=lambda one: (
        f"{one.requests} requests and {one.responses} responses in {one.seconds} s; {one.malformed} malformed, "
        f"{one.refused} refused, {one.stray} stray; {one.transactions} open transactions"
    ),
)
