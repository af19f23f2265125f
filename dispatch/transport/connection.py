"""One stream, whoever opened it: bytes to messages and back."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final, NoReturn, Protocol, cast

from twisted.internet import protocol, tcp
from twisted.internet.interfaces import IConnector, IPullProducer, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.errors import ParseError, TransportError
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.framer import Framer
from dispatch.sip.host import host_port
from dispatch.transport.interfaces import ISipReceiver, IStream, Limits
from dispatch.transport.sockets import watch

log = Logger()

_PATIENCE: Final = 30
"""Seconds without a sign of life after which whom we called is gone."""

_PONG: Final = 10.0
"""Seconds that a peer has for the answer to a keep-alive (RFC 5626 §4.4.1)."""


class Owner(Protocol):
    """What a connection needs of its transport."""

    listener: Listener

    def seconds(self) -> float:
        """The reactor's time."""

    def greeted(self, connection: Connection, message: bytes) -> None:
        """A caller's first message is here."""

    def ended(self, connection: Connection, reason: str) -> None:
        """Nothing can be sent on it any more, and whatever waits for a response by it waits in vain."""

    def refuse(self, reason: str) -> None:
        """A caller was not let in; why."""

    def gone(self, connection: Connection) -> None:
        """Nothing of it is left in the reactor."""


