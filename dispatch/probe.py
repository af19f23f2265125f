"""The prober: asks each destination once an interval whether it is there, and tells `dispatch.balance.probing`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any, Final, Protocol

from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.probing import Probing
from dispatch.balance.schedule import Schedule, Turns
from dispatch.sip import build
from dispatch.sip.client_transaction import ClientTransaction
from dispatch.sip.effects import Core, Locator, Socket
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message
from dispatch.sip.timers import Timers

log: Final = Logger()

_LOOK: Final = 0.05  # seconds between two looks at who is due
_MOST: Final = 100  # probes sent at one look
_QUESTIONS: Final = 100  # names asked for at a time; a resolver has a limit, and refuses what is beyond it
_TIMEOUT: Final = 408


class Network(Core, Locator, Protocol):
    """What the prober needs of the engine."""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Local sockets; the first that fits sends where nothing else decides."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What probes look like and where they go.

    Attributes:
        interval: seconds between probes of a destination (`ds_ping_interval`).
        method: `ds_ping_method`.
        sender: `ds_ping_from`, for destinations without attribute `ping_from`.
        proxy: next hop of probes (`outbound_proxy`), for destinations without attribute `obproxy`; empty for none.
        socket: `ds_default_socket`, for destinations without `ping_socket` and `socket`; None for any that fits.
        timers: durations; `fr_timer` is how long an answer is waited for.
        waits: no further probe is sent while one is not answered.
        agent: User-Agent.
    """

    interval: float
    method: bytes = b"OPTIONS"
    sender: bytes = b"sip:dispatcher@localhost"
    proxy: bytes = b""
    socket: Socket | None = None
    timers: Timers = field(default_factory=Timers)
    waits: bool = False
    agent: bytes = b"dispatch"


class Prober(Service):
    """Sends the probes that are due and reports what comes of them.

    Each probe is an ordinary client transaction, and only the address that it went to can answer it.

    Args:
        network: the engine.
        dispatcher: the sets.
        probing: who is probed, and what an answer does.
        manner: what probes look like.
        clock: the reactor.
        seconds: a clock that is never set back.
        random: where chance comes from.

    Attributes:
        sent: probes that were sent.
        changes: makes another text of a probe that is about to leave; None where nobody wants to.
    """

    def __init__(
        self,
        network: Network,
        dispatcher: Dispatcher,
        probing: Probing,
        manner: Manner,
        clock: Any,
        seconds: Callable[[], float],
        random: Random,
    ) -> None:
        self.sent = 0
        self.changes: Callable[[bytes, Flow], bytes] | None = None
        self._network = network
        self._dispatcher = dispatcher
        self._probing = probing
        self._manner = manner
        self._seconds = seconds
        self._schedule = Schedule(manner.interval, random)
        self._groups: object = None
        self._enrolling: Iterator[None] = iter(())
        self._unasked: dict[Turns, None] = {}  # who waits for the way there to be asked for
        self._questions = 0
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    def startService(self) -> None:
        """Begin with the first probe."""
        super().startService()
        self._loop.start(_LOOK)

    def stopService(self) -> None:
        """Send nothing more; what was sent is the engine's."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> None:
        """See who is due; never raises, so that there is a next look."""
        now = self._seconds()
        if self._dispatcher.groups is not self._groups:
            self._groups = self._dispatcher.groups
            self._enrolling = self._schedule.enrol(self._dispatcher.groups, now)
        next(self._enrolling, None)
        for turns in self._schedule.due(now, _MOST):
            if turns not in self._unasked:
                self._take(turns)
        for turns in list(islice(self._unasked, _QUESTIONS - self._questions)):
            del self._unasked[turns]
            self._take(turns, asks=True)

    def _take(self, turns: Turns, *, asks: bool = False) -> None:
        try:
            self._probe(turns, asks=asks)
        except Exception:
            turns.is_open = False
            log.failure("the probe of {destination} failed", destination=turns.member)

    def _probe(self, turns: Turns, *, asks: bool) -> None:
        member, manner, network = turns.member, self._manner, self._network
        if member is None or (manner.waits and turns.is_open) or not self._probing.wants(member):
            return
        probe = _Probe(self._probing, turns, member.group, member.uri, self._seconds)
        hop = member.attributes.get(b"obproxy") or manner.proxy or member.uri
        socket = member.ping_socket or member.socket or manner.socket
        sender = member.attributes.get(b"ping_from") or manner.sender
        inbound = network.listeners[0]

        way = network.locate(hop, inbound, socket)
        if way is None and not asks:
            self._unasked[turns] = None
            return
        turns.is_open = True
        if way is not None:
            self._send(probe, way, sender)
            return

        def located(flow: Flow | None) -> None:
            self._questions -= 1
            if flow is None:
                probe.not_sent(f"probe could not be sent: no way to {hop.decode('latin-1')}")
            else:
                self._send(probe, flow, sender)

        self._questions += 1
        network.locate_later(hop, inbound, socket, located)

    def _send(self, probe: _Probe, flow: Flow, sender: bytes) -> None:
        self.sent += 1
        manner, listener = self._manner, flow.listener
        chance = os.urandom(24).hex().encode()
        branch = b"z9hG4bK" + chance[:16]
        request = build.probe(
            manner.method,
            probe.uri,
            sender,
            via=listener.via,
            branch=branch,
            tag=chance[16:32],
            call_id=b"%b@%b" % (chance[32:], listener.sent_by.rpartition(b":")[0]),
            agent=manner.agent,
        )
        if self.changes is not None:
            request = self.changes(request, flow)
        client = ClientTransaction(self._network, probe, flow, branch, manner.method, request, manner.timers)
        probe.sent_at = self._seconds()
        client.begin()
        probe.is_under_way = True


class _Probe:
    """One probe: what hears of its answer.

    Attributes:
        uri: the destination, as listed.
        sent_at: seconds.
        is_under_way: it has left us; what fails before was never sent.
    """

    __slots__ = ("_group", "_probing", "_seconds", "_turns", "is_under_way", "sent_at", "uri")

    def __init__(self, probing: Probing, turns: Turns, group: int, uri: bytes, seconds: Callable[[], float]) -> None:
        self._probing = probing
        self._turns = turns
        self._group = group
        self._seconds = seconds
        self.uri = uri
        self.sent_at = 0.0
        self.is_under_way = False

    def provisional(self, client: ClientTransaction, response: Message) -> None:
        """See `ClientUser`: no result."""

    def final(self, client: ClientTransaction, response: Message) -> None:
        """See `ClientUser`."""
        self._turns.is_open = False
        milliseconds = int((self._seconds() - self.sent_at) * 1000) if self._probing.measures else None
        phrase = response.reason.decode("latin-1")[:80]
        self._probing.answered(self._group, self.uri, response.status, phrase, milliseconds)

    def failed(self, client: ClientTransaction, status: int) -> None:
        """See `ClientUser`: a connection that is refused or breaks is as good as silence, only sooner."""
        if not self.is_under_way:
            self.not_sent("probe could not be sent: the network refused it")
            return
        self._turns.is_open = False
        reason = "probe not answered in time" if status == _TIMEOUT else "probe not answered: connection failed"
        self._probing.timed_out(self._group, self.uri, reason)

    def not_sent(self, reason: str) -> None:
        """There is no way to where it should go."""
        self._turns.is_open = False
        self._probing.not_sent(self._group, self.uri, reason)
