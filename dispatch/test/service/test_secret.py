"""Tests of dispatch.service.secret."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigError
from dispatch.service import secret


class SecretTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "secret"

    def complaint(self) -> ConfigError:
        """What is said of the file."""
        with self.assertRaises(ConfigError) as caught:
            secret.read_or_make(self.path)
        problem: ConfigError = caught.exception
        return problem

    def test_made(self) -> None:
        """The first start makes a secret that only its owner may read, whatever the umask."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        made = secret.read_or_make(self.path)
        self.assertEqual(len(made), 32)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_read_again(self) -> None:
        """The next start has the same secret, and no other node has it by chance."""
        made = secret.read_or_make(self.path)
        self.assertEqual(secret.read_or_make(self.path), made)
        self.assertNotEqual(secret.read_or_make(self.folder / "other"), made)

    def test_shared(self) -> None:
        """A file copied from another node works, with blanks around and digits in any case."""
        made = secret.read_or_make(self.path)
        (self.folder / "copy").write_text(f"  {made.hex().upper()}\r\n\n")
        self.assertEqual(secret.read_or_make(self.folder / "copy"), made)

    def test_no_secret(self) -> None:
        """What is no secret of ours is never used and never overwritten: the message says what to do instead."""
        for content in (b"", b"hush", b"ab" * 31, b"ab" * 33, b"xy" * 32):
            self.path.write_bytes(content)
            problem = self.complaint()
            self.assertEqual((problem.path, problem.line), (self.path, 1))
            self.assertIn("no secret of 32 bytes in hex digits; copy it from the other node", problem.remedy)
            self.assertEqual(self.path.read_bytes(), content)

    def test_no_text(self) -> None:
        """A file that is no text at all is told as such."""
        self.path.write_bytes(b"\xff\xfe")
        self.assertEqual(self.complaint().remedy, "the secret can't be read: it is no text")

    def test_unreadable(self) -> None:
        """What can't be opened is told with the system's reason."""
        self.path.mkdir()
        self.assertEqual(self.complaint().remedy, "the secret can't be read: Is a directory")

    def test_no_folder(self) -> None:
        """Where no file can be made the message names the key to change."""
        self.path = self.folder / "missing" / "secret"
        self.assertEqual(
            self.complaint().remedy,
            "the secret can't be written: No such file or directory; name a file in a writable folder by secret_file",
        )
