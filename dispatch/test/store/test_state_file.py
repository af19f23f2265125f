"""Tests of dispatch.store.state_file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.store.broken import BrokenState
from dispatch.store.interfaces import IStateStore
from dispatch.store.state_file import StateFile


class StateFileTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "state"
        self.file = StateFile(self.path)

    def test_written_and_read(self) -> None:
        """What was written is read, from a file that only its owner can read."""
        self.assertTrue(verifyObject(IStateStore, self.file))
        self.assertIsNone(self.file.read())
        self.file.write([b"a", b"b\xff"])
        self.assertEqual(self.file.read(), [b"a", b"b\xff"])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_all_or_nothing(self) -> None:
        """A writing that fails half-way leaves the file as it was."""
        self.file.write([b"a"])

        def half() -> Iterator[bytes]:
            yield b"b"
            raise OSError("no room")

        with self.assertRaises(OSError):
            self.file.write(half())
        self.assertEqual(self.file.read(), [b"a"])
        self.file.write([b"c"])
        self.assertEqual([each.name for each in self.folder.iterdir()], ["state"])

    def test_unreadable(self) -> None:
        """What can't be read at all is told too."""
        self.path.mkdir()
        with self.assertRaises(BrokenState) as caught:
            self.file.read()
        self.assertEqual(str(caught.exception), "Is a directory")

    def test_set_aside(self) -> None:
        """A file that is set aside is no more there, and is kept beside; a later one takes its place."""
        for text in (b"first", b"second"):
            self.path.write_bytes(text)
            self.assertEqual(self.file.set_aside(), f"{self.path}.broken")
            self.assertIsNone(self.file.read())
            self.assertEqual((self.folder / "state.broken").read_bytes(), text)
