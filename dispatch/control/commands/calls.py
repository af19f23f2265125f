"""`calls`: the calls that are open, as far as a proxy knows of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.balance.algorithms.call_load import CALL_LOAD
from dispatch.balance.destination import Destination
from dispatch.balance.statistics import Sent
from dispatch.balance.tally import Tally
from dispatch.control.command import Argument, Column, Command, Control, Door
from dispatch.control.finding import find_set
from dispatch.control.text import to_text
from dispatch.errors import UnknownDestination
from dispatch.proxy.context import Context
from dispatch.sip.client_transaction import ClientTransaction


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call at a destination.

    Attributes:
        set: id of the set; -1 where the destination is not known.
        uri: of the destination; empty where it is not known.
        call_id: of the call.
        state: ``waiting`` where its INVITE waits for the final answer, ``counted`` where call load counts the call.
        age: whole seconds since the INVITE came.
        algorithm: name of what picked the destination; empty where that is not remembered.
        attempt: 1 for the first destination that got it, 2 for the one after it ...; 0 where that is not remembered.
        address: address and port that the INVITE went to; empty for a counted call.
    """

    set: int
    uri: str
    call_id: str
    state: str
    age: int
    algorithm: str
    attempt: int
    address: str


def run(control: Control, set: int | None = None) -> Iterator[OpenCall]:
    """INVITEs that wait for an answer, then the calls that algorithm 10 counts and whose INVITE does not.

    Raises:
        UnknownDestination: no such set.
    """
    if set is not None:
        find_set(control, set)
    found = _open(control)
    return found if set is None else (one for one in found if one.set == set)


def _open(control: Control) -> Iterator[OpenCall]:
    waiting = {}
    for client, context in control.engine.ringing():
        call_id = context.message.call_id
        waiting[call_id] = True
        yield _waiting(control, client, context, call_id)
    calls = control.dispatcher.calls
    if calls is None:
        return
    members = {one.condition.tally: one for one in control.dispatcher.destinations()}
    for call_id, age, _, tallies in calls.opened():
        if call_id not in waiting:
            for tally in tallies:
                yield _counted(call_id, age, tally, members.get(tally))


def _waiting(control: Control, client: ClientTransaction, context: Context, call_id: bytes) -> OpenCall:
    sent = context.outcome(client)
    host, port = client.flow.remote[:2]
    destination = sent.destination if isinstance(sent, Sent) else control.destination_at(host, port)
    return OpenCall(
        destination.group if destination is not None else -1,
        to_text(destination.uri) if destination is not None else "",
        to_text(call_id),
        "waiting",
        int(context.age),
        sent.algorithm if isinstance(sent, Sent) else "",
        context.attempts,
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
    )


def _counted(call_id: bytes, age: float, tally: Tally, destination: Destination | None) -> OpenCall:
    uri = to_text(destination.uri) if destination is not None else ""
    return OpenCall(tally.group, uri, to_text(call_id), "counted", int(age), CALL_LOAD.name, 0, "")


CALLS: Final = Command(
    names={Door.AMP: "calls", Door.CTL: "calls"},
    help="show INVITEs that wait for an answer, and the calls that call load (algorithm 10) counts",
    arguments=(Argument("set", int, "only this set", optional=True),),
    run=run,
    answer=OpenCall,
    is_listing=True,
    errors=(UnknownDestination,),
    columns=(
        Column("SET", lambda one: one.set if one.set >= 0 else ""),
        Column("DESTINATION", lambda one: one.uri),
        Column("CALL-ID", lambda one: one.call_id),
        Column("CALL", lambda one: one.state),
        Column("AGE", lambda one: one.age),
        Column("ALGORITHM", lambda one: one.algorithm),
        Column("ATTEMPT", lambda one: one.attempt or ""),
        Column("ADDRESS", lambda one: one.address),
    ),
    nothing="no call is known; those that are answered are known where algorithm 10 counts them",
)
