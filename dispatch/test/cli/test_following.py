"""Tests of following what goes on."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.following import Capture, CaptureFailed, Follower
from dispatch.control.commands.trace import TRACE
from dispatch.control.tracing.record import record_of
from dispatch.test.control.tracing.make import INVITE, Followed, came


class FollowerTests(SynchronousTestCase):
    def lines(self, raw: bytes, *, as_json: bool, capture: Capture | None = None) -> list[str]:
        """What is printed of a message."""
        followed = Followed()
        followed.see(came(raw))
        follower = Follower(TRACE, capture, as_json=as_json)
        out = io.StringIO()
        with redirect_stdout(out):
            for step in followed.steps:
                follower(record_of(step))
        return out.getvalue().split("\n")[:-1]

    def test_for_people(self) -> None:
        """A line for each step, in which nothing acts on a terminal."""
        raw = INVITE.replace(b"call-1", b"call\x1b[2J\xff")
        first, second = self.lines(raw, as_json=False)
        self.assertTrue(first.endswith("Call-ID call\\x1b[2J\\xff"), first)
        self.assertIn("- INVITE -", second)

    def test_for_programs(self) -> None:
        """A document in a line for each step, with all bytes of the message."""
        raw = INVITE.replace(b"bob", b"b\xff")
        documents = [json.loads(line) for line in self.lines(raw, as_json=True)]
        self.assertEqual([one["kind"] for one in documents], ["call", "message"])
        self.assertEqual(documents[1]["message"].encode("utf-8", "surrogateescape"), raw)

    def test_a_capture(self) -> None:
        """A file is whole after each message."""
        path = Path(self.mktemp())
        self.lines(INVITE, as_json=False, capture=Capture(path))
        self.assertTrue(path.read_bytes().endswith(INVITE))

    def test_a_full_disk(self) -> None:
        """What can't be written is an error in words."""
        self.assertIn("No space left", str(self.assertRaises(CaptureFailed, Capture, Path("/dev/full"))))
