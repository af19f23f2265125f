"""Asks DNS servers, by UDP and where that is too small by TCP, with the messages of `twisted.names`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Sequence
from secrets import randbelow
from typing import Any, Final

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.names import dns
from twisted.names.error import DNSQueryTimeoutError

from dispatch.transport.names.records import FAILED, Answer, Outcome, Question, decoded, read
from dispatch.transport.sockets import family

Server = tuple[str, int]
"""Address and port."""

_LARGEST: Final = 65535
_FAULTS: Final = (DNSQueryTimeoutError, DeferredTimeoutError, ConnectError, ConnectionClosed, OSError)


class Client:
    """One question at a time to one server after the other, until one of them knows.

    Each question leaves from a port of its own that the kernel chose, with a number of chance (RFC 5452 §9.2).

    Args:
        reactor: Twisted's.
        servers: who is asked, in this order; looked up for each question.
        timeout: seconds that a server has to answer; twice as long in each further round.
        rounds: how often all of them are asked.
    """

    def __init__(
        self, reactor: Any, servers: Callable[[], Sequence[Server]], *, timeout: float = 1.0, rounds: int = 3
    ) -> None:
        self._reactor = reactor
        self._servers = servers
        self._waits = [timeout * 2**number for number in range(rounds)]

    def ask(self, question: Question) -> Deferred[Answer]:
        """What comes of a question; never fails."""
        return self._ask(question)

    @inlineCallbacks
    def _ask(self, question: Question) -> Generator[Deferred[Any], Any, Answer]:
        servers = self._servers()
        for wait in self._waits:
            for server in servers:
                try:
                    message = yield self._by_udp(server, question, wait)
                    if message.trunc:
                        message = yield self._by_tcp(server, question, wait)
                except _FAULTS:
                    continue
                answer = read(message, question)
                if answer.outcome is not Outcome.FAILED:
                    return answer
        return FAILED

    def _by_udp(self, server: Server, question: Question, wait: float) -> Deferred[dns.Message]:
        return _Datagram(self._reactor, server, question).ask(wait)

    def _by_tcp(self, server: Server, question: Question, wait: float) -> Deferred[dns.Message]:
        endpoint = TCP6ClientEndpoint if ":" in server[0] else TCP4ClientEndpoint
        protocol = _Stream(question, self._reactor)

        def close(result: Any) -> Any:
            assert protocol.transport is not None  # it was connected
            protocol.transport.loseConnection()
            return result

        def ask(_: object) -> Deferred[dns.Message]:
            return protocol.query([_query(question)], wait).addBoth(close)

        connected: Deferred[Any] = connectProtocol(endpoint(self._reactor, *server, timeout=wait), protocol)
        return connected.addCallback(ask)


def _query(question: Question) -> dns.Query:
    return dns.Query(question.name.encode("ascii"), question.kind, dns.IN)


def _message(question: Question, number: int) -> dns.Message:
    message = dns.Message(number, recDes=1)
    message.queries = [_query(question)]
    return message


class _Datagram:
    """A socket for one question to one server: the kernel drops what comes from elsewhere, and tells of a refusal."""

    def __init__(self, reactor: Any, server: Server, question: Question) -> None:
        self._reactor = reactor
        self._question = question
        self._number = randbelow(1 << 16)
        self._answered: Deferred[dns.Message] = Deferred()
        self._socket = socket.socket(family(server[0]), socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(server)
            self._socket.send(_message(question, self._number).toStr())
        except OSError:
            self._socket.close()
            raise

    def ask(self, wait: float) -> Deferred[dns.Message]:
        """The answer.

        Fails with:
            TimeoutError: there is none after so many seconds.
            OSError: the server refused.
        """
        self._reactor.addReader(self)
        return self._answered.addTimeout(wait, self._reactor).addBoth(self._close)

    def _close(self, result: Any) -> Any:
        self._reactor.removeReader(self)
        self._socket.close()
        return result

    def doRead(self) -> None:
        """Something has come."""
        try:
            data = self._socket.recv(_LARGEST)
        except BlockingIOError:
            return
        except OSError:
            self._answered.errback()
            return
        message = decoded(data, self._question, self._number)
        if message is not None:
            self._answered.callback(message)

    def fileno(self) -> int:
        return self._socket.fileno()

    def connectionLost(self, reason: object) -> None:
        """The reactor gives it up; the time that a question has tells it as well."""

    def logPrefix(self) -> str:
        return "dns"


class _Nobody:
    """Hears of what no question waits for."""

    def connectionMade(self, protocol: object) -> None: ...

    def connectionLost(self, protocol: object) -> None: ...

    def messageReceived(self, message: object, protocol: object) -> None: ...


class _Stream(dns.DNSProtocol):
    """A connection for one question."""

    def __init__(self, question: Question, reactor: Any) -> None:
        super().__init__(_Nobody(), reactor)
        self._question = question

    def stringReceived(self, data: bytes) -> None:
        """One message."""
        if decoded(data, self._question) is not None:
            super().stringReceived(data)
