"""Tests of dispatch.events.journal."""

from __future__ import annotations

import json
import os
from pathlib import Path

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.events.interfaces import IEventSink
from dispatch.events.journal import Journal
from dispatch.test.events.make import event


class JournalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "events.log"
        self.journal = Journal(self.path)

    def test_a_line_each(self) -> None:
        """Every kind of event is a line behind those that are there already, also after the file was moved away."""
        self.assertTrue(verifyObject(IEventSink, self.journal))
        self.path.parent.mkdir()
        self.path.write_text("before\n")
        self.journal.tell(event("state"))
        self.assertEqual(self.path.read_text().splitlines()[0], "before")
        self.path.rename(self.path.with_suffix(".1"))
        for name in ("dst-down", "drained"):
            self.journal.tell(event(name))
        read = [json.loads(line) for line in self.path.read_text().splitlines()]
        self.assertEqual([line["event"] for line in read], ["dst-down", "drained"])
        self.assertEqual(read[0], event().fields())

    def test_no_room(self) -> None:
        """While the file can't be written one line says so, and one when it can again, with how many are missing."""
        with capturedLogs() as logged:
            self.journal.tell(event())
            self.journal.tell(event())
            self.path.parent.mkdir()
            self.journal.tell(event())
            self.journal.tell(event())
        first, second = (formatEvent(each) or "" for each in logged)
        self.assertIn("dst-down of set 1 'sip:a' can't be written to", first)
        self.assertIn("2 events are missing", second)
        self.assertEqual(len(self.path.read_text().splitlines()), 2)

    def test_half_a_line(self) -> None:
        """A line for which there is not room enough leaves nothing behind, and the next one is whole."""
        path, room = Path(self.mktemp()), [1000, 10, 1000]
        journal = Journal(path, lambda descriptor, data: os.write(descriptor, data[: room.pop(0)]))
        with capturedLogs() as logged:
            for _ in range(3):
                journal.tell(event())
        self.assertIn("No space left", formatEvent(logged[0]) or "")
        self.assertEqual([json.loads(line) for line in path.read_text().splitlines()], [event().fields()] * 2)
