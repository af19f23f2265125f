"""Client transactions: INVITE and non-INVITE (RFC 3261 §17.1, RFC 6026).

A machine is a table of (state, event) -> (next state, action); an event without a row is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from dispatch.errors import TransportError
from dispatch.sip import build
from dispatch.sip.effects import ClientUser, Core
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message
from dispatch.sip.timers import Timers


class State(IntEnum):
    """States of §17.1.1 and §17.1.2 and RFC 6026; ABANDONED is ours.

    An INVITE that its user gave up (no response in time) is ABANDONED: nothing but a late 2xx is passed on, a late
    provisional response is answered by CANCEL, any other final response by ACK.
    """

    CALLING = 0
    TRYING = 1
    PROCEEDING = 2
    COMPLETED = 3
    ACCEPTED = 4
    ABANDONED = 5
    TERMINATED = 6


class Event(IntEnum):
    """What can happen to a client transaction."""

    PROVISIONAL = 0
    SUCCESS = 1
    FAILURE = 2
    TRANSPORT_ERROR = 3
    RETRANSMIT = 4  # timers A and E
    TIMEOUT = 5  # timers B and F
    TIMER_C = 6
    UNCANCELLED = 7  # a CANCEL had no effect for 64*T1 (§9.1)
    FORGET = 8  # timers D, K and M


Action = Callable[["ClientTransaction", "Message | None"], None]
Table = dict[tuple[State, Event], tuple[State, Action]]


class ClientTransaction:
    """A request that we sent and whose responses we wait for.

    Args:
        core: keeps the transaction and its timers.
        user: hears of responses and failure; None when nobody cares (CANCEL).
        flow: where the request goes.
        branch: of our Via.
        method: of the request.
        request: the bytes to send.
        timers: durations.

    Attributes:
        cancel_sent: a CANCEL shares the branch, so responses must be told apart by their CSeq.
        key: what the engine finds it by.
        state: where it stands.
    """

    __slots__ = (
        "_cancel_reason",
        "_cancel_wanted",
        "_core",
        "_due_c",
        "_interval",
        "_request",
        "_table",
        "_timers",
        "branch",
        "cancel_sent",
        "flow",
        "key",
        "method",
        "state",
        "user",
    )

    def __init__(
        self,
        core: Core,
        user: ClientUser | None,
        flow: Flow,
        branch: bytes,
        method: bytes,
        request: bytes,
        timers: Timers,
    ) -> None:
        self._core = core
        self.user = user
        self.flow = flow
        self.branch = branch
        self.method = method
        self.key = client_key(branch, method)
        self._request = request
        self._timers = timers
        self._interval = timers.t1
        self.cancel_sent = False
        self._cancel_wanted = False
        self._cancel_reason = b""
        self._due_c = 0.0
        if method == b"INVITE":
            self.state = State.CALLING
            self._table = _INVITE
        else:
            self.state = State.TRYING
            self._table = _OTHER

    @property
    def has_rung(self) -> bool:
        """Whether a provisional response to an INVITE came: the peer is there, whatever follows."""
        return self._due_c > 0.0

    def begin(self) -> None:
        """Send the request and start waiting."""
        core = self._core
        core.add_client(self)
        queues = core.timers
        queues.start(self._timers.timer_b, self, Event.TIMEOUT)
        transport = self.flow.listener.transport
        if not transport.reliable:
            queues.start(self._interval, self, Event.RETRANSMIT)
        try:
            transport.send(self._request, self.flow)
        except TransportError:
            self.feed(Event.TRANSPORT_ERROR)

    def receive(self, response: Message) -> None:
        """A response with our branch and method came."""
        status = response.status
        event = Event.PROVISIONAL if status < 200 else Event.SUCCESS if status < 300 else Event.FAILURE
        step = self._table.get((self.state, event))
        if step is not None:
            self.state, action = step
            action(self, response)

    def expire(self, event: int, due: float) -> None:
        """A timer ran out."""
        if event == Event.TIMER_C and due < self._due_c and self.state is State.PROCEEDING:
            _wait_for_c(self)
        else:
            self.feed(Event(event))

    def feed(self, event: Event, response: Message | None = None) -> None:
        """Take one step of the table."""
        step = self._table.get((self.state, event))
        if step is not None:
            self.state, action = step
            action(self, response)

    def break_off(self) -> None:
        """The connection is gone, and no response can come by it."""
        self.feed(Event.TRANSPORT_ERROR)

    def cancel(self, reason: bytes = b"") -> None:
        """Ask the peer to stop: at once if it has answered provisionally, else as soon as it does (§9.1).

        Args:
            reason: value of Reason for the CANCEL (RFC 3326); empty for none.
        """
        self._cancel_reason = reason
        if self.state is State.PROCEEDING:
            _send_cancel(self, None)
        else:
            self._cancel_wanted = True


def client_key(branch: bytes, method: bytes) -> bytes:
    """What tells client transactions apart: the branch; a CANCEL shares it with its INVITE (§17.1.3)."""
    return branch if method != b"CANCEL" else branch + b"CANCEL"


def _send(client: ClientTransaction, data: bytes) -> None:
    try:
        client.flow.listener.transport.send(data, client.flow)
    except TransportError:
        client.feed(Event.TRANSPORT_ERROR)


def _retransmit(client: ClientTransaction, response: Message | None) -> None:
    timers = client._timers
    client._interval *= 2
    if client.method != b"INVITE":
        client._interval = timers.t2 if client.state is State.PROCEEDING else min(client._interval, timers.t2)
    client._core.timers.start(client._interval, client, Event.RETRANSMIT)
    _send(client, client._request)


def _provisional(client: ClientTransaction, response: Message | None) -> None:
    assert response is not None
    if client.method == b"INVITE":
        if response.status > 100 or client._due_c == 0.0:
            is_waiting = client._due_c > 0.0
            client._due_c = client._core.timers.now + client._timers.fr_inv_timer
            if not is_waiting:
                _wait_for_c(client)
        if client._cancel_wanted:
            _send_cancel(client, None)
    if client.user is not None:
        client.user.provisional(client, response)


def _wait_for_c(client: ClientTransaction) -> None:
    """Wait for timer C in steps: few transactions live to see it, and none is kept long after its end for it."""
    timers = client._core.timers
    timers.start(min(client._due_c - timers.now, client._timers.long), client, Event.TIMER_C)


def _send_cancel(client: ClientTransaction, response: Message | None) -> None:
    if client.cancel_sent:
        return
    client.cancel_sent = True
    data = build.cancel(Message(client._request), client._cancel_reason)
    ClientTransaction(client._core, None, client.flow, client.branch, b"CANCEL", data, client._timers).begin()
    client._core.timers.start(client._timers.long, client, Event.UNCANCELLED)


def _accept(client: ClientTransaction, response: Message | None) -> None:
    """2xx of an INVITE: stay for copies and for those of other forks (RFC 6026 §7.2)."""
    client._request = b""
    client._core.timers.start(client._timers.long, client, Event.FORGET)
    _pass_on(client, response)


def _pass_on(client: ClientTransaction, response: Message | None) -> None:
    assert response is not None
    if client.user is not None:
        client.user.final(client, response)


def _refuse(client: ClientTransaction, response: Message | None) -> None:
    """Non-2xx of an INVITE: acknowledge, stay for copies, tell the user."""
    _refuse_late(client, response)
    _pass_on(client, response)
    client.user = None


def _refuse_late(client: ClientTransaction, response: Message | None) -> None:
    assert response is not None
    client._request = build.ack(Message(client._request), response)
    client._core.timers.start(
        0.0 if client.flow.listener.transport.reliable else client._timers.long, client, Event.FORGET
    )
    _acknowledge(client, response)


def _acknowledge(client: ClientTransaction, response: Message | None) -> None:
    _send(client, client._request)


def _complete(client: ClientTransaction, response: Message | None) -> None:
    """Final response of a non-INVITE."""
    client._request = b""
    client._core.timers.start(
        0.0 if client.flow.listener.transport.reliable else client._timers.t4, client, Event.FORGET
    )
    _pass_on(client, response)
    client.user = None


def _give_up(client: ClientTransaction, response: Message | None) -> None:
    """No answer to an INVITE: tell the user, and stay for a late one."""
    client._core.timers.start(client._timers.long, client, Event.FORGET)
    if client.user is not None:
        client.user.failed(client, 408)


def _ring_out(client: ClientTransaction, response: Message | None) -> None:
    """Timer C: it rang too long (§16.8)."""
    _send_cancel(client, None)
    _give_up(client, None)


def _time_out(client: ClientTransaction, response: Message | None) -> None:
    user = client.user
    _forget(client, None)
    if user is not None:
        user.failed(client, 408)


def _unreachable(client: ClientTransaction, response: Message | None) -> None:
    user = client.user
    _forget(client, None)
    if user is not None:
        user.failed(client, 503)


def _forget(client: ClientTransaction, response: Message | None) -> None:
    client._request = b""
    client.user = None
    client._core.forget_client(client)


_INVITE: Final[Table] = {
    (State.CALLING, Event.PROVISIONAL): (State.PROCEEDING, _provisional),
    (State.CALLING, Event.SUCCESS): (State.ACCEPTED, _accept),
    (State.CALLING, Event.FAILURE): (State.COMPLETED, _refuse),
    (State.CALLING, Event.RETRANSMIT): (State.CALLING, _retransmit),
    (State.CALLING, Event.TIMEOUT): (State.ABANDONED, _give_up),
    (State.CALLING, Event.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.PROCEEDING, Event.PROVISIONAL): (State.PROCEEDING, _provisional),
    (State.PROCEEDING, Event.SUCCESS): (State.ACCEPTED, _accept),
    (State.PROCEEDING, Event.FAILURE): (State.COMPLETED, _refuse),
    (State.PROCEEDING, Event.TIMER_C): (State.ABANDONED, _ring_out),
    (State.PROCEEDING, Event.UNCANCELLED): (State.ABANDONED, _give_up),
    (State.PROCEEDING, Event.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.COMPLETED, Event.FAILURE): (State.COMPLETED, _acknowledge),
    (State.COMPLETED, Event.FORGET): (State.TERMINATED, _forget),
    (State.ACCEPTED, Event.SUCCESS): (State.ACCEPTED, _pass_on),
    (State.ACCEPTED, Event.FORGET): (State.TERMINATED, _forget),
    (State.ABANDONED, Event.PROVISIONAL): (State.ABANDONED, _send_cancel),
    (State.ABANDONED, Event.SUCCESS): (State.ACCEPTED, _accept),
    (State.ABANDONED, Event.FAILURE): (State.COMPLETED, _refuse_late),
    (State.ABANDONED, Event.FORGET): (State.TERMINATED, _forget),
}

_OTHER: Final[Table] = {
    (State.TRYING, Event.PROVISIONAL): (State.PROCEEDING, _provisional),
    (State.TRYING, Event.SUCCESS): (State.COMPLETED, _complete),
    (State.TRYING, Event.FAILURE): (State.COMPLETED, _complete),
    (State.TRYING, Event.RETRANSMIT): (State.TRYING, _retransmit),
    (State.TRYING, Event.TIMEOUT): (State.TERMINATED, _time_out),
    (State.TRYING, Event.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.PROCEEDING, Event.PROVISIONAL): (State.PROCEEDING, _provisional),
    (State.PROCEEDING, Event.SUCCESS): (State.COMPLETED, _complete),
    (State.PROCEEDING, Event.FAILURE): (State.COMPLETED, _complete),
    (State.PROCEEDING, Event.RETRANSMIT): (State.PROCEEDING, _retransmit),
    (State.PROCEEDING, Event.TIMEOUT): (State.TERMINATED, _time_out),
    (State.PROCEEDING, Event.TRANSPORT_ERROR): (State.TERMINATED, _unreachable),
    (State.COMPLETED, Event.FORGET): (State.TERMINATED, _forget),
}
