"""SIP over WebSocket (RFC 7118): the layer between TCP or TLS and SIP, towards those who call us.

Each message of SIP is one of WebSocket. Browsers can't be called: what goes to one goes by the connection that it has
opened.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, cast

from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from dispatch.errors import ParseError, TransportError
from dispatch.sip.flow import Flow
from dispatch.sip.reader import Reader
from dispatch.transport.connection import Connection
from dispatch.transport.interfaces import Layer

log: Final = Logger()

SUBPROTOCOL: Final = "sip"

# RFC 6455 §7.4.1
_GOING_AWAY: Final = 1001
_POLICY: Final = 1008
_TOO_BIG: Final = 1009

_TURNS: Final = 32  # parts that the peers are asked in
_TOLD: Final = 100  # refused origins that the log hears of: strangers choose them


class WebSocketLayer:
    """WebSocket for one listening socket.

    Args:
        limit: bytes of the longest message.
        origins: pages that browsers may connect from, lower case; empty for any. Who says none is no browser.
        ping: seconds from one question whether the peers are there to the next; 0 for none.
        clock: the reactor.
        inner: what is below: TLS; None for plain TCP.

    Attributes:
        name: see `Layer`.
        default_port: see `Layer`.
    """

    def __init__(
        self, limit: int, origins: Collection[str], ping: float, clock: IReactorTime, inner: Layer | None = None
    ) -> None:
        self.name = b"WS" if inner is None else b"WSS"
        self.default_port = 80 if inner is None else 443
        self.limit = limit
        self.ping = ping
        self.clock = clock
        self._origins = origins
        self._inner = inner
        self._told: set[str] = set()

    def answering(self, factory: IProtocolFactory) -> IProtocolFactory:
        """See `Layer`."""
        wrapping = cast(IProtocolFactory, _Factory(factory, self))
        return wrapping if self._inner is None else self._inner.answering(wrapping)

    def calling(self, factory: IProtocolFactory, flow: Flow) -> IProtocolFactory:
        """See `Layer`."""
        raise TransportError("peers can't be called by WebSocket")

    def objection(self, request: Request) -> RejectConnection | None:
        """What is answered to a handshake that we don't take; None to one that we do."""
        if SUBPROTOCOL not in request.subprotocols:
            return RejectConnection(status_code=400)
        origins = [value.decode("latin-1").lower() for name, value in request.extra_headers if name == b"origin"]
        refused = [origin for origin in origins if origin not in self._origins] if self._origins else []
        if not refused:
            return None
        if len(self._told) < _TOLD and refused[0] not in self._told:
            self._told.add(refused[0])
            log.warn("a page of {origin!r} may not connect: see [sip.websocket] origins", origin=refused[0][:200])
        return RejectConnection(status_code=403)


