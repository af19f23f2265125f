"""Tests of dispatch.transport.names.files."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.transport.names.files import Hosts, Servers
from dispatch.transport.names.records import AAAA, NAPTR, NOTHING, SRV, A, Question


class HostsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.path.write_text(
            "127.0.0.1 localhost\n# 192.0.2.1 x\n192.0.2.7\tGW.example gw # old\n2001:db8::7 gw\nx y\n"
        )
        self.hosts = Hosts(self.path)

    def addresses(self, name: str, kind: int = A) -> tuple[str, ...]:
        found = self.hosts.answer(Question(name, kind))
        assert found is not None
        return found.addresses

    def test_names(self) -> None:
        """A name of the file has its addresses of both kinds; what is a comment, or no address, is none."""
        self.assertEqual(self.addresses("gw.example"), ("192.0.2.7",))
        self.assertEqual((self.addresses("gw"), self.addresses("gw", AAAA)), (("192.0.2.7",), ("2001:db8::7",)))
        self.assertEqual(self.addresses("gw.example", AAAA), ())
        for name in ("x", "y", "old", "other.example"):
            self.assertIsNone(self.hosts.answer(Question(name, A)))

    def test_it_has_the_last_word(self) -> None:
        """A name of the file is asked for nowhere else: it has no SRV and no NAPTR records."""
        for question in (
            Question("gw", NAPTR),
            Question("_sip._udp.gw", SRV),
            Question("_sip._tcp.gw", SRV),
            Question("_sips._tcp.gw", SRV),
        ):
            self.assertEqual(self.hosts.answer(question), NOTHING)

    def test_it_is_read_again(self) -> None:
        """A change of the file counts at once; a file that is gone has no names."""
        self.path.write_text("192.0.2.8 gw\n")
        os.utime(self.path, (1, 1))
        self.assertEqual(self.addresses("gw"), ("192.0.2.8",))
        self.path.unlink()
        self.assertIsNone(self.hosts.answer(Question("gw", A)))


class ServersTests(SynchronousTestCase):
    def test_servers(self) -> None:
        """The name servers of the file count, in its order; without any it is this machine."""
        path = Path(self.mktemp())
        servers = Servers(path)
        self.assertEqual(servers(), (("127.0.0.1", 53),))
        path.write_text("search example.com\nnameserver 192.0.2.53\nnameserver x\nnameserver\nnameserver ::53\n")
        self.assertEqual(servers(), (("192.0.2.53", 53), ("::53", 53)))
