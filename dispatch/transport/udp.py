"""SIP over UDP (RFC 3261 §18): each datagram is a message.

An own reader instead of Twisted's port, and one that stays: a round of the reactor costs as much as a message. As long
as nothing but datagrams of ours comes in and no call is due, it waits on in place of the reactor, on the reactor's own
epoll, so that whatever else happens ends this wait as it would end that of the reactor.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from select import EPOLLIN
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import classImplements

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow, Listener, Peer
from dispatch.sip.host import host_port
from dispatch.transport.flows import Flows, listener_of
from dispatch.transport.interfaces import IReactor, ISipReceiver, ISipTransport, Limits, Tracer
from dispatch.transport.sockets import bound

if TYPE_CHECKING:
    from twisted.internet.epollreactor import EPollReactor

log = Logger()

_DATAGRAM: Final = 65535  # none is longer
_BATCH: Final = 64  # at most, before timers and other sockets have their turn
_FULL: Final = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)
_KEEP_ALIVE: Final = b"\r\n\0 \t"
_STUN: Final = b"\0\1\2\3"  # its first byte (RFC 5389 §6)


class UdpTransport:
    """One UDP socket.

    Args:
        host: address to bind to.
        port: port to bind to; 0 takes a free one.
        receiver: gets the messages.
        limits: not needed here, a datagram has its own.
        advertised: host and port for Via and Record-Route instead of the bound ones; port 0 stands for the bound port.

    Attributes:
        dropped: messages that the full send buffer lost, as the network would have.
        ignored: keep-alives and STUN.
        tracer: sees what was sent; None while nobody wants to.
    """

    name = b"UDP"
    default_port = 5060
    reliable = False
    listener: Listener

    def __init__(
        self,
        host: str,
        port: int,
        receiver: ISipReceiver,
        limits: Limits,
        advertised: tuple[str, int] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._advertised = advertised
        self._receiver = receiver
        self._buffer = bytearray(_DATAGRAM)  # made once: to make one for each datagram costs 1 us
        self._view = memoryview(self._buffer)
        self._socket: socket.socket | None = None
        self._reactor: IReactor | None = None
        self._poll: Callable[[float, int], list[tuple[int, int]]] | None = None
        self.dropped = 0
        self.ignored = 0
        self.tracer: Tracer | None = None

    def bind(self) -> None:
        """See `ISipTransport`."""
        self.adopt(bound(socket.SOCK_DGRAM, self._host, self._port))

    def adopt(self, made: socket.socket) -> None:
        """Use a socket that is bound and does not block."""
        self._socket = made
        self._receive = made.recvfrom_into
        self._send = made.sendto
        self.fileno = made.fileno
        self.listener = listener_of(self, made, self._advertised)
        self._flows = Flows(self.listener)
        self._known = self._flows.known.get
        self._label = f"udp:{host_port(self.listener.host, self.listener.port)}"

    def start(self, reactor: IReactor) -> None:
        """See `ISipTransport`."""
        self._reactor = reactor
        poller = getattr(reactor, "_poller", None)  # only Twisted's epoll reactor has one
        if poller is not None:
            self._poll = poller.poll
            self._timeout = cast("EPollReactor", reactor).timeout
        _open[self.fileno()] = self
        reactor.addReader(cast(IReadDescriptor, self))

    def stop(self) -> Deferred[None]:
        """See `ISipTransport`."""
        if self._reactor is not None:
            self._reactor.removeReader(cast(IReadDescriptor, self))
            self._reactor = None
            del _open[self.fileno()]
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        return succeed(None)

    def flow_to(self, host: str, port: int, peer: Peer | None = None) -> Flow:
        """See `ISipTransport`."""
        return self._flows.to(host, port)

    def flow_back(self, host: str, port: int) -> Flow | None:
        """See `ISipTransport`."""
        return self._flows.to(host, port)

    def send(self, message: bytes, flow: Flow) -> None:
        """See `ISipTransport`. A full send buffer loses the message as the network would: it is no error."""
        try:
            self._send(message, flow.remote)
        except BlockingIOError:
            self.dropped += 1
        except OSError as error:
            if error.errno not in _FULL:
                raise TransportError(f"{host_port(*flow.remote)}: {error.strerror}") from None
            self.dropped += 1
        if self.tracer is not None:
            self.tracer.sent(message, flow)

    def doRead(self) -> None:
        """Twisted: something waits. Never an exception: the reactor would drop the socket."""
        if self._poll is not None:
            self._read()
            self._stay(self._poll)
            return
        for _ in range(_BATCH):
            if not self._read():
                return

    def _stay(self, poll: Callable[[float, int], list[tuple[int, int]]]) -> None:
        """Read on until there is something else to do."""
        reactor = self._reactor
        while reactor is not None and reactor is self._reactor:
            wait = self._timeout()
            if wait is None:
                wait = -1.0
            elif wait <= 0.0:
                return
            ready = poll(wait, _BATCH)
            only_ours = bool(ready)
            for number, event in ready:
                udp = _open.get(number)
                if udp is None or event != EPOLLIN:
                    only_ours = False
                else:
                    udp._read()
            if not only_ours:
                return

    def _read(self) -> bool:
        """Read one datagram; False when there was none."""
        try:
            size, address = self._receive(self._buffer)
        except BlockingIOError:
            return False
        except OSError as error:
            if self._socket is not None:
                log.warn("{listener}: {reason}", listener=self._label, reason=os.strerror(error.errno or 0))
            return False
        self.datagramReceived(bytes(self._view[:size]), address)
        return True

    def datagramReceived(self, data: bytes, address: Any) -> None:  # machine code would take IPv6's four parts for two
        """Hand one message on; keep-alives end here."""
        if not address[1]:
            self.ignored += 1  # no socket has port 0: the source is forged, and nothing can be sent there
            return
        if data[:1] < b"!":  # no start line begins so
            data = data.lstrip(b"\r\n")  # RFC 3261 §7.5
            if not data.strip(_KEEP_ALIVE) or data[0] in _STUN:
                self.ignored += 1
                return
        try:
            self._receiver.received(data, self._known(address) or self._flows.back(address))
        except Exception:
            log.failure("{listener}: a message from {peer} failed", listener=self._label, peer=address)

    def connectionLost(self, reason: Failure) -> None:
        """Twisted: the reactor ends."""
        self.stop()

    def logPrefix(self) -> str:
        """Twisted: name in its log, asked for at each wake-up."""
        return self._label


_open: Final[dict[int, UdpTransport]] = {}
"""Sockets that a reactor waits for, by file descriptor."""

# Compiled to machine code, a class may have no decorator.
classImplements(UdpTransport, ISipTransport, IReadDescriptor)
