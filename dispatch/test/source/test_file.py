"""Tests of dispatch.source.file."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.balance.destination import LocalSocket
from dispatch.source.file import FileSource
from dispatch.source.interfaces import IDestinationSource

SOCKETS = (LocalSocket("udp", "127.0.0.1", 5060),)


class FileSourceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_interface(self) -> None:
        """It is a source of destinations."""
        verifyObject(IDestinationSource, FileSource(self.path, SOCKETS))

    def test_read_anew(self) -> None:
        """Each load reads the file as it is then, and has its result at once."""
        source = FileSource(self.path, SOCKETS)
        self.assertEqual(source.name, str(self.path))
        self.path.write_bytes(b"1 sip:a 0 0 socket=udp:127.0.0.1:5060\n")
        self.assertEqual([each.uri for each in self.successResultOf(source.load()).sets[1]], [b"sip:a"])
        self.path.write_bytes(b"2 sip:b\nx\n")
        roster = self.successResultOf(source.load())
        self.assertEqual((list(roster.sets), [problem.line for problem in roster.warnings]), ([2], [2]))

    def test_missing(self) -> None:
        """A file that is not there is an error in the result."""
        self.assertEqual(len(FileSource(self.path, SOCKETS).read().errors), 1)

    def test_strict(self) -> None:
        """`ds_load_mode` 1 reaches the reader."""
        self.path.write_bytes(b"2 sip:b\nx\n")
        self.assertEqual(len(FileSource(self.path, SOCKETS, strict=True).read().errors), 1)
