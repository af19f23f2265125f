"""Tests of dispatch.transport: the table."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyClass

from dispatch.transport import TRANSPORTS
from dispatch.transport.interfaces import ISipTransport


class TableTests(SynchronousTestCase):
    def test_each_is_a_transport(self) -> None:
        """Each scheme has a transport that calls itself so in Via."""
        for scheme, transport in TRANSPORTS.items():
            verifyClass(ISipTransport, transport)
            self.assertEqual(transport.name, scheme.upper().encode())