@implementer(IPullProducer, IPushProducer)
class Connection(protocol.Protocol):
    """Cuts what comes into messages, and sends.

    On plain TCP what is sent goes straight to the socket as long as that takes it; by way of Twisted's buffer each
    message would cost a wake-up of its own. What the socket does not take is Twisted's, until `resumeProducing` says
    that it is gone. From a caller that doesn't read nothing is read meanwhile.

    Args:
        owner: is told of its end.
        remote: host and port of the peer.
        receiver: gets the messages.
        limits: of one message, and of what waits to be sent.
        is_direct: there is nothing between SIP and the socket.
        called: what it was opened for; None when the peer opened it.
        begun: since when a first message is waited for, in seconds of the reactor's clock; None when it may take its
            time.

    Attributes:
        flow: the way back to the peer, on this very connection.
        connector: there when we called.
        is_closed: nothing can be sent any more.
        is_cut: we did not wait for its end.
        has_spoken: a message came.
    """

    transport: IStream | None

    def __init__(
        self,
        owner: Owner,
        remote: tuple[str, int],
        receiver: ISipReceiver,
        limits: Limits,
        *,
        is_direct: bool,
        called: Flow | None = None,
        begun: float | None = None,
    ) -> None:
        self.flow = Flow(owner.listener, remote, self)
        self.flow.called = called
        self.connector: IConnector | None = None
        self.is_closed = False
        self.is_cut = False
        self.has_spoken = False
        self._owner = owner
        self._receiver = receiver
        self._limits = limits
        self._framer = Framer(limits.message)
        self._is_direct = is_direct
        self._put: Callable[[bytes], int] | None = None
        self._queue: list[bytes] = []  # until connected
        self._is_full = True  # what is sent waits, here or with Twisted
        self._unsent = 0  # bytes that wait
        self._stuck = 0.0  # since when something waits
        self._begun = begun  # since when a message is in the making, or the first one is waited for
        self._is_active = True  # something came since the last look
        self._idle = 0.0  # since when nothing came
        self._pinged: float | None = None  # when a keep-alive went that has no answer yet
        self._answers_pings = False

    @property
    def called(self) -> Flow | None:
        """Requests of ours for this flow go by it; None on a caller's own, unless he shares it."""
        return self.flow.called

    @property
    def is_waiting(self) -> bool:
        """Whether a message has begun that is not complete."""
        return not self.is_closed and self._framer.is_waiting

    def expect(self) -> None:
        """A message has begun of which nothing could be handed on yet: its time counts from now."""
        if self._begun is None:
            self._begun = self._owner.seconds()

    def send(self, message: bytes) -> None:
        """See `ISipTransport`."""
        if self.is_closed:
            raise self._error("the connection is closed")
        self._write(message)

    def close(self, reason: str) -> None:
        """End it when all is sent."""
        if self.is_closed:
            return
        self._end(reason)
        if self.transport is not None:
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        elif self.connector is not None:
            self.connector.stopConnecting()

    def cut(self, reason: str) -> None:
        """End it now; what waits to be sent is lost."""
        self.is_cut = True
        if self.transport is None:
            self.close(reason)
        else:
            self._end(reason)
            self.transport.abortConnection()

    def leave(self) -> None:
        """End it, and don't wait for a peer that doesn't read."""
        if self._is_full:
            self.cut("we are stopping")
        else:
            self.close("we are stopping")

    def look(self, now: float, ping_interval: float) -> None:
        """Close what is idle, cut what is stuck. Called every few seconds, so that no message moves a timer.

        Args:
            now: in seconds of the reactor's clock.
            ping_interval: seconds of silence after which a connection of ours gets a keep-alive; 0 for never.
        """
        limits = self._limits
        if self.is_closed:
            self.cut("it does not let go")
        elif self._is_full and self.transport is not None and now >= self._stuck + limits.message_time:
            self.cut(f"it has not read what we sent for {limits.message_time:g} seconds")
        elif self._begun is not None and now >= self._begun + limits.message_time:
            self.cut(f"no whole message in {limits.message_time:g} seconds")
        elif self._is_active:
            self._is_active = False
            self._idle = now
        elif self._answers_pings and self._pinged is not None and now >= self._pinged + _PONG:
            self.cut("no answer to a keep-alive")
        elif now >= self._idle + limits.idle_time:
            self.close(f"idle for {limits.idle_time:g} seconds")
        elif ping_interval and now >= max(self._idle, self._pinged or 0.0) + ping_interval:
            self._ping(now)

    def connectionMade(self) -> None:
        """Twisted: it is up; what waited goes out."""
        transport = self.transport
        assert transport is not None
        transport.setTcpNoDelay(True)
        if self.connector is not None:  # what others open has it from the listening socket
            watch(cast(tcp.Connection, transport).socket, _PATIENCE)
        if self._is_direct:
            self._put = cast(socket.socket, transport.getHandle()).send
        self._is_full = False
        self._unsent = 0
        # A pull producer is told of each time that the buffer is empty, but of TLS it is told all the time.
        transport.registerProducer(self, not self._is_direct)
        queue, self._queue = b"".join(self._queue), []
        if queue:
            self._write_quietly(queue)

    def dataReceived(self, data: bytes) -> None:
        """Twisted: a piece of the stream."""
        framer = self._framer
        fault: ParseError | None = None
        try:
            framer.feed(data)
        except ParseError as error:
            fault = error.with_traceback(None)  # which would know us, so that all of this waited for the collector
        if framer.done:
            if not self.has_spoken and self.called is None:
                self._owner.greeted(self, framer.done[0])
            self.has_spoken = self._is_active = True
            self._begun = None
            for message in framer.done:
                if self.is_closed:
                    return
                self._guarded(self._receiver.received, message, self.flow)
        if framer.pings:
            self._pong()
        if self._pinged is not None and not framer.awaits_pong:
            self._pinged = None
            self._answers_pings = self._is_active = True
        if self.is_closed:
            return
        if fault is not None:
            self._guarded(self._receiver.malformed, framer.rest, self.flow, fault)
            self.close(f"no SIP: {fault}")
        elif framer.is_waiting:
            self.expect()
        elif self.has_spoken:
            self._begun = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: it is gone, or never came to be."""
        fault = _fault(reason)
        if fault and self.connector is None:
            self._owner.refuse(fault)
        self._end(fault or reason.getErrorMessage())
        self._owner.gone(self)
        # Whoever has the way back keeps us; neither what we hold nor we ourselves need to wait for the collector.
        self._framer.drop()
        self.flow = Flow(self.flow.listener, self.flow.remote)

    def pauseProducing(self) -> None:
        """Twisted: its buffer is full."""
        self._fill()

    def resumeProducing(self) -> None:
        """Twisted: its buffer is empty."""
        if self._is_full:
            self._is_full = False
            self._unsent = 0
            cast(IPushProducer, self.transport).resumeProducing()

    def stopProducing(self) -> None:
        """Twisted: no use in writing more; `connectionLost` follows."""

    def _write(self, data: bytes) -> None:
        if self._put is not None and not self._is_full:
            try:
                sent = self._put(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self.cut(error.strerror or str(error))
                raise self._error(error.strerror or str(error)) from None
            if sent == len(data):
                return
            data = data[sent:]
            self._fill()
        elif self._is_full and self._unsent + len(data) > self._limits.unsent:
            self._overflow()
        if self._is_full:
            self._unsent += len(data)
        if self.transport is None:
            self._queue.append(data)
        else:
            self.transport.write(data)

    def _overflow(self) -> NoReturn:
        """More than may wait. What waits already for somebody whom we called has its time: only the rest fails over."""
        reason = f"{self._unsent} bytes wait for it already"
        if self.called is None:
            self.cut(reason)
        raise self._error(reason)

    def _fill(self) -> None:
        """What is sent waits from now on. We don't stop to read from those whom we call: both might wait for ever."""
        self._is_full = True
        self._stuck = self._owner.seconds()
        if self.called is None and self.transport is not None:
            cast(IPushProducer, self.transport).pauseProducing()

    def _ping(self, now: float) -> None:
        """A keep-alive, as the side that opened the connection sends it (RFC 5626 §3.5.1)."""
        if self.connector is None or self._is_full:
            return
        self._pinged = now
        self._framer.awaits_pong = True
        self._write_quietly(b"\r\n\r\n")

    def _pong(self) -> None:
        """Answer keep-alives (RFC 5626 §4.4.1); who has said more than these may stay for them."""
        self._is_active |= self.has_spoken
        pongs = b"\r\n" * self._framer.pings
        self._framer.pings = 0
        self._write_quietly(pongs)

    def _write_quietly(self, data: bytes) -> None:
        if not self.is_closed:
            try:
                self._write(data)
            except TransportError:
                return  # it is cut, and its owner knows

    def _end(self, reason: str) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._owner.ended(self, f"{host_port(*self.flow.remote)}: {reason}")

    def _guarded(self, call: Callable[..., None], *args: object) -> None:
        try:
            call(*args)
        except Exception:
            log.failure("a message from {peer} failed", peer=self.flow.remote)

    def _error(self, reason: str) -> TransportError:
        return TransportError(f"{host_port(*self.flow.remote)}: {reason}")


def _fault(reason: Failure) -> str:
    """What TLS found wrong with the peer, or he with us; empty for all else.

    Errors of OpenSSL are lists of library, function and reason.
    """
    args = reason.value.args if reason.value is not None else ()
    return ", ".join(entry[2] for entry in args[0]) if args and isinstance(args[0], list) else ""
