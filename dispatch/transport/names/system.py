"""Addresses by the system's resolver, in threads of the reactor: whatever nsswitch.conf(5) names is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
)
from zope.interface import implementer

from dispatch.transport.names.records import AAAA, FAILED, A, Answer, Outcome, Question
from dispatch.transport.sockets import canonical

_TTL: Final = 60.0  # it tells none
_KINDS: Final = {A: IPv4Address, AAAA: IPv6Address}


class System:
    """Asks for addresses only.

    Args:
        reactor: its name resolver.
    """

    def __init__(self, reactor: IReactorPluggableNameResolver) -> None:
        self._reactor = reactor

    def ask(self, question: Question) -> Deferred[Answer]:
        """What comes of a question for A or AAAA; never fails.

        It does not tell a name that is not there from a server that is away: both have failed.
        """
        answer: Deferred[Answer] = Deferred()

        def done(found: list[IAddress]) -> None:
            hosts = [one.host for one in found if isinstance(one, IPv4Address | IPv6Address)]
            addresses = tuple(dict.fromkeys(canonical(one) for one in hosts if (":" in one) is (question.kind == AAAA)))
            answer.callback(Answer(Outcome.FOUND, addresses, ttl=_TTL) if addresses else FAILED)

        self._reactor.nameResolver.resolveHostName(_Receiver(done), question.name, 0, [_KINDS[question.kind]])
        return answer


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
