"""Tests of dispatch.store.state_file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        """What was written is read, a line each, from a file that only its owner can read."""
        self.assertTrue(verifyObject(IStateStore, self.file))
        self.assertIsNone(self.file.read())
        records: list[Mapping[str, object]] = [{"a": 1}, {"b": "\udcff\n"}]
        self.file.write(records)
        self.assertEqual(self.file.read(), records)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(self.path.read_bytes().splitlines()), 2)

    def test_all_or_nothing(self) -> None:
        """A writing that fails half-way leaves the file as it was."""
        self.file.write([{"a": 1}])

        def half() -> Iterator[dict[str, object]]:
            yield {"a": 2}
            raise OSError("no room")

        with self.assertRaises(OSError):
            self.file.write(half())
        self.assertEqual(self.file.read(), [{"a": 1}])
        self.file.write([{"a": 3}])
        self.assertEqual([each.name for each in self.folder.iterdir()], ["state"])

    def test_garbage(self) -> None:
        """A line that is no JSON object is told by its number."""
        for text, record in ((b"\xff", 1), (b'{}\n{"a":', 2), (b"{}\n[1]\n", 2), (b"[" * 100_000, 1), (b"\n", 1)):
            self.path.write_bytes(text)
            with self.assertRaises(BrokenState) as caught:
                self.file.read()
            self.assertEqual(caught.exception.record, record)

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
