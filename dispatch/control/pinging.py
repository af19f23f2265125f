"""Asking a destination whether it is there because a person wants to know, not for its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from twisted.internet.defer import Deferred

from dispatch.balance.destination import Destination
from dispatch.probe import Manner, Network, transaction
from dispatch.sip.client_transaction import ClientTransaction
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message

_PATIENCE: Final = 5.0  # seconds
_SILENT: Final = 408


class Echo(NamedTuple):
    """What came of it.

    Attributes:
        sent_to: ``udp:192.0.2.1:5060``; empty where no way leads there.
        status: of the answer; 0 for none.
        text: its reason phrase; without an answer, why there is none.
        seconds: from the request to the answer; 0.0 without one.
    """

    sent_to: str
    status: int
    text: str
    seconds: float


class Pinger:
    """Sends what a probe is, whatever the state of the destination, and tells nobody else of the answer.

    Args:
        network: the engine.
        manner: what probes look like.
        seconds: a clock that is never set back.
    """

    def __init__(self, network: Network, manner: Manner, seconds: Callable[[], float]) -> None:
        patience = min(manner.timers.fr_timer, _PATIENCE)
        self._network = network
        self._manner = replace(manner, timers=replace(manner.timers, fr_timer=patience))
        self._seconds = seconds

    def __call__(self, destination: Destination) -> Deferred[Echo]:
        """Ask; an answer is waited for five seconds at most."""
        network, (hop, socket, sender) = self._network, self._manner.way(destination)
        done: Deferred[Echo] = Deferred()

        def located(flow: Flow | None) -> None:
            if flow is None:
                done.callback(Echo("", 0, "no way leads there", 0.0))
                return
            asked = _Asked(flow, self._seconds, done)
            transaction(network, asked, destination.uri, flow, self._manner, sender).begin()

        inbound = network.listeners[0]
        flow = network.locate(hop, inbound, socket)
        if flow is not None:
            located(flow)
        else:
            network.locate_later(hop, inbound, socket, located)
        return done


class _Asked:
    """One question: what hears of its answer."""

    def __init__(self, flow: Flow, seconds: Callable[[], float], done: Deferred[Echo]) -> None:
        self._sent_to = f"{flow.listener.transport.name.decode().lower()}:{flow.remote[0]}:{flow.remote[1]}"
        self._seconds = seconds
        self._sent_at = seconds()
        self._done = done

    def provisional(self, client: ClientTransaction, response: Message) -> None:
        """See `ClientUser`: no answer yet."""

    def final(self, client: ClientTransaction, response: Message) -> None:
        """See `ClientUser`."""
        text = response.reason.decode("utf-8", "surrogateescape")[:80]
        self._done.callback(Echo(self._sent_to, response.status, text, self._seconds() - self._sent_at))

    def failed(self, client: ClientTransaction, status: int) -> None:
        """See `ClientUser`."""
        text = "no answer" if status == _SILENT else "the network refused it"
        self._done.callback(Echo(self._sent_to, 0, text, 0.0))
