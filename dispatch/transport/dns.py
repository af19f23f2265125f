"""Host names to addresses, ahead of the packet path: it asks `Resolver.lookup` and never waits.

Today through the system's resolver, in a thread; NAPTR and SRV (RFC 3263) belong here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IReactorPluggableNameResolver,
    IReactorTime,
    IResolutionReceiver,
)
from zope.interface import implementer

from dispatch.errors import TransportError
from dispatch.transport.sockets import canonical

_FRESH: Final = 60.0
"""Seconds until an answer is asked for again; the system's resolver doesn't tell the TTL."""

_RETRY: Final = 10.0
"""Seconds until a name that had no answer is asked for again."""

_NAMES: Final = 10_000

_QUESTIONS: Final = 1_000
"""Names asked for at once: strangers choose those inside dialogs."""

# RFC 1123 §2.1, and the underscore that names in the wild have; anything else is not worth a thread.
# getaddrinfo would read digits and dots as an address in disguise: 1.2 as 1.0.0.2.
_NAME: Final = re.compile(
    r"(?=.{1,254}\Z)(?![0-9.]*\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?"
)


_LITERAL: Final = frozenset("[0123456789")


class INamingReactor(IReactorPluggableNameResolver, IReactorTime):
    """What a resolver needs of Twisted's reactor."""


@dataclass(slots=True)
class _Answer:
    """What is known of a name: ``address`` None means that it has none; asked for again after ``until``."""

    address: str | None
    until: float


class Resolver:
    """Remembers answers, asks once for each name at a time, and keeps the last good answer when DNS fails.

    Where a name has addresses of both kinds, the first IPv4 one counts, as in Kamailio.

    Args:
        reactor: its name resolver and its clock.
    """

    def __init__(self, reactor: INamingReactor) -> None:
        self._reactor = reactor
        self._answers: dict[str, _Answer] = {}
        self._asked: dict[str, list[Deferred[str]]] = {}

    def lookup(self, host: str) -> str | None:
        """The address of a literal, or of a name that was resolved before; None: `resolve` it first.

        An answer that has grown old is still given, and asked for anew behind the scenes.
        """
        literal = _literal(host)
        if literal is not None:
            return literal
        name = host.lower()
        answer = self._answers.get(name)
        if answer is None:
            return None
        if answer.until <= self._reactor.seconds():
            self._ask(name)
        return answer.address

    def resolve(self, host: str) -> Deferred[str]:
        """The address of a name or literal; at once where it is known.

        Fails with:
            TransportError: there is none.
        """
        address = self.lookup(host)
        if address is not None:
            return succeed(address)
        name = host.lower()
        answer = self._answers.get(name)
        if not _NAME.fullmatch(name) or (answer is not None and answer.until > self._reactor.seconds()):
            return fail(_no_address(name))
        if len(self._asked) >= _QUESTIONS and name not in self._asked:
            return fail(TransportError(f"too many names to look up, {name[:80]!r} is left out"))
        waiting: Deferred[str] = Deferred()
        self._ask(name, waiting)
        return waiting

    def _ask(self, name: str, *waiting: Deferred[str]) -> None:
        if name in self._asked:
            self._asked[name] += waiting
            return
        self._asked[name] = list(waiting)
        self._reactor.nameResolver.resolveHostName(_Receiver(lambda found: self._answered(name, found)), name)

    def _answered(self, name: str, found: list[IAddress]) -> None:
        addresses = [one.host for one in found if isinstance(one, IPv4Address)]
        addresses += [one.host for one in found if isinstance(one, IPv6Address)]
        known = self._answers.pop(name, None)
        now = self._reactor.seconds()
        if addresses:
            answer = _Answer(canonical(addresses[0]), now + _FRESH)
        else:
            answer = _Answer(known.address if known is not None else None, now + _RETRY)
        while len(self._answers) >= _NAMES:
            del self._answers[next(iter(self._answers))]  # the one answered longest ago
        self._answers[name] = answer
        for waiting in self._asked.pop(name):
            if answer.address is None:
                waiting.errback(_no_address(name))
            else:
                waiting.callback(answer.address)


@implementer(IResolutionReceiver)
class _Receiver:
    """Collects what the reactor's resolver finds."""

    def __init__(self, done: Callable[[list[IAddress]], None]) -> None:
        self._done = done
        self._found: list[IAddress] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """Nothing to do: it is never cancelled."""

    def addressResolved(self, address: IAddress) -> None:
        self._found.append(address)

    def resolutionComplete(self) -> None:
        self._done(self._found)


def _literal(host: str) -> str | None:
    if host[:1] not in _LITERAL and ":" not in host:
        return None
    try:
        return canonical(host)
    except TransportError:
        return None  # 1.gw.example.com


def _no_address(name: str) -> TransportError:
    return TransportError(f"no address for {name[:80]!r}")
