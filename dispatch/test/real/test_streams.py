"""TCP as it is on the public side: connections that break, peers that dawdle, balancers before us, long requests."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Final

from dispatch.test.real import service
from dispatch.test.real.case import RealCase, require
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.service import Value
from dispatch.test.real.sipp import Seen
from dispatch.test.real.wire import Exchange, Wire, answer, request

LONG: Final = "x" * 1300
BALANCER: Final = "127.0.0.8"
STRANGER: Final = "127.0.0.9"
GATEWAY: Final = "127.0.0.3"
NAMED: Final = Socket("tcp", 5060, "pc.invalid")  # a Via that tells nothing of where it comes from


class StreamCase(RealCase):
    """Peers by hand, and the service between them."""

    ours_only = True
    programs = ()
    proto = "tcp"

    def exchange(self, at: Socket | None = None) -> Exchange:
        """A gateway that takes connections."""
        exchange = Exchange(at or self.address(host=GATEWAY))
        self.addCleanup(exchange.close)
        return exchange

    def running(
        self,
        *gateways: Socket,
        at: tuple[Socket, ...] = (),
        sip: Mapping[str, Value] | None = None,
        limits: Mapping[str, Value] | None = None,
        balancer: str = "",
    ) -> Process:
        """The service, at work, with these gateways in order of preference, and with patience for silent ones."""
        sockets = at or (self.address(),)
        more: dict[str, Mapping[str, Value]] = {"sip.limits": limits or {}}
        if balancer:
            more["sip.proxy_protocol"] = {f'"tcp:{sockets[0].address}"': [balancer]}
        uris = tuple(map(self.uri, gateways))
        plan = service.Plan(sockets, uris, algorithm=8, silence=30.0, sip=sip or {}, more=more)
        proxy = self.keep(service.start("proxy", self.folder, plan))
        proxy.wait_logged("listening on")
        return proxy

    def wire(self, to: Socket, host: str = "") -> Wire:
        """A caller who has connected."""
        wire = Wire.to(to, host)
        self.addCleanup(wire.socket.close)
        return wire

    def message(self, caller: Wire, body: str = "", source: Socket | None = None) -> None:
        """Something short to be relayed."""
        caller.send(request("MESSAGE", source or caller.local, body=body))

    def assert_serves(self, proxy: Process, exchange: Exchange) -> None:
        """Another caller gets his answer from the gateway, and no traceback was logged."""
        caller = self.wire(proxy.sockets[0])
        self.message(caller)
        gateway = exchange.accept()
        gateway.send(answer(gateway.expect("MESSAGE"), 200))
        caller.expect("200")
        self.assertNotIn("Traceback", proxy.log())


class ConnectionTests(StreamCase):
    def test_broken(self) -> None:
        """A gateway that crashes before it has answered loses the call to the next one at once."""
        first, second = self.exchange(), self.exchange()
        proxy = self.running(first.at, second.at)
        caller = self.wire(proxy.sockets[0])
        caller.send(request("INVITE", caller.local))
        wire = first.accept()
        wire.send(answer(wire.expect("INVITE"), 100))
        wire.reset()
        wire = second.accept()
        wire.send(answer(wire.expect("INVITE"), 486))
        caller.expect("486")

    def test_ended(self) -> None:
        """So does one that ends its connection properly; all its calls go, and those of others stay."""
        first, second = self.exchange(), self.exchange()
        proxy = self.running(first.at, second.at)
        caller = self.wire(proxy.sockets[0])
        for _ in range(3):
            self.message(caller)
        wire = first.accept()
        seen = [wire.expect("MESSAGE") for _ in range(3)]
        wire.send(answer(seen[0], 202))
        caller.expect("202")
        wire.socket.close()
        wire = second.accept()
        for _ in range(2):
            wire.send(answer(wire.expect("MESSAGE"), 200))
            caller.expect("200")

    def test_restart(self) -> None:
        """A gateway that restarts gets its calls again, by a new connection and soon."""
        exchange = self.exchange()
        proxy = self.running(exchange.at)
        caller = self.wire(proxy.sockets[0])
        self.message(caller)
        wire = exchange.accept()
        wire.send(answer(wire.expect("MESSAGE"), 200))
        caller.expect("200")
        exchange.close()
        wire.reset()
        self.message(caller)
        caller.expect("500", "503")
        again = self.exchange(exchange.at)
        again.serve(200)
        proxy.wait_for("a call to the gateway", lambda: self.is_answered(caller))

    def is_answered(self, caller: Wire) -> bool:
        """Whether a gateway answers."""
        self.message(caller)
        return caller.expect("200", "500", "503").kind == "200"

    def test_the_caller_is_gone(self) -> None:
        """An answer whose connection is gone goes by a new one to the port that the Via names (RFC 3261 §18.2.2)."""
        exchange, home = self.exchange(), self.exchange(self.address())
        proxy = self.running(exchange.at)
        caller = self.wire(proxy.sockets[0])
        self.message(caller, source=home.at)
        wire = exchange.accept()
        seen = wire.expect("MESSAGE")
        caller.reset()
        self.wait_until_alone(proxy, caller)
        wire.send(answer(seen, 200))
        home.accept().expect("200")

    def wait_until_alone(self, proxy: Process, caller: Wire) -> None:
        """Return when the service knows that the caller is gone: a connection after it is answered."""
        other = self.wire(proxy.sockets[0])
        other.send(request("OPTIONS", other.local, target=f"sip:{proxy.sockets[0].address}"))
        other.expect("200")


class DawdlingTests(StreamCase):
    """Who takes our time or room."""

    def test_slow_callers(self) -> None:
        """Silence, a byte now and then, and a header without end are cut in time; others are served meanwhile."""
        exchange = self.exchange()
        proxy = self.running(exchange.at, limits={"message_time": 1, "message": 4096})
        silent, dripping, endless = (self.wire(proxy.sockets[0]) for _ in range(3))
        with contextlib.suppress(ConnectionError):
            endless.send(request("MESSAGE", endless.local)[:-2] + b"X: " + b"x" * 8000)
        self.assert_serves(proxy, exchange)
        dripping.drip(request("MESSAGE", dripping.local) * 100)
        silent.wait_ended()
        endless.wait_ended()

    def test_a_caller_who_does_not_read(self) -> None:
        """His requests are not read any more, then he is cut; others are served meanwhile."""
        exchange = self.exchange()
        proxy = self.running(exchange.at, limits={"message_time": 1, "unsent": 65536})
        deaf = self.wire(proxy.sockets[0])
        ask = request("OPTIONS", deaf.local, target=f"sip:{proxy.sockets[0].address}")
        sent = deaf.fill(ask * 100)
        self.assertLess(sent, 64 << 20)
        self.assert_serves(proxy, exchange)
        deaf.wait_cut()

    def test_a_gateway_that_does_not_read(self) -> None:
        """What is too much for it goes to the next one at once, the rest after a while: no call is lost."""
        first, second = self.exchange(), self.exchange()
        first.hardly_read()
        proxy = self.running(first.at, second.at, limits={"message_time": 1})
        second.serve(200)
        caller = self.wire(proxy.sockets[0])
        for _ in range(120):
            self.message(caller, body="x" * 60_000)
        for _ in range(120):
            caller.expect("200")
        self.assertIn("has not read", proxy.log())
        self.assertNotIn("Traceback", proxy.log())

    def test_many_connections(self) -> None:
        """One address has its share, all strangers together theirs, and a gateway gets in when all is taken."""
        exchange = self.exchange()
        limits = {"connections": 60, "connections_per_source": 50, "connections_reserved": 1}
        proxy = self.running(exchange.at, limits=limits)
        at = proxy.sockets[0]
        flood = [self.wire(at, STRANGER) for _ in range(300)]
        for wire in flood[50:]:
            wire.wait_ended()
        more = [self.wire(at, "127.0.0.10") for _ in range(20)]
        for wire in more[10:]:
            wire.wait_ended()
        for wire in (flood[0], flood[49], more[9], self.wire(at, GATEWAY)):
            wire.send(request("OPTIONS", wire.local, target=f"sip:{at.address}"))
            wire.expect("200")
        proxy.wait_logged("connections refused: too many")
        for wire in flood:
            wire.socket.close()
        self.assert_serves(proxy, exchange)

    def test_flood_and_close(self) -> None:
        """Connections that come and go at once leave nothing behind."""
        exchange = self.exchange()
        proxy = self.running(exchange.at, limits={"connections": 10, "connections_per_source": 10})
        descriptors = f"/proc/{proxy.pid}/fd"
        before = len(os.listdir(descriptors))
        for number in range(1000):
            with contextlib.suppress(ConnectionError):
                wire = Wire.to(proxy.sockets[0], STRANGER)
                wire.send(request("OPTIONS", wire.local, target=f"sip:{proxy.sockets[0].address}")[: number % 300])
            wire.reset()
        proxy.wait_for("closing all of them", lambda: len(os.listdir(descriptors)) == before)
        self.assert_serves(proxy, exchange)


class BalancerTests(StreamCase):
    """PROXY protocol."""

    def arrives(self, caller: Wire, exchange: Exchange) -> Seen:
        """What the gateway gets of a request, which is answered."""
        self.message(caller, source=NAMED)
        gateway = exchange.accept()
        seen = gateway.expect("MESSAGE")
        gateway.send(answer(seen, 200))
        caller.expect("200")
        return seen

    def test_by_hand(self) -> None:
        """The peer is whom the header names; nobody but the balancer is let in, and it only with a header."""
        exchange = self.exchange()
        proxy = self.running(exchange.at, balancer=BALANCER)
        caller = self.wire(proxy.sockets[0], BALANCER)
        caller.send(b"PROXY TCP4 198.51.100.7 203.0.113.1 40000 5060\r\n")
        self.assertIn(b";received=198.51.100.7", self.arrives(caller, exchange).values(b"Via")[1])
        for host, data in ((STRANGER, b"PROXY TCP4 198.51.100.7 203.0.113.1 40000 5060\r\n"), (BALANCER, b"MESSAGE ")):
            other = self.wire(proxy.sockets[0], host)
            with contextlib.suppress(ConnectionError):
                other.send(data)
            other.wait_ended()
        proxy.wait_logged("there is no PROXY header")
        proxy.wait_logged("not in proxy_protocol")

    def test_haproxy(self) -> None:
        """HAProxy before us is nothing that anybody notices, with either version, and may ask whether we are there."""
        require("haproxy")
        for version in ("send-proxy", "send-proxy-v2"):
            exchange = self.exchange()
            proxy = self.running(exchange.at, balancer="127.0.0.1")
            front = self.address()
            path = self.folder / "haproxy.cfg"
            path.write_text(
                "defaults\n mode tcp\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n"
                f"listen sip\n bind {front.address}\n"
                f" server one {proxy.sockets[0].address} check inter 100ms check-send-proxy {version}\n"
            )
            self.keep(Process("haproxy", ["haproxy", "-db", "-f", str(path)], self.folder, sockets=(front,)))
            caller = self.wire(front, STRANGER)
            seen = self.arrives(caller, exchange)
            self.assertIn(f";received={STRANGER}".encode(), seen.values(b"Via")[1])
            self.assertNotIn("PROXY header", proxy.log())
            proxy.stop()


class LongRequestTests(StreamCase):
    def test_udp_mtu(self) -> None:
        """A long request goes by TCP to the same port; a short one by UDP, as a long one where nobody takes TCP."""
        exchange = self.exchange()
        there = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(there.close)
        there.bind((exchange.at.host, exchange.at.port))
        there.settimeout(10)
        here = self.address()
        ways = (here, Socket("udp", here.port, here.host))
        proxy = self.running(exchange.at._replace(proto="udp"), at=ways, sip={"udp_mtu": 1300})
        caller = self.wire(here)
        self.message(caller)
        data, source = there.recvfrom(65536)
        there.sendto(answer(Seen(False, data), 200), source)
        caller.expect("200")
        self.message(caller, LONG)
        wire = exchange.accept()
        seen = wire.expect("MESSAGE")
        self.assertTrue(seen.values(b"Via")[0].startswith(b"SIP/2.0/TCP "))
        wire.send(answer(seen, 200))
        caller.expect("200")
        exchange.close()
        wire.reset()
        self.message(caller, LONG)
        data, source = there.recvfrom(65536)
        seen = Seen(False, data)
        self.assertTrue(seen.values(b"Via")[0].startswith(b"SIP/2.0/UDP "))
        self.assertEqual(seen.body, LONG.encode())
        there.sendto(answer(seen, 200), source)
        caller.expect("200")
        self.assertNotIn("Traceback", proxy.log())
