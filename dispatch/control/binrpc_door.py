"""The BINRPC door, for the original's `kamcmd`: on streams, and on datagrams."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.control import binrpc
from dispatch.control.access import Entry
from dispatch.control.binrpc import PacketError, Request
from dispatch.control.command import Caller, Door, Right
from dispatch.control.datagrams import LONGEST
from dispatch.control.gathering import gather
from dispatch.control.methods import Methods
from dispatch.control.serving import Serving
from dispatch.control.values import Fault

log: Final = Logger()

_PROTOCOL: Final = "binrpc"


class Packets:
    """Answers requests.

    Args:
        clock: the reactor.
        methods: what can be asked for.
    """

    def __init__(self, clock: IReactorTime, methods: Methods) -> None:
        self._clock = clock
        self._methods = methods

    def answer(self, request: Request, caller: Caller) -> Deferred[bytes]:
        """The packet that answers a request."""
        done = maybeDeferred(lambda: self._methods.call(*binrpc.parse(request.body), caller))
        done.addCallback(lambda values: gather(self._clock, binrpc.body(values)))
        done.addCallback(partial(binrpc.packet, binrpc.REPLY, request.cookie))
        return done.addErrback(_fault, request.cookie)


def _fault(failure: Failure, cookie: int) -> bytes:
    error = failure.value
    if not isinstance(error, Fault):
        log.failure("an answer could not be made", failure)
        error = Fault(500, "Internal Server Error")
    return binrpc.fault(cookie, error)


class BinrpcProtocol(Protocol):
    """One client of a stream.

    Args:
        clock: the reactor.
        packets: answer.
        entry: tells who it is.
        gone: called once, when the connection is over.
    """

    transport: Any
    _serving: Serving[Request]

    def __init__(self, clock: IReactorTime, packets: Packets, entry: Entry, gone: Callable[[], object]) -> None:
        self._clock = clock
        self._entry = entry
        self._packets = packets
        self._gone = gone
        self._pending = bytearray()
        self._caller = Caller(Door.RPC, "nobody", Right.READ)

    def connectionMade(self) -> None:
        """Find out who it is."""
        self._caller = self._entry.caller(Door.RPC, self.transport, _PROTOCOL)
        self._serving = Serving(self._clock, self.transport, self._take, self._answer)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the client; a command under way goes on without it."""
        self._serving.end()
        self._gone()

    def dataReceived(self, data: bytes) -> None:
        """Take what came, and answer the first request in it."""
        self._pending += data
        self._serving.serve()

    def _take(self) -> Request | None:
        try:
            return binrpc.take(self._pending)
        except PacketError as error:
            self._serving.drop(binrpc.fault(0, Fault(400, str(error))))
            return None

    def _answer(self, request: Request) -> Deferred[bytes]:
        return self._packets.answer(request, self._caller)


def datagram(packets: Packets, right: Right, data: bytes, peer: str) -> Deferred[bytes]:
    """The answer to a packet that came in a datagram; to one that is not whole there is none."""
    try:
        request = binrpc.take(bytearray(data))
    except PacketError as error:
        return succeed(binrpc.fault(0, Fault(400, str(error))))
    if request is None:
        return succeed(b"")
    answering = packets.answer(request, Caller(Door.RPC, peer, right, _PROTOCOL))
    return answering.addCallback(lambda answer: answer if len(answer) <= LONGEST else _too_long(request))


def _too_long(request: Request) -> bytes:
    return binrpc.fault(request.cookie, Fault(500, "reply too large for a datagram; use a stream"))
