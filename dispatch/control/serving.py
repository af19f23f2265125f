"""One client of a stream door: one command at a time under way, what comes meanwhile waits in the socket.

So does a client that does not read its answers: neither can fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

Request = TypeVar("Request")


@implementer(IPushProducer)
class Serving(Generic[Request]):
    """Takes requests of a client in turn.

    Args:
        clock: gives the reactor back between two of them.
        transport: of the client.
        take: the next request of what came; None as long as there is none whole. It may `end` the serving.
        answer: Deferred of the bytes to send, empty where nothing is; it never fails.
    """

    def __init__(
        self,
        clock: IReactorTime,
        transport: Any,
        take: Callable[[], Request | None],
        answer: Callable[[Request], Deferred[bytes]],
    ) -> None:
        self._clock = clock
        self._transport = transport
        self._take = take
        self._answer = answer
        self._next: IDelayedCall | None = None
        self._is_busy = False
        self._is_full = False
        self.is_over = False
        transport.registerProducer(self, True)

    def serve(self) -> None:
        """Answer the first of what came; the others follow."""
        self._next = None
        if self._is_busy or self._is_full or self.is_over:
            return
        request = self._take()
        if request is None:
            if not self.is_over:
                self._transport.resumeProducing()
            return
        self._transport.pauseProducing()
        self._is_busy = True
        self._answer(request).addCallback(self._send)

    def _send(self, answer: bytes) -> None:
        self._is_busy = False
        if self.is_over:
            return
        if answer:
            self._transport.write(answer)
        self._go_on()

    def _go_on(self) -> None:
        if self._next is None and not (self._is_busy or self._is_full or self.is_over):
            self._next = self._clock.callLater(0, self.serve)

    def pauseProducing(self) -> None:
        """The client does not read."""
        self._is_full = True

    def resumeProducing(self) -> None:
        """It does again."""
        self._is_full = False
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is over; `end` follows."""

    def end(self) -> None:
        """Answer no more; a command under way goes on without its client."""
        self.is_over = True
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def drop(self, answer: bytes = b"") -> None:
        """End the connection, at once or behind a last answer."""
        self.end()
        self._transport.unregisterProducer()
        if answer:
            self._transport.write(answer)
            self._transport.loseConnection()
        else:
            self._transport.abortConnection()
