"""Server transactions: INVITE and non-INVITE (RFC 3261 §17.2, RFC 6026).

A machine is a table of (state, event) -> (next state, action); an event without a row is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final, Protocol

from dispatch.errors import TransportError
from dispatch.sip.effects import Core
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message
from dispatch.sip.timers import Timers


class State(IntEnum):
    """States of §17.2.1 and §17.2.2 and RFC 6026."""

    TRYING = 0
    PROCEEDING = 1
    COMPLETED = 2
    CONFIRMED = 3
    ACCEPTED = 4
    TERMINATED = 5


class Event(IntEnum):
    """What can happen to a server transaction."""

    REQUEST = 0  # a copy of the request
    ACK = 1
    PROVISIONAL = 2
    SUCCESS = 3
    FAILURE = 4
    TIMER_G = 5
    FORGET = 6  # timers H, I, J and L


Action = Callable[["ServerTransaction", bytes], None]
Table = dict[tuple[State, Event], tuple[State, Action]]


class ServerUser(Protocol):
    """Who decides on the response."""

    def cancelled(self, reason: bytes = b"") -> None:
        """The peer sent a CANCEL (§9.2), with this value of Reason (RFC 3326); empty without one."""


class ServerTransaction:
    """A request that we received and owe a response.

    Args:
        core: keeps the transaction and its timers.
        flow: where the request came from, and the responses go.
        key: what the engine finds it by, see `server_key`.
        method: of the request.
        timers: durations.

    Attributes:
        user: who answers; None once it is answered for good.
        state: where it stands.
    """

    __slots__ = ("_core", "_interval", "_last", "_table", "_timers", "flow", "key", "method", "state", "user")

    def __init__(self, core: Core, flow: Flow, key: bytes, method: bytes, timers: Timers) -> None:
        self._core = core
        self.user: ServerUser | None = None
        self.flow = flow
        self.key = key
        self.method = method
        self._timers = timers
        self._interval = timers.t1
        self._last = b""
        if method == b"INVITE":
            self.state = State.PROCEEDING
            self._table = _INVITE
        else:
            self.state = State.TRYING
            self._table = _OTHER
        core.add_server(self)

    @property
    def is_answered(self) -> bool:
        """Whether a final response went out."""
        return self.state > State.PROCEEDING

    def respond(self, status: int, response: bytes) -> None:
        """Send a response; what no longer fits the state is dropped."""
        event = Event.PROVISIONAL if status < 200 else Event.SUCCESS if status < 300 else Event.FAILURE
        step = self._table.get((self.state, event))
        if step is not None:
            self.state, action = step
            action(self, response)

    def expire(self, event: int, due: float) -> None:
        """A timer ran out."""
        self.feed(Event(event))

    def feed(self, event: Event, response: bytes = b"") -> None:
        """Take one step of the table."""
        step = self._table.get((self.state, event))
        if step is not None:
            self.state, action = step
            action(self, response)

    def end(self) -> None:
        """Give up without a response, as RFC 4320 §4.2 wants it for a non-INVITE that timed out; absorb late copies."""
        self.state = State.COMPLETED
        self.user = None
        self._last = b""
        self._core.timers.start(self._timers.long, self, Event.FORGET)


_MAGIC: Final = b"z9hG4bK"


def server_key(request: Message) -> bytes:
    """What tells requests apart: branch, sent-by and method, ACK being of its INVITE (§17.2.3).

    A branch without the magic cookie comes from an RFC 2543 element: Request-URI, tag, Call-ID, CSeq number and the
    whole top Via stand in for it.
    """
    method = request.method if request.method != b"ACK" else b"INVITE"
    branch = request.branch
    if branch[:7] == _MAGIC and len(branch) > 7:
        return b" ".join((branch, request.sent_by, method))
    via = request.via
    return b"%b %b %b %d %b %b" % (
        request.uri,
        request.from_tag or b"",
        request.call_id,
        request.cseq[0],
        request.raw[via.start : via.stop],
        method,
    )


def invite_key(cancel: Message) -> bytes:
    """The key of the INVITE that a CANCEL means (§9.2)."""
    return server_key(cancel)[: -len(b"CANCEL")] + b"INVITE"


def _send(server: ServerTransaction, response: bytes) -> None:
    try:
        server.flow.listener.transport.send(response, server.flow)
    except TransportError:
        server._core.respond_anew(response, server.flow)


def _respond(server: ServerTransaction, response: bytes) -> None:
    server._last = response
    _send(server, response)


def _repeat(server: ServerTransaction, response: bytes) -> None:
    if server._last:
        _send(server, server._last)


def _accept(server: ServerTransaction, response: bytes) -> None:
    """2xx to an INVITE: the callee repeats it until the ACK comes, we only pass it on (RFC 6026 §7.1)."""
    server._last = b""
    server.user = None
    server._core.timers.start(server._timers.long, server, Event.FORGET)
    _send(server, response)


def _refuse(server: ServerTransaction, response: bytes) -> None:
    """Non-2xx to an INVITE: repeat until the ACK comes."""
    server.user = None
    _respond(server, response)
    if not server.flow.listener.transport.reliable:
        server._core.timers.start(server._interval, server, Event.TIMER_G)
    server._core.timers.start(server._timers.long, server, Event.FORGET)


def _retransmit(server: ServerTransaction, response: bytes) -> None:
    server._interval = min(server._interval * 2, server._timers.t2)
    server._core.timers.start(server._interval, server, Event.TIMER_G)
    _send(server, server._last)


def _confirm(server: ServerTransaction, response: bytes) -> None:
    server._last = b""
    server._core.timers.start(
        0.0 if server.flow.listener.transport.reliable else server._timers.t4, server, Event.FORGET
    )


def _complete(server: ServerTransaction, response: bytes) -> None:
    """Final response to a non-INVITE."""
    server.user = None
    _respond(server, response)
    server._core.timers.start(
        0.0 if server.flow.listener.transport.reliable else server._timers.long, server, Event.FORGET
    )


def _forget(server: ServerTransaction, response: bytes) -> None:
    server._last = b""
    server.user = None
    server._core.forget_server(server)


_INVITE: Final[Table] = {
    (State.PROCEEDING, Event.REQUEST): (State.PROCEEDING, _repeat),
    (State.PROCEEDING, Event.PROVISIONAL): (State.PROCEEDING, _respond),
    (State.PROCEEDING, Event.SUCCESS): (State.ACCEPTED, _accept),
    (State.PROCEEDING, Event.FAILURE): (State.COMPLETED, _refuse),
    (State.COMPLETED, Event.REQUEST): (State.COMPLETED, _repeat),
    (State.COMPLETED, Event.SUCCESS): (State.COMPLETED, _send),  # §16.7 step 5: a 2xx goes up even then
    (State.COMPLETED, Event.TIMER_G): (State.COMPLETED, _retransmit),
    (State.COMPLETED, Event.ACK): (State.CONFIRMED, _confirm),
    (State.COMPLETED, Event.FORGET): (State.TERMINATED, _forget),
    (State.CONFIRMED, Event.SUCCESS): (State.CONFIRMED, _send),
    (State.TERMINATED, Event.SUCCESS): (State.TERMINATED, _send),
    (State.CONFIRMED, Event.FORGET): (State.TERMINATED, _forget),
    (State.ACCEPTED, Event.SUCCESS): (State.ACCEPTED, _send),
    (State.ACCEPTED, Event.FORGET): (State.TERMINATED, _forget),
}

_OTHER: Final[Table] = {
    (State.TRYING, Event.PROVISIONAL): (State.PROCEEDING, _respond),
    (State.TRYING, Event.SUCCESS): (State.COMPLETED, _complete),
    (State.TRYING, Event.FAILURE): (State.COMPLETED, _complete),
    (State.PROCEEDING, Event.REQUEST): (State.PROCEEDING, _repeat),
    (State.PROCEEDING, Event.PROVISIONAL): (State.PROCEEDING, _respond),
    (State.PROCEEDING, Event.SUCCESS): (State.COMPLETED, _complete),
    (State.PROCEEDING, Event.FAILURE): (State.COMPLETED, _complete),
    (State.COMPLETED, Event.REQUEST): (State.COMPLETED, _repeat),
    (State.COMPLETED, Event.FORGET): (State.TERMINATED, _forget),
}
