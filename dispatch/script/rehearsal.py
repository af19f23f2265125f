"""What would become of a request: the very route and proxy, on a trial dispatcher and sockets that only remember.

No reactor and no network; nothing of the service changes, and nothing leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dispatch.balance.destination import Destination
from dispatch.balance.trial import Asked, Trial
from dispatch.errors import ParseError
from dispatch.proxy.context import Context
from dispatch.proxy.proxy import Network, Proxy
from dispatch.script.route import Router, Script
from dispatch.sip import uri as sip_uri
from dispatch.sip.client_transaction import ClientTransaction
from dispatch.sip.effects import Socket
from dispatch.sip.flow import Flow, Listener, Peer, Transport
from dispatch.sip.host import canonical
from dispatch.sip.message import Message
from dispatch.sip.server_transaction import ServerTransaction
from dispatch.sip.timers import Queues


class Sent(NamedTuple):
    """What would leave us.

    Attributes:
        data: the message.
        flow: by which way.
    """

    data: bytes
    flow: Flow


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would become of a request.

    Attributes:
        asked: the selections that the route asked for, in order.
        failed: destinations that it can't be sent to, each with the reason, until one is found that it can.
        sent: messages, in order: responses to the caller, and the request to wherever it goes.
        unknown: hosts whose addresses are not known yet; what is sent there has the name in place of one.
        fault: what is wrong with the request, or with the route; empty for nothing.
    """

    asked: tuple[Asked, ...]
    failed: tuple[tuple[Destination, str], ...]
    sent: tuple[Sent, ...]
    unknown: tuple[str, ...]
    fault: str


class Remembering:
    """A transport that remembers what it is to send.

    Args:
        like: the transport whose place it takes.
        sent: where it is put down.
    """

    listener: Listener

    def __init__(self, like: Transport, sent: list[Sent]) -> None:
        self.name = like.name
        self.default_port = like.default_port
        self.reliable = like.reliable
        self._like = like
        self._sent = sent

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        return Flow(self.listener, (host.strip("[]"), port), peer=peer)

    def flow_back(self, host: str, port: int) -> Flow | None:
        return self.flow_to(host, port) if self._like.flow_back(host, port) is not None else None

    def send(self, message: bytes, flow: Flow) -> None:
        self._sent.append(Sent(message, flow))


class _Stage:
    """What the proxy needs of the engine (`Network`), with twins in place of the sockets.

    Args:
        network: knows the ways.
        listeners: the real sockets.
    """

    def __init__(self, network: Network, listeners: Sequence[Listener]) -> None:
        self._network = network
        self.timers = Queues(network.timers.now)
        self.sent: list[Sent] = []
        self.unknown: list[str] = []
        self.twins = {one: _twin(one, self.sent) for one in listeners}
        self._by_name: dict[bytes, Flow] = {}
        self._real = {twin: one for one, twin in self.twins.items()}

    def add_client(self, transaction: ClientTransaction) -> None:
        """No response will come."""

    def forget_client(self, transaction: ClientTransaction) -> None:
        """Nothing was remembered."""

    def add_server(self, transaction: ServerTransaction) -> None:
        """No copy of the request will come."""

    def forget_server(self, transaction: ServerTransaction) -> None:
        """Nothing was remembered."""

    def find_server(self, key: bytes) -> ServerTransaction | None:
        """No request came before."""
        return None

    def respond_anew(self, message: bytes, flow: Flow) -> None:
        """No connection breaks."""

    def locate(
        self, uri: bytes, inbound: Listener, socket: Socket | None = None, message: Message | None = None
    ) -> Flow | None:
        """The twin of the real way; by name where the address is not known yet."""
        way = self._network.locate(uri, self._real[inbound], socket, message)
        if way is not None:
            return Flow(self.twins[way.listener], way.remote, peer=way.peer)
        return self._by_name.get(uri)

    def locate_other(
        self, uri: bytes, inbound: Listener, socket: Socket | None, message: Message | None, tried: Collection[Flow]
    ) -> Flow | None:
        """Nobody fails to answer."""
        return None

    def locate_later(
        self, uri: bytes, inbound: Listener, socket: Socket | None, then: Callable[[Flow | None], None]
    ) -> None:
        """Nobody is asked, and nobody waited for: the name stands where its address will be."""
        parsed = sip_uri.parse(uri)
        host = parsed.host.decode("latin-1") if parsed is not None else ""
        if parsed is None or not host or canonical(host.strip("[]")) is not None:
            then(None)  # the name is no problem: no socket fits
            return
        name = b"TLS" if parsed.scheme == b"sips" else parsed.transport.upper() or b"UDP"
        fitting = [twin for twin in self.twins.values() if twin.transport.name == name]
        if not fitting:
            then(None)
            return
        outbound = self._named_socket(fitting, socket) or (inbound if inbound in fitting else fitting[0])
        self.unknown.append(host)
        way = self._by_name[uri] = Flow(outbound, (host, parsed.port_number or outbound.transport.default_port))
        then(way)

    def _named_socket(self, fitting: list[Listener], socket: Socket | None) -> Listener | None:
        return next((one for one in fitting if socket is not None and (one.host, one.port) == socket[1:]), None)


def _twin(listener: Listener, sent: list[Sent]) -> Listener:
    transport = Remembering(listener.transport, sent)
    twin = transport.listener = Listener(transport, listener.host, listener.port, listener.sent_by)
    twin.via = listener.via
    return twin


def _cannot_wait(context: Context, step: object) -> None:
    if isinstance(step, Coroutine):
        step.close()
    raise TypeError("it waits for something, which a rehearsal can't")


def rehearse(
    proxy: Proxy,
    router: Router,
    message: Message,
    listener: Listener,
    source: tuple[str, int],
    script: Script | None = None,
) -> Rehearsal:
    """What would become of a request that came now.

    Args:
        proxy: in use.
        router: in use.
        message: the request.
        listener: one of the proxy's sockets: where it comes in.
        source: address and port that it comes from.
        script: the route; None for the router's own.
    """
    stage = _Stage(proxy.core, proxy.me.listeners)
    trial = Trial(router.dispatcher)
    trying = Router(trial, script or router.script, router.parameters)
    trying.membership, trying.lookup = router.membership, router.lookup
    trying.pause = _cannot_wait
    twin = proxy.twin(stage, proxy.me.twin(stage.twins.values()), trying)
    flow = Flow(stage.twins[listener], source)
    fault = ""
    try:
        twin.request(message, flow)
    except ParseError as error:
        fault = str(error)
        twin.refuse(message, flow, error)
    except Exception as error:  # whatever a route of somebody else's does
        fault = f"the route failed: {type(error).__name__}: {error}"
    return Rehearsal(tuple(trial.asked), tuple(trial.failed), tuple(stage.sent), tuple(stage.unknown), fault)
