"""Tests of dispatch.source.file."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.balance.destination import LocalSocket
from dispatch.balance.roster import Roster
from dispatch.source.file import FileSource
from dispatch.source.interfaces import IDestinationSource
from dispatch.test.service.test_tree import FakeReactor

SOCKETS = (LocalSocket("udp", "127.0.0.1", 5060),)


class FileSourceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_interface(self) -> None:
        """It is a source of destinations."""
        verifyObject(IDestinationSource, FileSource(self.path, SOCKETS))

    def test_read_anew(self) -> None:
        """Each reading has the file as it is then."""
        source = FileSource(self.path, SOCKETS)
        self.assertEqual(source.name, str(self.path))
        self.path.write_bytes(b"1 sip:a 0 0 socket=udp:127.0.0.1:5060\n")
        self.assertEqual([each.uri for each in source.read().sets[1]], [b"sip:a"])
        self.path.write_bytes(b"2 sip:b\nx\n")
        roster = source.read()
        self.assertEqual((list(roster.sets), [problem.line for problem in roster.warnings]), ([2], [2]))

    def test_in_a_thread(self) -> None:
        """A list that is loaded is read and used in a thread, and what came of it is handed back."""
        reactor, used = FakeReactor(), []

        def use(roster: Roster) -> int:
            used.append(roster)
            return len(roster.sets)

        loaded = FileSource(self.path, SOCKETS).load(reactor, use)
        self.path.write_bytes(b"1 sip:a\n2 sip:b\n")
        self.assertEqual(used, [])
        self.assertEqual(reactor.pool.work(), 1)
        self.assertEqual((self.successResultOf(loaded), len(used)), (2, 1))

    def test_missing(self) -> None:
        """A file that is not there is an error in the result, and not worth asking again."""
        roster = FileSource(self.path, SOCKETS).read()
        self.assertEqual((len(roster.errors), roster.away), (1, False))

    def test_strict(self) -> None:
        """`ds_load_mode` 1 reaches the reader."""
        self.path.write_bytes(b"2 sip:b\nx\n")
        self.assertEqual(len(FileSource(self.path, SOCKETS, strict=True).read().errors), 1)
