"""The messages of RFC 5118 over real sockets: in by IPv6, out by IPv4, where they are passed on."""

from __future__ import annotations

import socket
from typing import Final

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Socket
from dispatch.test.sip.corpora import TORTURE
from dispatch.test.wire import request
from dispatch.transport.sockets import family

LOOPBACK: Final = "::1"
_WAIT: Final = 10.0  # seconds, for what must come

# What becomes of each: passed on, or the status of the answer; how many bytes of it lie behind its Content-Length.
CASES: Final = (
    ("ipv6-good", 100, 0),
    ("ipv6-bad", 400, 0),
    ("port-ambiguous", 100, 0),
    ("port-unambiguous", 100, 0),
    ("via-received-param-with-delim", 403, 0),
    ("via-received-param-no-delim", 100, 0),
    ("ipv6-in-sdp", 100, 10),
    ("mult-ip-in-header", 403, 0),
    ("mult-ip-in-sdp", 100, 8),
    ("ipv4-mapped-ipv6", 100, 9),
    ("ipv6-bug-abnf-3-colons", 100, 0),
    ("ipv6-correct-abnf-2-colons", 100, 0),
)


class TortureTests(RealCase):
    programs = ()
    ours_only = True

    def setUp(self) -> None:
        super().setUp()
        self.seen: set[bytes] = set()
        self.gateway_socket = self.udp("127.0.0.1")
        gateway = Socket("udp", self.gateway_socket.getsockname()[1])
        self.sockets = self.address("udp", LOOPBACK), self.address("tcp", LOOPBACK), self.address("udp")
        self.keep(service.start("proxy", self.folder, service.Plan(self.sockets, (self.uri(gateway),), grace=0.0)))

    def udp(self, host: str = LOOPBACK) -> socket.socket:
        made = socket.socket(family(host), socket.SOCK_DGRAM)
        self.addCleanup(made.close)
        made.bind((host, 0))
        made.settimeout(_WAIT)
        return made

    def next(self) -> bytes:
        """What the gateway gets that is no copy of what it got before; it never answers."""
        while (out := self.gateway_socket.recv(65536)) in self.seen:
            pass
        self.seen.add(out)
        return out

    def passed_on(self, name: str) -> None:
        """The gateway has this message next, in its own words, with our Via and the address that it came from."""
        method, uri, _ = _read(name).split(b" ", 2)
        out = self.next()
        self.assertTrue(out.startswith(b"%b %b SIP/2.0\r\n" % (method, uri)), (name, out))
        self.assertIn(b"received=::1", out.partition(b"\r\nVia: ")[2].partition(b"\r\nVia: ")[2])
        self.assertIn(b"\r\nVia: SIP/2.0/UDP 127.0.0.1:", out)

    def still_there(self) -> None:
        """OPTIONS is answered by UDP."""
        asking = self.udp()
        own = b"[::1]:%d" % asking.getsockname()[1]
        proxy = self.sockets[0]
        asking.sendto(
            request(b"OPTIONS", f"sip:{proxy.address}".encode(), via=own, call_id=own),
            (LOOPBACK, proxy.port),
        )
        self.assertEqual(asking.recv(65536).partition(b"\r\n")[0], b"SIP/2.0 200 OK")

    def test_datagrams(self) -> None:
        """By UDP each is passed on with its source noted, or goes nowhere; what comes after it is answered."""
        caller = self.udp()
        for name, status, _ in CASES:
            caller.sendto(_read(name), (LOOPBACK, self.sockets[0].port))
            if status == 100:
                self.passed_on(name)
            self.still_there()
        self.gateway_socket.setblocking(False)
        self.assertRaises(BlockingIOError, self.next)

    def test_streams(self) -> None:
        """By TCP each is passed on and gets 100, or its refusal, on the connection that it came by."""
        for name, status, behind in CASES:
            with socket.create_connection((LOOPBACK, self.sockets[1].port), _WAIT) as caller:
                raw = _read(name)
                caller.sendall(raw[: len(raw) - behind])
                if status == 100:
                    self.passed_on(name)
                if status != 100 or raw.startswith(b"INVITE"):
                    self.assertTrue(caller.recv(65536).startswith(b"SIP/2.0 %d " % status), name)
            self.still_there()


def _read(name: str) -> bytes:
    """With a branch of its own: most of them have the same."""
    return (TORTURE / f"{name}.dat").read_bytes().replace(b"z9hG4bK", b"z9hG4bK%b" % name.encode(), 1)
