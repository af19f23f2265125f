"""Tests of FIFOs, on real ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.fifo import Fifo, Replies


def _fail(data: bytes) -> None:
    raise ZeroDivisionError


class Readers:
    """Of a reactor, what a FIFO needs."""

    def __init__(self) -> None:
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        if reader in self.readers:
            self.readers.remove(reader)


class FifoTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.clock = Clock()

    def test_requests(self) -> None:
        """What is written into it is taken; it has its mode, and goes with its door. A failure is logged."""
        path, reactor = self.folder / "fifo", Readers()
        taken: list[bytes] = []
        os.mkfifo(path)
        fifo = Fifo(path, 0o600, taken.append, reactor)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        path.write_bytes(b"one")
        fifo.doRead()
        fifo.doRead()
        self.assertEqual(taken, [b"one"])
        fifo.stopListening()
        fifo.stopListening()
        self.assertEqual((path.exists(), reactor.readers), (False, []))
        broken = Fifo(path, 0o600, _fail, reactor)
        path.write_bytes(b"one")
        broken.doRead()
        broken.stopListening()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_one_at_a_time(self) -> None:
        """What is written while a request is being answered waits in the FIFO."""
        path, reactor, answered = self.folder / "fifo", Readers(), Deferred[None]()
        fifo = Fifo(path, 0o600, lambda data: answered, reactor)
        self.addCleanup(fifo.stopListening)
        path.write_bytes(b"one")
        fifo.doRead()
        self.assertEqual(reactor.readers, [])
        answered.callback(None)
        self.assertEqual(reactor.readers, [fifo])

    def test_too_many_wait(self) -> None:
        """No more answers than so many wait for somebody to read them; when they are given up, others may."""
        replies = Replies(self.folder, self.clock)
        os.mkfifo(self.folder / "r")
        for _ in range(100):
            replies.send("r", b"answer")
        self.assertEqual(len(self.clock.getDelayedCalls()), 64)
        self.clock.pump([0.1] * 10)
        replies.send("r", b"answer")
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_no_fifo(self) -> None:
        """What is there and is none is not touched."""
        path = self.folder / "file"
        path.write_bytes(b"precious")
        self.assertRaises(FileExistsError, Fifo, path, 0o600, print, Readers())
        self.assertEqual(path.read_bytes(), b"precious")

    def test_replies(self) -> None:
        """An answer goes into the FIFO of that name once somebody reads it, however long it is."""
        path = self.folder / "reply"
        os.mkfifo(path)
        Replies(self.folder, self.clock).send("reply", b"x" * 200_000)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.clock.advance(0.08)
        got = b""
        while self.clock.getDelayedCalls():
            got += os.read(reader, 65536)
            self.clock.advance(0.02)
        self.assertEqual(len(got + os.read(reader, 200_000)), 200_000)

    def test_nobody_reads(self) -> None:
        """Who does not come to read is given up; so is who stops reading."""
        path = self.folder / "reply"
        os.mkfifo(path)
        replies = Replies(self.folder, self.clock)
        replies.send("reply", b"x")
        self.clock.pump([0.08] * 4)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        replies.send("reply", b"x" * 200_000)
        self.clock.pump([0.1] * 60)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nowhere_else(self) -> None:
        """A name with a way in it, a link, and what is no FIFO get nothing."""
        target = self.folder / "target"
        target.write_bytes(b"")
        (self.folder / "link").symlink_to(target)
        os.mkfifo(self.folder / "real")
        (self.folder / "linked").symlink_to("real")
        replies = Replies(self.folder, self.clock)
        for name in ("", "../x", "a.b", "a/b", "a\\b", "x" * 300, "target", "link", "linked", "none", "a\0b"):
            replies.send(name, b"x")
        self.assertEqual((self.clock.getDelayedCalls(), target.read_bytes()), ([], b""))
