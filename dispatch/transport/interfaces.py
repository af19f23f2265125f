"""The two seams of this room: what the engine asks of a transport, and what a transport tells the engine."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IConsumer,
    IProtocolFactory,
    IReactorFDSet,
    IReactorSocket,
    IReactorTCP,
    IReactorTime,
    ISystemHandle,
    ITCPTransport,
)
from zope.interface import Attribute, Interface

from dispatch.errors import ParseError
from dispatch.sip.flow import Flow, Listener, Peer


class Limits(Protocol):
    """What transports need of ``[sip.limits]``."""

    @property
    def message(self) -> int:
        """The longest message on a stream, in bytes."""

    @property
    def headers(self) -> int:
        """The most header lines in a message."""

    @property
    def connections(self) -> int:
        """How many connections a listener has open to peers that called us, and to peers that we called."""

    @property
    def connections_reserved(self) -> int:
        """How many more it has for destinations of the list, that called us."""

    @property
    def connections_per_source(self) -> int:
        """How many connections one address has open that is no destination."""

    @property
    def unsent(self) -> int:
        """How many bytes wait for a peer that doesn't read, or isn't connected yet."""

    @property
    def message_time(self) -> float:
        """Seconds that a message may take from its first byte to its last, and what was sent to be read."""

    @property
    def idle_time(self) -> float:
        """Seconds without a message after which a connection is closed."""


class Layer(Protocol):
    """What lies between TCP and SIP: TLS, WebSocket. Plain TCP has none.

    A `Connection` is what is wrapped: it reads and writes through whatever `makeConnection` gives it, and its `called`
    says for which flow it was opened.

    Attributes:
        name: as it stands in Via: ``b"TLS"``.
        default_port: where a URI or Via has none.
    """

    name: bytes
    default_port: int

    def answering(self, factory: IProtocolFactory) -> IProtocolFactory:
        """Wrap what makes connections for those who call us."""

    def calling(self, factory: IProtocolFactory, flow: Flow) -> IProtocolFactory:
        """Wrap what makes the one connection for this flow; what is told to it about failure must come through."""


class Tracer(Protocol):
    """Who sees messages on their way; it never raises, and never keeps them waiting."""

    def received(self, data: bytes, flow: Flow) -> None:
        """A message came."""

    def sent(self, data: bytes, flow: Flow) -> None:
        """A message was sent, or waits for its connection."""


class IReactor(IReactorFDSet, IReactorSocket, IReactorTCP, IReactorTime):
    """What transports need of Twisted's reactor."""


class IStream(ITCPTransport, IConsumer, ISystemHandle):
    """What a connection needs of Twisted's TCP."""


class ISipReceiver(Interface):
    """Takes what came from the network; what it raises is logged and hurts no other message."""

    def received(data: bytes, flow: Flow) -> None:
        """Take one whole message.

        Args:
            data: the message, without the keep-alives before it.
            flow: the way back to its sender.
        """

    def malformed(data: bytes, flow: Flow, error: ParseError) -> None:
        """Answer, if it can be answered, what no message could be cut from; the stream is closed after this.

        Args:
            data: the stream from the start of the message on, as far as it came.
            flow: the way back to its sender.
            error: what is wrong.
        """

    def transport_failed(flow: Flow, reason: str) -> None:
        """Learn that messages given to `ISipTransport.send` with this very flow may never have arrived."""


class ISipTransport(Interface):
    """Carries whole SIP messages over one kind of socket (RFC 3261 §18)."""

    name: bytes = Attribute("As it stands in Via: ``b'UDP'``.")
    default_port: int = Attribute("The port that a URI or Via without one means (RFC 3261 §18.2.2).")
    reliable: bool = Attribute("True where no retransmission timer is wanted (§17).")
    tracer: Tracer | None = Attribute("Sees what was sent; None while nobody wants to.")
    listener: Listener = Attribute("The local socket as the SIP core sees it; there from `bind` on.")

    def bind() -> None:
        """Take the socket, before the reactor runs and before privileges are given up.

        Raises:
            TransportError: the address can't be had; one line that says what to do.
        """

    def start(reactor: IReactor) -> None:
        """Begin to receive; after `bind`."""

    def stop() -> Deferred[None]:
        """Stop, and fire when nothing of this transport is left in the reactor."""

    def flow_to(host: str, port: int, peer: Peer | None = None) -> Flow:
        """The way to an address: the same object for the same address and peer as long as it is in use.

        Args:
            host: an IPv4 or IPv6 address, never a name, with or without brackets.
            peer: who is expected there, where the transport can tell.

        Raises:
            TransportError: this socket can't reach such an address.
        """

    def flow_back(host: str, port: int) -> Flow | None:
        """The way back to a peer that sent something from this address and port.

        On a stream the connection that it opened; None when that is closed.
        """

    def send(message: bytes, flow: Flow) -> None:
        """Send, or queue until the connection is up; a later failure is reported as `transport_failed`.

        Raises:
            TransportError: the peer can't be reached; try the next destination.
        """
