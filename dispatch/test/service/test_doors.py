"""Tests of dispatch.service.doors; on real sockets in dispatch.test.real.test_control."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.commands.doors import CLIENTS, DOORS
from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.control_address import parse
from dispatch.service.control_config import ControlConfig
from dispatch.service.doors import open_all
from dispatch.test.control.make import LIST, Steered


def config(*endpoints: str) -> Config:
    """One with these doors, the second of them in line 8."""
    return Config(
        Path("/x/d.toml"), control=ControlConfig(tuple(map(parse, endpoints))), lines={("control", "amp", 1): 8}
    )


class OneFails(MemoryReactor):
    """Has one TCP port taken."""

    def listenTCP(self, port: int, *args: object, **more: object) -> object:
        if port == 2051:
            raise CannotListenError("127.0.0.1", port, OSError(98, "Address already in use"))
        return super().listenTCP(port, *args, **more)


class Sockets(MemoryReactor):
    """Has UDP as well."""

    def listenUDP(self, port: int, protocol: object, *args: object) -> object:
        return protocol


class OpenTests(SynchronousTestCase):
    def test_all(self) -> None:
        """Every endpoint is listened at, and commands can tell of it."""
        reactor, control = MemoryReactor(), Steered(LIST).control()
        two = config("unix:a.sock", "tcp:2050:interface=127.0.0.1")
        self.assertEqual(len(open_all(two, control, reactor)), 2)
        self.assertEqual([one.socket for one in DOORS.run(control)], ["unix:a.sock", "tcp:2050:interface=127.0.0.1"])
        reactor.tcpServers[0][1].buildProtocol(IPv4Address("TCP", "127.0.0.1", 9))
        self.assertEqual([one.clients for one in DOORS.run(control)], [0, 1])
        self.assertEqual([one.peer for one in CLIENTS.run(control)], ["127.0.0.1:9"])
        self.assertEqual((len(reactor.unixServers), len(reactor.tcpServers)), (1, 1))

    def test_datagrams(self) -> None:
        """Each datagram socket has a protocol of its own."""
        sockets = [parse(f"udp:{port}:interface=127.0.0.1", datagrams=True) for port in (2049, 2050)]
        two = Config(Path("/x/d.toml"), control=ControlConfig(binrpc=tuple(sockets)))
        ports = open_all(two, Steered(LIST).control(), Sockets())
        self.assertEqual(len({id(port) for port in ports}), 2)

    def test_one_is_taken(self) -> None:
        """An endpoint that can't be had is told with its line, the reason and a remedy."""
        two = config(*[f"tcp:{port}:interface=127.0.0.1" for port in (2050, 2051)])
        with self.assertRaises(ConfigErrors) as caught:
            open_all(two, Steered(LIST).control(), OneFails())
        self.assertEqual(
            str(caught.exception).partition(";")[0],
            "/x/d.toml:8: [control] amp: tcp:2051:interface=127.0.0.1: address already in use",
        )
