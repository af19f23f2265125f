"""Tests of the manhole's keys; by OpenSSH in dispatch.test.real."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from dispatch.control.access import Credential
from dispatch.control.command import Right
from dispatch.test.control.make import LIST, Steered

try:
    from twisted.conch.ssh.keys import Key

    from dispatch.control.manhole import Keys, make_factory
except ImportError as error:  # an extra
    raise SkipTest(f"{error.name} is not installed") from None


class KeyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.host = self.folder / "host"

    def make(self, known: tuple[Credential, ...] = (), *, people: str | None = None) -> object:
        path = self.folder / "people"
        if people is not None:
            path.write_text(people)
        keys = Keys(self.host, path if people is not None else None)
        return make_factory(keys, known, Steered(LIST).control())

    def public(self) -> str:
        self.make(people="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGI8Rd6KeNyGcVkFQ5L0rLNbHbE5f0XQoUVXhG9uvVJw x")
        line: str = Key.fromFile(str(self.host)).public().toString("openssh").decode()
        return line

    def test_own_key(self) -> None:
        """Our own key is made once, for our eyes only, and stays."""
        line = self.public()
        made = self.host.read_bytes()
        self.assertEqual(self.host.stat().st_mode & 0o777, 0o600)
        self.make(people=line)
        self.assertEqual(self.host.read_bytes(), made)
        self.host.write_bytes(b"nothing")
        self.assertIn("no private key", str(self.assertRaises(OSError, self.make, people=line)))

    def test_nobody(self) -> None:
        """A manhole that nobody could open is refused; so is a line that is no key, and a file that is not there."""
        line = self.public()
        self.assertIn("nobody could come in", str(self.assertRaises(OSError, self.make)))
        look = Credential("look", Right.READ, key=line)
        self.assertRaises(OSError, self.make, (look,))
        self.make((Credential("ops", Right.FULL, key=line),))
        self.assertIn("is no public key", str(self.assertRaises(OSError, self.make, people="rubbish here\n")))
        missing = Keys(self.host, self.folder / "missing")
        self.assertRaises(FileNotFoundError, make_factory, missing, (), Steered(LIST).control())
