"""Tests of dispatch.transport.sockets."""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import TransportError
from dispatch.transport.sockets import bound, canonical, is_local, source_towards


class SpellingTests(SynchronousTestCase):
    def test_one_spelling(self) -> None:
        """Each address has one spelling: the one that the kernel gives."""
        for host, expected in (
            ("192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("fe80::1%lo", "fe80::1%lo"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::FFFF:C000:201]", "192.0.2.1"),
        ):
            self.assertEqual(canonical(host), expected)

    def test_what_is_no_address(self) -> None:
        """Names and half addresses are refused."""
        for host in ("", "gw", "[", "[]", "1.2.3", "1.2.3.4.5", ":::", "1.2.3.4\0", "256.1.1.1", "\u0661.1.1.1"):
            self.assertRaises(TransportError, canonical, host)


class MachineTests(SynchronousTestCase):
    def test_own_addresses(self) -> None:
        """Each address of loopback is this machine's; one for documentation is nobody's."""
        self.assertTrue(is_local("127.0.0.1"))
        self.assertTrue(is_local("127.0.0.99"))
        self.assertFalse(is_local("192.0.2.1"))
        self.assertFalse(is_local("2001:db8::1"))

    def test_the_way_out(self) -> None:
        """The kernel sends to loopback from loopback; where it knows no way there is no address to send from."""
        self.assertEqual(source_towards("127.0.0.7"), "127.0.0.1")
        self.assertIsNone(source_towards("255.255.255.255"))


class BindingTests(SynchronousTestCase):
    """On loopback: binding needs no reactor and no peer."""

    def bind(self, kind: socket.SocketKind, host: str, port: int) -> socket.socket:
        made = bound(kind, host, port)
        self.addCleanup(made.close)
        return made

    def test_a_taken_port(self) -> None:
        """A port that is taken is one line that says what to do."""
        for kind, scheme in ((socket.SOCK_DGRAM, "udp"), (socket.SOCK_STREAM, "tcp")):
            port = self.bind(kind, "127.0.0.1", 0).getsockname()[1]
            error = self.assertRaises(TransportError, bound, kind, "127.0.0.1", port)
            self.assertEqual(
                str(error),
                f"{scheme}:127.0.0.1:{port}: address already in use; stop the program that has it, or change 'listen'",
            )

    def test_a_foreign_address(self) -> None:
        """An address that no interface has is told from a taken one."""
        error = self.assertRaises(TransportError, bound, socket.SOCK_DGRAM, "192.0.2.1", 5060)
        self.assertIn("no interface of this machine has it", str(error))

    def test_a_name(self) -> None:
        """Sockets are bound to addresses only."""
        self.assertRaises(TransportError, bound, socket.SOCK_DGRAM, "localhost", 0)

    def test_never_blocking(self) -> None:
        """Nothing done with a bound socket waits, and streams take connections at once."""
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            self.assertFalse(self.bind(kind, "127.0.0.1", 0).getblocking())
        listening = self.bind(socket.SOCK_STREAM, "127.0.0.1", 0)
        self.assertTrue(listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))

    def test_both_wildcards(self) -> None:
        """The IPv6 wildcard leaves IPv4 to a listener of its own."""
        try:
            six = self.bind(socket.SOCK_DGRAM, "::", 0)
        except TransportError as error:
            self.skipTest(str(error))
        self.bind(socket.SOCK_DGRAM, "0.0.0.0", six.getsockname()[1])
