"""One TCP connection, whoever opened it: bytes to messages and back."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IConnector, IPullProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.errors import ParseError, TransportError
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.framer import Framer
from dispatch.sip.host import host_port
from dispatch.transport.interfaces import ISipReceiver, IStream

log = Logger()

UNSENT: Final = 1 << 20
"""Bytes kept for a peer that doesn't read, or isn't connected yet; with more the connection is cut."""

FIRST: Final = 60.0
"""Seconds that a caller has for its first message."""

IDLE: Final = 3600.0
"""Seconds without a message after which a connection is closed."""


@implementer(IPullProducer)
class Connection(Protocol):
    """Cuts what comes into messages, and sends.

    What is sent goes straight to the socket as long as that takes it; by way of Twisted's buffer each message would
    cost a wake-up of its own. What the socket does not take is Twisted's, until `resumeProducing` says that it is gone.

    Args:
        listener: our end, or the end that we call as.
        remote: host and port of the peer.
        receiver: gets the messages.
        limit: the longest message, in bytes.
        closed: called when the connection is gone.
        deadline: when to give up waiting for a first message, in seconds of the reactor's clock.

    Attributes:
        flow: the way back to the peer, on this very connection.
        used: the flows that came with messages to send here.
        connector: there when we called.
        is_closed: nothing can be sent any more.
        loss: why messages may not have arrived; empty where there is no doubt.
    """

    transport: IStream | None

    def __init__(
        self,
        listener: Listener,
        remote: tuple[str, int],
        receiver: ISipReceiver,
        limit: int,
        closed: Callable[[Connection], None],
        deadline: float,
    ) -> None:
        self.flow = Flow(listener, remote, self)
        self.used: dict[Flow, None] = {}
        self.connector: IConnector | None = None
        self.is_closed = False
        self.loss = ""
        self._receiver = receiver
        self._framer = Framer(limit)
        self._closed = closed
        self._deadline = deadline
        self._queue: list[bytes] = []  # until connected
        self._unsent = 0  # bytes queued, here or by Twisted
        self._is_direct = False
        self._is_active = False  # a message since the last look
        self._is_answered = True  # a message came after the last one that went
        self._has_spoken = False  # a message came

    def send(self, message: bytes, flow: Flow) -> None:
        """See `ISipTransport`."""
        if self.is_closed:
            raise self._error("the connection is closed")
        self.used[flow] = None
        self._is_answered = False
        self._write(message)

    def close(self) -> None:
        """End it when all is sent."""
        if self.is_closed:
            return
        self.is_closed = True
        if self.transport is not None:
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        elif self.connector is not None:
            self.connector.stopConnecting()

    def abort(self) -> None:
        """End it now."""
        if self.transport is None:
            self.close()
        else:
            self.is_closed = True
            self.transport.abortConnection()

    def end(self) -> None:
        """End it, and don't wait for a peer that doesn't read."""
        if self._unsent:
            self.abort()
        else:
            self.close()

    def look(self, now: float) -> None:
        """Close what is idle, cut what can't be closed. Called every few seconds, so that no message moves a timer."""
        if self.is_closed:
            self.abort()
        elif self._is_active:
            self._is_active = False
            self._deadline = now + IDLE
        elif now >= self._deadline:
            self.close()

    def connectionMade(self) -> None:
        """Twisted: it is up; what waited goes out."""
        transport = self.transport
        assert transport is not None
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        transport.registerProducer(self, False)
        self._put = cast(socket.socket, transport.getHandle()).send
        self._is_direct = True
        self._unsent = 0
        queue, self._queue = b"".join(self._queue), []
        if queue:
            self._write(queue)

    def dataReceived(self, data: bytes) -> None:
        """Twisted: a piece of the stream."""
        framer = self._framer
        fault: ParseError | None = None
        try:
            framer.feed(data)
        except ParseError as error:
            fault = error
        for message in framer.done:
            self._has_spoken = self._is_active = self._is_answered = True
            self._guarded(self._receiver.received, message, self.flow)
        if framer.pings:
            self._pong()
        if fault is not None:
            self._guarded(self._receiver.malformed, framer.rest, self.flow, fault)
            self.close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: it is gone, or never came to be."""
        self.is_closed = True
        is_broken = reason.check(ConnectionDone) is None or self._unsent > 0
        if is_broken or (self.connector is not None and not self._is_answered):
            self.loss = str(self._error(reason.getErrorMessage()))
        self._closed(self)

    def resumeProducing(self) -> None:
        """Twisted: its buffer is empty."""
        self._unsent = 0
        self._is_direct = True

    def stopProducing(self) -> None:
        """Twisted: no use in writing more; `connectionLost` follows."""

    def _write(self, data: bytes) -> None:
        if self._is_direct:
            try:
                sent = self._put(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self.abort()
                raise self._error(error.strerror or str(error)) from None
            if sent == len(data):
                return
            data = data[sent:]
            self._is_direct = False
        self._unsent += len(data)
        if self._unsent > UNSENT:
            self.abort()
            raise self._error("it does not read")
        if self.transport is None:
            self._queue.append(data)
        else:
            self.transport.write(data)

    def _pong(self) -> None:
        """Answer keep-alives (RFC 5626 §4.4.1); who has said more than these may stay for them."""
        self._is_active |= self._has_spoken
        pongs = b"\r\n" * self._framer.pings
        self._framer.pings = 0
        if not self.is_closed:
            try:
                self._write(pongs)
            except TransportError:
                return  # it is cut; connectionLost tells

    def _guarded(self, call: Callable[..., None], *args: object) -> None:
        try:
            call(*args)
        except Exception:
            log.failure("a message from {peer} failed", peer=self.flow.remote)

    def _error(self, reason: str) -> TransportError:
        return TransportError(f"{host_port(*self.flow.remote)}: {reason}")
