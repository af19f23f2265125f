"""The BINRPC door, for the original's `kamcmd`: on streams, and on datagrams."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import DatagramProtocol, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.control import binrpc
from dispatch.control.binrpc import PacketError, Request
from dispatch.control.calling import perform
from dispatch.control.clients import CONNECTIONS
from dispatch.control.command import Caller, Control, Door, Right
from dispatch.control.gathering import gather
from dispatch.control.peer import peer_name
from dispatch.control.serving import Serving
from dispatch.control.text import printable
from dispatch.control.values import Fault

log: Final = Logger()

_LARGEST_DATAGRAM: Final = 65535
_PROTOCOL: Final = "binrpc"


class Methods:
    """Answers requests.

    Args:
        clock: the reactor.
        control: what commands work on.
    """

    def __init__(self, clock: IReactorTime, control: Control) -> None:
        self._clock = clock
        self._control = control
        self._rows = {row.names[Door.RPC]: row for row in control.commands if Door.RPC in row.names}

    def answer(self, request: Request, caller: Caller) -> Deferred[bytes]:
        """The packet that answers a request."""
        done: Deferred[Any] = Deferred()
        done.addCallback(lambda _: self._values(request, caller))
        done.addCallback(lambda values: gather(self._clock, binrpc.body(values)))
        done.addCallback(partial(binrpc.packet, binrpc.REPLY, request.cookie))
        done.addErrback(_fault, request.cookie)
        done.callback(None)
        return done

    def _values(self, request: Request, caller: Caller) -> Deferred[Any]:
        name, parameters = binrpc.parse(request.body)
        row = self._rows.get(name)
        if row is None:
            raise Fault(500, f"command {printable(name[:200])} not found")
        return perform(row, self._control, caller, parameters)


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
        methods: answer.
        gone: called once, when the connection is over.
    """

    transport: Any
    _serving: Serving[Request]

    def __init__(self, clock: IReactorTime, methods: Methods, gone: Callable[[], object]) -> None:
        self._clock = clock
        self._methods = methods
        self._gone = gone
        self._pending = bytearray()
        self._caller = Caller(Door.RPC, "nobody", Right.READ)

    def connectionMade(self) -> None:
        """Find out who it is."""
        self._caller = Caller(Door.RPC, peer_name(self.transport), Right.FULL, _PROTOCOL)
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
        return self._methods.answer(request, self._caller)


class BinrpcDatagrams(DatagramProtocol):
    """Clients of a datagram socket: a request each, and as much in the answer. What is incomplete is dropped.

    Args:
        methods: answer.
    """

    def __init__(self, methods: Methods) -> None:
        self._methods = methods
        self._waiting = 0

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        """Answer it."""
        try:
            request = binrpc.take(bytearray(datagram))
        except PacketError as error:
            self._send(binrpc.fault(0, Fault(400, str(error))), addr)
            return
        if request is None or not addr or self._waiting >= CONNECTIONS:
            return
        name = addr if isinstance(addr, str) else f"{addr[0]}:{addr[1]}"
        self._waiting += 1
        self._methods.answer(request, Caller(Door.RPC, printable(name), Right.FULL, _PROTOCOL)).addCallback(
            self._answered, addr, request.cookie
        )

    def _answered(self, packet: bytes, addr: Any, cookie: int) -> None:
        self._waiting -= 1
        if len(packet) > _LARGEST_DATAGRAM:
            packet = binrpc.fault(cookie, Fault(500, "reply too large for a datagram; use a stream"))
        self._send(packet, addr)

    def _send(self, packet: bytes, addr: Any) -> None:
        transport: Any = self.transport
        if transport is None or not addr:
            return
        try:
            transport.write(packet, addr)
        except OSError:
            return  # the client is gone