class _WebSocket(ProtocolWrapper):
    """One connection: the protocol of the stream, and the transport of the `Connection` that it wraps."""

    def __init__(self, factory: _Factory, wrapped: IProtocol) -> None:
        super().__init__(cast(WrappingFactory["_WebSocket"], factory), wrapped)
        self._layer = factory.layer
        self._connection = cast(Connection, wrapped)
        self._wire = WSConnection(ConnectionType.SERVER)
        self._held = bytearray()  # of the message that comes in
        self._code = _GOING_AWAY  # what is said when the connection is closed from inside

    def dataReceived(self, data: bytes) -> None:
        """Twisted: a piece of the stream."""
        if not self._connection.is_closed:
            self._read(data)

    def _read(self, data: bytes) -> None:
        try:
            self._wire.receive_data(data)
            for event in self._wire.events():
                self._take(event)
                if self._connection.is_closed:
                    return
        except RemoteProtocolError as error:
            self._reject(error.event_hint or RejectConnection())
        except (LocalProtocolError, ValueError):  # what wsproto makes of odd bytes in a handshake
            self._connection.cut("no WebSocket")

    def write(self, data: bytes) -> None:
        """One message of SIP: as text where it is UTF-8, since browsers like that best (RFC 7118 §5)."""
        if self._wire.state is not ConnectionState.OPEN:
            return
        try:
            event: Event = TextMessage(data=data.decode())
        except UnicodeDecodeError:
            event = BytesMessage(data=data)
        self._send(event)

    def loseConnection(self) -> None:
        """The connection is closed: say goodbye first."""
        if self._wire.state is ConnectionState.OPEN:
            self._send(CloseConnection(code=self._code))
        super().loseConnection()

    def ping(self) -> None:
        """Ask whether the peer is there: TCP waits for the acknowledgement, and others see that it is in use."""
        if self._wire.state is ConnectionState.OPEN:
            self._send(Ping())

    def _send(self, event: Event) -> None:
        assert self.transport is not None
        self.transport.write(self._wire.send(event))

    def _take(self, event: Event) -> None:
        if isinstance(event, TextMessage):
            self._take_piece(event.data.encode(), is_last=event.message_finished)
        elif isinstance(event, BytesMessage):
            self._take_piece(bytes(event.data), is_last=event.message_finished)
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):  # of the peer, or what wsproto says to a broken frame
            self._send(event.response())
            self._connection.close(f"WebSocket closed with {event.code}")
        elif isinstance(event, Request):
            objection = self._layer.objection(event)
            if objection is not None:
                self._reject(objection)
            else:
                self._send(AcceptConnection(subprotocol=SUBPROTOCOL))

    def _take_piece(self, data: bytes, *, is_last: bool) -> None:
        self._held += data
        if len(self._held) > self._layer.limit:
            self._close(_TOO_BIG, f"a message of more than {self._layer.limit} bytes")
        elif is_last:
            message = bytes(self._held)
            self._held.clear()
            self._deliver(message)
        else:
            self._connection.expect()

    def _deliver(self, message: bytes) -> None:
        self._code = _POLICY
        self._connection.dataReceived(_with_length(message))
        if self._connection.is_waiting:
            self._close(_POLICY, "not one whole message of SIP in one of WebSocket")
        self._code = _GOING_AWAY

    def _reject(self, answer: Event) -> None:
        try:
            self._send(answer)
        except LocalProtocolError:
            self._connection.cut("no WebSocket")  # it was answered already
        else:
            self._connection.close("no WebSocket for SIP")

    def _close(self, code: int, reason: str) -> None:
        self._code = code
        self._connection.close(reason)


class _Factory(WrappingFactory):
    """Puts WebSocket around connections, and asks all of them whether they are there."""

    noisy = False
    protocol = _WebSocket

    def __init__(self, factory: IProtocolFactory, layer: WebSocketLayer) -> None:
        super().__init__(factory)
        self.layer = layer
        self._turn = 0
        self._pinging = LoopingCall(self._ping)
        self._pinging.clock = layer.clock

    def startFactory(self) -> None:
        """Twisted: we listen."""
        if self.layer.ping:
            self._pinging.start(self.layer.ping / _TURNS, now=False)

    def stopFactory(self) -> None:
        """Twisted: we listen no more."""
        if self._pinging.running:
            self._pinging.stop()

    def _ping(self) -> None:
        """One part of them at a time: thousands at once would keep the calls waiting."""
        self._turn = (self._turn + 1) % _TURNS
        for number, one in enumerate(tuple(self.protocols)):
            if number % _TURNS == self._turn:
                one.ping()


def _with_length(message: bytes) -> bytes:
    """The message with its Content-Length, which may be left out here, but not on the streams that it may go on by.

    One that is there, and lies, is found out when the message is cut.
    """
    start = len(message) - len(message.lstrip(b"\r\n"))  # keep-alives, which count as such
    end = message.find(b"\r\n\r\n", start) + 4
    if end < 4:
        return message
    try:
        if Reader(message[start:end], end - start).content_length is not None:
            return message
    except ParseError:
        return message  # whoever cuts it says so
    return b"%bContent-Length: %d\r\n%b" % (message[: end - 2], len(message) - end, message[end - 2 :])
