"""Destinations given by name, with a real DNS server: which machine gets the call, and what happens when DNS fails."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import Final

from dispatch.test.real import control, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.test_failover import CALLER, TAKES, fails, gets

_SOON: Final = 1.0  # seconds until silence counts as failure here
_SECOND: Final = "127.0.0.2"


class NamesTests(RealCase):
    programs = ("sipp", "dnsmasq")
    ours_only = True

    def name_server(self, records: str, *options: str) -> Process:
        """A DNS server for ``.test`` with a TTL of a second.

        Args:
            records: as in a hosts file; read again after SIGHUP.
            options: further records.
        """
        self.records = self.folder / "records"
        self.records.write_text(records)
        at = Socket("udp", self.address().port)
        fixed = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--local=/test/"]
        where = [f"--port={at.port}", f"--listen-address={at.host}", "--bind-interfaces", "--local-ttl=1"]
        files = [f"--addn-hosts={self.records}", "--pid-file=", "--user=root" if os.geteuid() == 0 else "--user="]
        command = ["dnsmasq", *fixed, *where, *files, *options]
        return self.keep(Process("dnsmasq", command, self.folder, sockets=[at]))

    def balancer(self, *servers: Socket, to: str, resolve: str = "one", silence: float = 10.0) -> Process:
        """The service with one or more destinations, and these DNS servers."""
        dns: dict[str, service.Value] = {
            "servers": [one.address for one in servers],
            "timeout": 0.2,
            "min_ttl": 1.0,
            "negative_ttl": 1.0,
        }
        tables: dict[str, dict[str, service.Value]] = {"sip.dns": dns, "lists": {"resolve": resolve}}
        plan = service.Plan((self.address(),), tuple(to.split()), algorithm=8, silence=silence, more=tables)
        self.config = service.write(self.folder, plan)
        folder = tempfile.TemporaryDirectory(prefix="dns")
        self.addCleanup(folder.cleanup)
        control.enable(self.config, Path(folder.name) / "amp")
        process = self.keep(service.launch("proxy", self.folder, self.config, plan.sockets))
        process.wait_logged("listening on")
        return process

    def wait_listed(self, proxy: Process, text: str) -> None:
        """Return when `dispatchctl list` shows this."""
        proxy.wait_for(f"listing {text!r}", lambda: text in control.ctl(self.config, "list").out)

    def call(self, proxy: Process, name: str, scenario: str = CALLER) -> None:
        self.caller(scenario, proxy.sockets[0], name).finish()

    def test_failover_inside_a_set(self) -> None:
        """Of a SRV set the first priority gets the call; where that refuses or is silent, the next (RFC 3263 §4.3)."""
        refusing = self.gateway(fails(503, "Service Unavailable"), "refusing")
        gateway = self.gateway(TAKES)
        silent = self.silent()
        server = self.name_server(
            "127.0.0.1 a.test\n",
            f"--srv-host=_sip._udp.gw.test,a.test,{refusing.sockets[0].port},10",
            f"--srv-host=_sip._udp.gw.test,a.test,{silent.address.port},20",
            f"--srv-host=_sip._udp.gw.test,a.test,{gateway.sockets[0].port},30",
        )
        proxy = self.balancer(server.sockets[0], to="sip:gw.test", silence=_SOON)
        self.call(proxy, "caller")
        refusing.finish()
        gateway.finish()
        self.assertTrue(silent.heard())

    def test_naptr(self) -> None:
        """A domain that wants TCP is called by TCP, at the port of its SRV record (RFC 3263 §4.1)."""
        at = self.address("tcp")
        gateway = self.gateway(TAKES, at=at)
        server = self.name_server(
            "127.0.0.1 a.test\n",
            "--naptr-record=gw.test,10,10,s,SIP+D2T,,_sip._tcp.gw.test",
            f"--srv-host=_sip._tcp.gw.test,a.test,{at.port}",
        )
        port = self.address().port
        self.balancer_sockets = (Socket("udp", port), Socket("tcp", port))
        proxy = self.balancer_on(server.sockets[0], self.balancer_sockets, "sip:gw.test")
        self.call(proxy, "caller")
        gateway.finish()

    def balancer_on(self, server: Socket, sockets: tuple[Socket, ...], to: str) -> Process:
        dns = {"sip.dns": {"servers": [server.address]}}
        config = service.write(self.folder, service.Plan(sockets, (to,), more=dns))
        return self.keep(service.launch("proxy", self.folder, config, sockets))

    def test_an_address_that_changes(self) -> None:
        """A new address gets the calls once the TTL is over, and when DNS dies it goes on getting them."""
        port = self.address().port
        first = self.gateway(TAKES, "first", at=Socket("udp", port))
        server = self.name_server("127.0.0.1 gw.test\n")
        proxy = self.balancer(server.sockets[0], to=f"sip:gw.test:{port}")
        self.call(proxy, "before")
        first.finish()
        self.records.write_text(f"{_SECOND} gw.test\n")
        server.send_signal(signal.SIGHUP)
        self.wait_listed(proxy, f"{_SECOND}:{port}")
        server.stop()
        proxy.wait_logged("its last good answer is")
        self.wait_listed(proxy, "s old, DNS fails)")
        second = self.gateway(TAKES, "second", at=Socket("udp", port, _SECOND))
        self.call(proxy, "after")
        second.finish()

    def test_a_name_that_is_not_there(self) -> None:
        """A destination whose name does not exist is passed over, and called once it exists."""
        gateway, later = self.gateway(TAKES), self.address()
        server = self.name_server("127.0.0.1 other.test\n")
        to = f"sip:gw.test:{later.port} sip:{gateway.sockets[0].address}"
        proxy = self.balancer(server.sockets[0], to=to)
        proxy.wait_logged("no address for 'gw.test'")
        self.call(proxy, "before")
        gateway.finish()
        self.records.write_text("127.0.0.1 gw.test\n")
        server.send_signal(signal.SIGHUP)
        self.wait_listed(proxy, f"127.0.0.1:{later.port}")
        following = self.gateway(TAKES, "later", at=later)
        self.call(proxy, "after")
        following.finish()

    def test_all_machines_of_a_name(self) -> None:
        """With ``resolve = "all"`` each machine is a destination: a drained one stays drained when another changes."""
        at = [self.address(), self.address()]
        ports = [one.port for one in at]
        server = self.name_server(
            "127.0.0.1 a.test\n",
            f"--srv-host=_sip._udp.gw.test,a.test,{ports[0]},10",
            f"--srv-host=_sip._udp.gw.test,a.test,{ports[1]},20",
        )
        proxy = self.balancer(server.sockets[0], to="sip:gw.test", resolve="all")
        self.wait_listed(proxy, f"sip:127.0.0.1:{ports[1]}")
        first = self.gateway(TAKES, "first", at=at[0])
        self.call(proxy, "one")
        first.finish()
        control.ctl(self.config, "drain", "1", f"sip:127.0.0.1:{ports[0]}")
        second = self.gateway(TAKES, "second", at=at[1])
        self.call(proxy, "two")
        second.finish()
        self.records.write_text(f"{_SECOND} a.test\n")
        server.send_signal(signal.SIGHUP)
        self.wait_listed(proxy, f"sip:{_SECOND}:{ports[0]}")
        listed = control.ctl(self.config, "list").out
        self.assertNotIn("127.0.0.1", listed)
        self.assertIn("drain", next(line for line in listed.splitlines() if f":{ports[0]} " in line))

    def test_slow_answers(self) -> None:
        """While a name server keeps silent calls to others go through; the next server's answer counts."""
        silent = self.silent()
        gateway, other = self.gateway(TAKES), self.gateway(TAKES, "other")
        server = self.name_server("127.0.0.1 gw.test\n")
        proxy = self.balancer(
            silent.address,
            server.sockets[0],
            to=f"sip:gw.test:{gateway.sockets[0].port} sip:{other.sockets[0].address}",
        )
        self.call(proxy, "caller")
        gateway.finish()
        self.assertTrue(silent.heard())

    def test_nobody_answers(self) -> None:
        """With no DNS at all a call to a name is refused in time, and not forgotten."""
        silent = self.silent()
        proxy = self.balancer(silent.address, to="sip:gw.test:5060")
        self.call(proxy, "caller", gets(500))
