"""Tests of dispatch.transport: the table."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.test.transport.fakes import FewLimits, Recorder
from dispatch.transport import TRANSPORTS
from dispatch.transport.interfaces import ISipTransport


class TableTests(SynchronousTestCase):
    def test_each_is_a_transport(self) -> None:
        """Each scheme has a transport that calls itself so in Via, and knows its address once it is bound."""
        for scheme, make in TRANSPORTS.items():
            transport = make("127.0.0.1", 0, Recorder(), FewLimits(), ("203.0.113.7", 0))
            transport.bind()
            verifyObject(ISipTransport, transport)
            self.assertEqual(transport.name, scheme.upper().encode())
            self.assertEqual(transport.listener.sent_by, b"203.0.113.7:%d" % transport.listener.port)
            self.successResultOf(transport.stop())
