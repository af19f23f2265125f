"""Tests of the endpoints of control."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from dispatch.service import control_endpoint
from dispatch.service.control_address import parse


class EndpointTests(SynchronousTestCase):
    def test_twisted_takes_them(self) -> None:
        """What is handed to Twisted means the same there."""
        reactor = MemoryReactor()
        for text in ("unix:a\\:b\\=c.sock:mode=640", "tcp:2050:interface=\\:\\:1"):
            address = parse(text).beside(Path("/x"))
            control_endpoint.server(address, reactor).listen(Factory())
            control_endpoint.client(address, reactor).connect(Factory())
        self.assertEqual([(one[0], one[3]) for one in reactor.unixServers], [("/x/a:b=c.sock", 0o640)])
        self.assertEqual([(one[0], one[3]) for one in reactor.tcpServers], [(2050, "::1")])
        self.assertEqual([one[0] for one in reactor.unixClients], ["/x/a:b=c.sock"])
        self.assertEqual([one[:2] for one in reactor.tcpClients], [("::1", 2050)])

    def test_files(self) -> None:
        """A file that is missing, or is no certificate, is told."""
        folder = Path(self.mktemp())
        folder.mkdir()
        address = parse("ssl:2050:interface=0.0.0.0:certificate=a.pem:key=b.pem:ca=c.pem").beside(folder)
        self.assertRaises(FileNotFoundError, control_endpoint.server, address, MemoryReactor())
        for name in ("a.pem", "b.pem", "c.pem"):
            (folder / name).write_text("nothing")
        with self.assertRaises(OSError) as caught:
            control_endpoint.server(address, MemoryReactor())
        self.assertIn("a.pem is no certificate", str(caught.exception))
