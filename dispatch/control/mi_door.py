"""The MI door: what a request becomes, from a FIFO and from datagrams."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Final

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.control import mi
from dispatch.control.command import Caller, Door, Right
from dispatch.control.datagrams import LONGEST
from dispatch.control.gathering import gather
from dispatch.control.methods import Methods
from dispatch.control.mi import Request, Unreadable
from dispatch.control.values import Fault

log: Final = Logger()


class Commands:
    """Answers requests.

    Args:
        clock: the reactor.
        methods: what can be asked for.
    """

    def __init__(self, clock: IReactorTime, methods: Methods) -> None:
        self._clock = clock
        self._methods = methods

    def __contains__(self, command: str) -> bool:
        return command in self._methods

    def answer(self, command: str, arguments: bytes, caller: Caller, *, label: str = "") -> Deferred[bytes]:
        """The answer to a command that there is.

        Args:
            command: its name.
            arguments: the lines below.
            caller: who asks.
            label: what errors of the door call the command, with a blank before it.
        """
        done = maybeDeferred(lambda: self._methods.call(command, mi.arguments(arguments), caller))
        done.addCallback(lambda nodes: gather(self._clock, mi.answer(nodes)))
        return done.addErrback(_refused, label)


def _refused(failure: Failure, label: str) -> bytes:
    error = failure.value
    if isinstance(error, Fault):
        return mi.refusal(error)
    if isinstance(error, Unreadable):
        return mi.refusal(Fault(400, f"parse error in command{label}"))
    log.failure("an answer could not be made", failure)
    return mi.refusal(Fault(500, f"command{label} failed"))


def datagram(commands: Commands, right: Right, data: bytes, peer: str) -> Deferred[bytes]:
    """The answer to a request that came in a datagram: all of it is the request."""
    line, _, rest = data.partition(b"\n")
    request = mi.first_line(line)
    if request is None or request.reply or request.command not in commands:
        return succeed(mi.refusal(Fault(500, "command not available")))
    answering = commands.answer(request.command, rest, Caller(Door.MI, peer, right))
    return answering.addCallback(partial(_fitting, mi.refusal(Fault(500, "Internal server error"))))


def _fitting(otherwise: bytes, answer: bytes) -> bytes:
    return answer if len(answer) <= LONGEST else otherwise


class MiRequests:
    """Requests from a FIFO, one after the other.

    Args:
        commands: answer.
        reply: sends an answer to who waits at a FIFO of that name.
    """

    def __init__(self, commands: Commands, reply: Callable[[str, bytes], object]) -> None:
        self._commands = commands
        self._reply = reply
        self._pending = b""
        self._is_skipping = False

    @inlineCallbacks
    def feed(self, data: bytes) -> Generator[Deferred[object], object, None]:
        """Take what came, and answer what is whole; Deferred of that.

        What is no request is passed over up to the next empty line.
        """
        self._pending += data
        while (asked := self._take()) is not None:
            yield self._answer(*asked)

    def _take(self) -> tuple[Request, bytes] | None:
        """The next request and its arguments; None as long as it is not all there."""
        while self._pending:
            if self._is_skipping and not self._skip():
                return None
            self._pending = self._pending.lstrip(b"\r\n")
            line, newline, rest = self._pending.partition(b"\n")
            if not newline:
                self._is_skipping = len(line) > mi.LONGEST_LINE
                if not self._is_skipping:
                    return None
                continue
            request, end = mi.first_line(line), mi.end_of_arguments(rest)
            if request is None or not request.reply or (end < 0 and len(rest) > mi.LARGEST) or end > mi.LARGEST:
                self._is_skipping = True
                continue
            if end < 0:
                return None
            self._pending = rest[end:]
            return request, rest[:end]
        return None

    def _skip(self) -> bool:
        """Pass over what is no request; whether its end is there."""
        end = self._pending.find(b"\n\n")
        self._is_skipping = end < 0
        self._pending = self._pending[end + 2 :] if end >= 0 else self._pending[-1:]
        return end >= 0

    def _answer(self, request: Request, arguments: bytes) -> Deferred[object]:
        name, reply = request.command, request.reply
        label = f" '{name[:200]}'"
        if name not in self._commands:
            self._reply(reply, mi.refusal(Fault(500, f"command{label} not available")))
            return succeed(None)
        answering = self._commands.answer(name, arguments, Caller(Door.MI, f"FIFO {reply}", Right.FULL), label=label)
        return answering.addCallback(self._finish, reply)

    def _finish(self, answer: bytes, reply: str) -> None:
        self._reply(reply, answer if not answer.startswith(b"200 ") else answer + b"\n")
