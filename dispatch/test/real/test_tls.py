"""TLS against programs of others: OpenSSL's client at our door, and Kamailio on both sides of calls."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final
from unittest import SkipTest

from dispatch.cli.tls_demo.authority import Issued
from dispatch.test.real import control, kamailio, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.service import Value
from dispatch.test.real.test_pairs import CALLEE_CHANGES, CALLEE_ENDS, CALLER_CHANGES, CALLER_ENDS
from dispatch.test.transport.certificates import authority, stranger, write

_ISSUED_TO: Final = re.compile(r"subject=.*?CN ?= ?(\S+)")


class TlsCase(RealCase):
    ours_only = True

    def setUp(self) -> None:
        super().setUp()
        self.certificates = write(self.folder / "tls", "sip.example", "other.example", "gw.example", "edge.example")
        self.authority = self.certificates / "ca.pem"

    def settings(self, **more: Value) -> dict[str, Mapping[str, Value]]:
        pair = {"certificate": "tls/sip.example.pem", "private_key": "tls/sip.example.key", "ca": "tls/ca.pem"}
        return {"sip.tls": {**pair, **more}}

    def edge(self, name: str, sockets: tuple[Socket, ...], onward: str) -> Process:
        """A Kamailio with TLS."""
        certificate = self.certificates / f"{name}.example.pem"
        return self.keep(kamailio.tls_edge(name, self.folder, sockets, onward, certificate, self.authority))


class ListenerTests(TlsCase):
    """What a stranger finds who connects with OpenSSL's own client."""

    programs: ClassVar[tuple[str, ...]] = ("openssl",)

    def listening(self, **more: Value) -> tuple[Process, Socket]:
        at = self.address("tls")
        plan = service.Plan((at,), ("sip:192.0.2.1",), more={**self.settings(**more), **self.names()})
        return self.keep(service.start("proxy", self.folder, plan)), at

    def names(self) -> dict[str, Mapping[str, Value]]:
        other = {"certificate": "tls/other.example.pem", "private_key": "tls/other.example.key"}
        return {'sip.tls.names."other.example"': other}

    def connect(self, at: Socket, *options: str) -> str:
        """What the client says; the whole of it when the connection is up, empty when there is none."""
        done = subprocess.run(
            ["openssl", "s_client", "-connect", at.address, "-CAfile", str(self.authority), *options],
            input=f"OPTIONS sip:{at.address} SIP/2.0\r\n\r\n\r\n",
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done.stdout if done.returncode == 0 and "Cipher is (NONE)" not in done.stdout else ""

    def test_versions(self) -> None:
        """TLS 1.2 and 1.3 are spoken, 1.1 and 1.0 are not; with `minimum` 1.3 only that."""
        _, at = self.listening()
        loose = ("-cipher", "ALL:@SECLEVEL=0")  # else the client itself refuses the old ones
        for version in ("-tls1", "-tls1_1"):
            self.assertEqual(self.connect(at, version, *loose), "", version)
        self.assertIn("TLSv1.2", self.connect(at, "-tls1_2"))
        self.assertIn("TLSv1.3", self.connect(at, "-tls1_3"))
        _, at = self.listening(minimum="1.3")
        self.assertEqual(self.connect(at, "-tls1_2"), "")
        self.assertIn("TLSv1.3", self.connect(at, "-tls1_3"))

    def test_ciphers(self) -> None:
        """Ciphers without forward secrecy or authentication of what is sent are refused, the others are taken."""
        _, at = self.listening()
        for cipher in ("AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL", "aNULL"):
            self.assertEqual(self.connect(at, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0"), "", cipher)
        for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
            self.assertIn(cipher, self.connect(at, "-tls1_2", "-cipher", cipher))

    def test_names(self) -> None:
        """Each name gets its certificate (SNI), in whatever case; without one, or an unknown one, the first."""
        _, at = self.listening()
        for options, expected in (
            (("-servername", "other.example"), "other.example"),
            (("-servername", "OTHER.example"), "other.example"),
            (("-servername", "sip.example"), "sip.example"),
            (("-servername", "unknown.example"), "sip.example"),
            (("-noservername",), "sip.example"),
        ):
            said = self.connect(at, "-verify_return_error", *options)
            self.assertEqual(_ISSUED_TO.findall(said)[:1], [expected], options)

    def test_client_certificates(self) -> None:
        """Where they are asked for, only who has one of the authority is let in; nobody is asked elsewhere."""
        (self.certificates / "strange").mkdir()
        stranger().issue("edge.example").write(self.certificates / "strange", "edge.example")
        asking, open_ = self.address("tls"), self.address("tls")
        plan = service.Plan(
            (asking, open_), ("sip:192.0.2.1",), more=self.settings(verify_client=[f"tls:{asking.address}"])
        )
        proxy = self.keep(service.start("proxy", self.folder, plan))
        ours = self.shown(self.certificates / "edge.example.pem")
        theirs = self.shown(self.certificates / "strange" / "edge.example.pem")
        # With TLS 1.2 the client hears of it within the handshake.
        self.assertIn("CONNECTED", self.connect(asking, "-tls1_2", *ours))
        self.assertEqual(self.connect(asking, "-tls1_2", *theirs), "")
        self.assertEqual(self.connect(asking, "-tls1_2"), "")
        self.assertIn("No client certificate CA names sent", self.connect(open_))
        proxy.wait_logged(f"tls:{asking.address}: 1 connections refused: certificate verify failed")
        self.assertIn("1 connections refused: peer did not return a certificate", proxy.log())

    def shown(self, certificate: Path) -> tuple[str, ...]:
        return ("-cert", str(certificate), "-key", str(certificate.with_suffix(".key")))

    def test_new_certificates(self) -> None:
        """At SIGHUP new connections get the new certificate; a broken file changes nothing, and the log says which."""
        proxy, at = self.listening()
        own = self.certificates / "sip.example.pem"
        authority().issue("new.example", names=["sip.example"]).write(self.certificates, "sip.example")
        self.assertEqual(_ISSUED_TO.findall(self.connect(at))[:1], ["sip.example"])
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("certificates read again")
        self.assertEqual(_ISSUED_TO.findall(self.connect(at))[:1], ["new.example"])
        own.write_text("half of a fi")
        proxy.send_signal(signal.SIGHUP)
        proxy.wait_logged("the certificates before stay in force")
        self.assertIn(f"{own}: has no certificate in PEM that can be read", proxy.log())
        self.assertEqual(_ISSUED_TO.findall(self.connect(at))[:1], ["new.example"])


class CallTests(TlsCase):
    """Whole calls, with requests inside them both ways; all sides show certificates and check those of others."""

    programs: ClassVar[tuple[str, ...]] = ("sipp", "kamailio")
    _CALLS: Final = 2

    def setUp(self) -> None:
        super().setUp()
        if not kamailio.has_tls():
            if os.environ.get("DISPATCH_STRICT"):
                raise AssertionError("not installed: kamailio-tls-modules")
            raise SkipTest("not installed: kamailio-tls-modules")
        self.at = {
            "udp": self.address("udp"),
            "tcp": self.address("tcp"),
            "udp6": self.address("udp", "::1"),
            "tls": self.address("tls"),
        }

    def start(self, *destinations: str) -> Process:
        plan = service.Plan(
            tuple(self.at.values()), destinations, algorithm=4, level=True, more=self.settings(verify_client=True)
        )
        return self.keep(service.start("proxy", self.folder, plan))

    def entrance(self) -> Socket:
        """A Kamailio that brings calls to our TLS socket; where it takes them."""
        plain = self.address("udp")
        self.edge("edge", (plain, self.address("tls")), f"sip:{self.at['tls'].address};transport=tls")
        return plain

    def calls_to_tls(self, caller: str, gateway: str) -> None:
        """Calls by each of our sockets to a gateway behind TLS."""
        called = self.gateway(gateway, at=self.address("udp"), calls=self._CALLS * len(self.at))
        secure = self.address("tls")
        self.edge("gw", (secure, self.address("udp")), self.uri(called.sockets[0]))
        self.start(f"{self.uri(secure)} tls_name=gw.example")
        ways = {**self.at, "tls": self.entrance()}
        callers = [self.caller(caller, to, f"caller-{name}", calls=self._CALLS) for name, to in ways.items()]
        for one in (*callers, called):
            one.finish()

    def calls_from_tls(self, caller: str, gateway: str) -> None:
        """Calls by our TLS socket to gateways of each other kind."""
        places = [self.address("udp"), self.address("tcp"), self.address("udp", "::1")]
        called = [
            self.gateway(gateway, f"gateway-{number}", at=place, calls=self._CALLS)
            for number, place in enumerate(places)
        ]
        self.start(*map(self.uri, places))
        calling = self.caller(caller, self.entrance(), calls=self._CALLS * len(places))
        for one in (calling, *called):
            one.finish()

    def test_to_tls(self) -> None:
        """The caller changes the call, the callee ends it."""
        self.calls_to_tls(CALLER_CHANGES, CALLEE_ENDS)

    def test_back_from_tls(self) -> None:
        """The callee changes the call, the caller ends it."""
        self.calls_to_tls(CALLER_ENDS, CALLEE_CHANGES)

    def test_from_tls(self) -> None:
        """The same from a caller behind TLS."""
        self.calls_from_tls(CALLER_CHANGES, CALLEE_ENDS)

    def test_back_to_tls(self) -> None:
        """The callee changes the call and finds the way back through the connection of the caller."""
        self.calls_from_tls(CALLER_ENDS, CALLEE_CHANGES)

    def test_new_certificates_while_calls_flow(self) -> None:
        """At SIGHUP no call is lost that goes in and out by TLS, and open connections stay."""
        called = self.gateway(CALLEE_ENDS, at=self.address("udp"), calls=60, traced=False)
        secure = self.address("tls")
        self.edge("gw", (secure, self.address("udp")), self.uri(called.sockets[0]))
        proxy = self.start(f"{self.uri(secure)} tls_name=gw.example")
        calling = self.caller(CALLER_CHANGES, self.entrance(), calls=60, rate=20, traced=False)
        for number in range(1, 4):
            write(self.certificates, "sip.example")
            proxy.send_signal(signal.SIGHUP)
            proxy.wait_logged("certificates read again", number)
        for one in (calling, called):
            one.finish()


class RefusalTests(TlsCase):
    """What becomes of a destination that is not who it should be."""

    programs: ClassVar[tuple[str, ...]] = ("sipp", "kamailio")

    def test_down_and_back(self) -> None:
        """A gateway with another's certificate is down at once, and told so; with its own, a probe brings it back."""
        secure, plain, ours = self.address("tls"), self.address("udp"), self.address("tls")
        place = tempfile.TemporaryDirectory(prefix="tls.")
        self.addCleanup(place.cleanup)
        plan = service.Plan(
            (plain, ours),
            (f"{self.uri(secure)} tls_name=gw.example",),
            silence=1.0,
            parameters={"ds_ping_interval": 1, "ds_probing_mode": 1, "ds_probing_threshold": 3},
            more={**self.settings(), "events": {"log": "events.log"}},
        )
        self.put(authority().issue("other.example"))
        edge = self.edge("gw", (secure, self.address("udp")), "sip:192.0.2.1")
        config = control.enable(service.write(self.folder, plan), Path(place.name, "amp.sock"))
        proxy = self.keep(service.launch("proxy", self.folder, config, plan.sockets))
        reason = "tls_identity: its certificate is for other.example, not for gw.example"
        proxy.wait_logged(f"AX -> IP, {reason}")
        self.assertIn(reason, control.ctl(config, "history", "1", self.uri(secure)).out)
        events = self.folder / "events.log"
        proxy.wait_for("the event", lambda: events.exists() and reason in events.read_text())
        edge.stop()
        self.put(authority().issue("gw.example"))
        self.edge("gw", (secure, self.address("udp")), "sip:192.0.2.1")
        proxy.wait_logged("IP -> AP")

    def put(self, issued: Issued) -> None:
        """The certificate of the gateway from now on."""
        issued.write(self.certificates, "gw.example")
