"""SIP over UDP (RFC 3261 §18): each datagram is a message.

An own reader instead of Twisted's port: that one asks again after each datagram until the kernel says "nothing more",
and at SIP's one datagram per wake-up the refusal costs as much as the message. Here one datagram is read per wake-up
until a look at every second one finds more waiting; then the queue is drained at each wake-up until it holds one again.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.errors import TransportError
from dispatch.sip.flow import Flow, Listener
from dispatch.transport.flows import Flows, listener_of
from dispatch.transport.interfaces import IReactor, ISipReceiver, ISipTransport, Limits
from dispatch.transport.sockets import bound, host_port

log = Logger()

_DATAGRAM: Final = 65535  # none is longer
_BATCH: Final = 64  # at most, before timers and other sockets have their turn
_LOOK: Final = 2  # wake-ups between two looks for more
_FULL: Final = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)
_KEEP_ALIVE: Final = b"\r\n\0 \t"
_STUN: Final = b"\0\1\2\3"  # its first byte (RFC 5389 §6)


@implementer(ISipTransport, IReadDescriptor)
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
    """

    name = b"UDP"
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
        self._socket: socket.socket | None = None
        self._reactor: IReactor | None = None
        self._turn = 0
        self._crowded = False
        self.dropped = 0
        self.ignored = 0

    def bind(self) -> None:
        """See `ISipTransport`."""
        self.adopt(bound(socket.SOCK_DGRAM, self._host, self._port))

    def adopt(self, made: socket.socket) -> None:
        """Use a socket that is bound and does not block."""
        self._socket = made
        self._receive = made.recvfrom
        self._send = made.sendto
        self.fileno = made.fileno
        self.listener = listener_of(self, made, self._advertised)
        self._flows = Flows(self.listener)
        self._known = self._flows.known.get
        self._label = f"udp:{host_port(self.listener.host, self.listener.port)}"

    def start(self, reactor: IReactor) -> None:
        """See `ISipTransport`."""
        self._reactor = reactor
        reactor.addReader(self)

    def stop(self) -> Deferred[None]:
        """See `ISipTransport`."""
        if self._reactor is not None:
            self._reactor.removeReader(self)
            self._reactor = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        return succeed(None)

    def flow_to(self, host: str, port: int) -> Flow:
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

    def doRead(self) -> None:
        """Twisted: something waits. Never an exception: the reactor would drop the socket."""
        try:
            self.datagramReceived(*self._receive(_DATAGRAM))
            self._turn += 1
            if not self._crowded and self._turn % _LOOK:
                return
            self._crowded = False
            for _ in range(_BATCH):
                data, address = self._receive(_DATAGRAM)
                self._crowded = True
                self.datagramReceived(data, address)
        except BlockingIOError:
            return
        except OSError as error:
            if self._socket is not None:
                log.warn("{listener}: {reason}", listener=self._label, reason=os.strerror(error.errno or 0))

    def datagramReceived(self, data: bytes, address: tuple[str, int]) -> None:
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
