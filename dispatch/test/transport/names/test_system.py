"""Tests of dispatch.transport.names.system."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IResolutionReceiver
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.transport.names.records import AAAA, FAILED, A, Answer, Outcome, Question
from dispatch.transport.names.system import System, _Receiver


class Names:
    """The reactor's name resolver, which finds what it was given."""

    def __init__(self, *found: object) -> None:
        self.found = found
        self.nameResolver = self

    def resolveHostName(self, receiver: Any, name: str, port: int, kinds: object) -> None:
        receiver.resolutionBegan(None)
        for one in self.found:
            receiver.addressResolved(one)
        receiver.resolutionComplete()


class SystemTests(SynchronousTestCase):
    def ask(self, kind: int, *found: object) -> Answer:
        system = System(Names(*found))  # type: ignore[arg-type]
        return self.successResultOf(system.ask(Question("gw.example", kind)))

    def test_provides_what_the_reactor_asks_for(self) -> None:
        """What collects the answers is a resolution receiver."""
        verifyObject(IResolutionReceiver, _Receiver(lambda found: None))

    def test_addresses(self) -> None:
        """The addresses of the kind that was asked for are found, each once, for a minute."""
        found = [IPv4Address("TCP", "192.0.2.7", 0), IPv4Address("UDP", "192.0.2.7", 0), IPv6Address("TCP", "::7", 0)]
        self.assertEqual(self.ask(A, *found), Answer(Outcome.FOUND, ("192.0.2.7",), ttl=60.0))
        self.assertEqual(self.ask(AAAA, *found), Answer(Outcome.FOUND, ("::7",), ttl=60.0))

    def test_nothing(self) -> None:
        """No address is a failure: the system does not tell whether the name or the server is missing."""
        self.assertEqual(self.ask(A), FAILED)
