"""Tests of dispatch.service.doors; on real sockets in dispatch.test.real.test_control."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.service.control_address import parse
from dispatch.service.doors import open_all


class OneFails(MemoryReactor):
    """Has one TCP port taken."""

    def listenTCP(self, port: int, *args: object, **more: object) -> object:
        if port == 2051:
            raise CannotListenError("127.0.0.1", port, OSError(98, "Address already in use"))
        return super().listenTCP(port, *args, **more)


class OpenTests(SynchronousTestCase):
    def test_all(self) -> None:
        """Every endpoint is listened at."""
        reactor = MemoryReactor()
        addresses = [parse("unix:a.sock"), parse("tcp:2050:interface=127.0.0.1")]
        self.assertEqual(len(open_all(addresses, Factory(), Path("/x/d.toml"), reactor)), 2)
        self.assertEqual((len(reactor.unixServers), len(reactor.tcpServers)), (1, 1))

    def test_one_is_taken(self) -> None:
        """An endpoint that can't be had is told with the configuration and the reason."""
        addresses = [parse(f"tcp:{port}:interface=127.0.0.1") for port in (2050, 2051)]
        with self.assertRaises(ConfigErrors) as caught:
            open_all(addresses, Factory(), Path("/x/d.toml"), OneFails())
        self.assertEqual(
            str(caught.exception),
            "/x/d.toml: [control] amp: tcp:2051:interface=127.0.0.1: address already in use",
        )
