"""Tests of dispatch.service.control_address."""

from __future__ import annotations

import socket
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.control_address import ControlAddress, parse, remove_stale


class ParseTests(SynchronousTestCase):
    def test_unix(self) -> None:
        """A unix socket has mode 600 unless it says otherwise, and only then it is private."""
        for text, mode, private in (
            ("unix:/run/a.sock", "600", True),
            ("unix:/run/a.sock:mode=660", "660", False),
            ("unix:/run/a.sock:mode=0600:backlog=5", "0600", True),
        ):
            address = parse(text)
            self.assertEqual((address.path, address.mode, address.is_private), (Path("/run/a.sock"), mode, private))

    def test_long_paths(self) -> None:
        """What is too long for the system is known, whatever its folder adds."""
        address = parse("unix:" + "x" * 100)
        self.assertFalse(address.is_too_long)
        self.assertTrue(address.beside(Path("/some/folder")).is_too_long)
        self.assertFalse(parse("tcp:2050:interface=127.0.0.1").is_too_long)

    def test_tcp(self) -> None:
        """TCP is taken on the loopback interface, and is open to every user."""
        for text, host in (("tcp:2050:interface=127.0.0.1", "127.0.0.1"), ("tcp:2050:interface=\\:\\:1", "::1")):
            address = parse(text)
            self.assertEqual((address.host, address.port, address.is_private), (host, 2050, False))

    def test_nobody_from_outside(self) -> None:
        """An address that others can reach is refused with the remedy."""
        for text in ("tcp:2050", "tcp:2050:interface=0.0.0.0", "tcp:2050:interface=192.0.2.1", "tcp:1:interface=gw"):
            with self.assertRaises(ValueError) as caught:
                parse(text)
            self.assertIn("add ':interface=127.0.0.1', use a unix socket, or ssl:", str(caught.exception))

    def test_wrong(self) -> None:
        """What is no endpoint, or one of another kind, is refused."""
        for text in (
            *(
                "",
                "unix",
                "unix:",
                "/run/a.sock",
                "ssl:2050",
                "ssl:2050:certificate=a",
                "unix:a:right=some",
                "unix:a:b",
                "unix:a:mod=600",
                "unix:a:mode=9",
                "unix:a\0",
            ),
            *("tcp:x:interface=127.0.0.1", "tcp:0:interface=127.0.0.1", "tcp:70000:interface=127.0.0.1"),
            *("unix:a:backlog=0", "\\"),
        ):
            with self.assertRaises(ValueError):
                parse(text)

    def test_spelled(self) -> None:
        """It is told as it was written."""
        self.assertEqual(str(parse("unix:/a.sock")), "unix:/a.sock")
        self.assertEqual(str(ControlAddress(None, "", "::1", 7)), "tcp:7:interface=\\:\\:1")


class StaleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_left_behind(self) -> None:
        """A socket at which nobody listens is taken away; one that is used, and any other file, stay."""
        remove_stale(self.path)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.path))
            listening.listen()
            remove_stale(self.path)
            self.assertTrue(self.path.exists())
        remove_stale(self.path)
        self.assertFalse(self.path.exists())
        self.path.write_text("precious")
        remove_stale(self.path)
        self.assertTrue(self.path.exists())
