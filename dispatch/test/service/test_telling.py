"""Tests of dispatch.service.telling."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.service.config_file import load
from dispatch.service.telling import sinks
from dispatch.test.events.make import Recorder


def make(reactor: object) -> Recorder:
    return Recorder(None if isinstance(reactor, Clock) else ValueError("no reactor"))


class OwnSinkTests(SynchronousTestCase):
    def configured(self, *paths: str) -> Path:
        path = Path(self.mktemp())
        path.write_text(
            '[sip]\nlisten = "udp:127.0.0.1:5060"\n[dispatcher]\nlist_file = "/dev/null"\n'
            f"[events]\nsinks = {json.dumps(paths)}\n"
        )
        return path

    def test_made(self) -> None:
        """A function of the operator's makes a sink with the reactor."""
        (sink,) = sinks(load(self.configured(f"{__name__}:make")), Clock())
        self.assertIsInstance(sink, Recorder)

    def test_not_made(self) -> None:
        """One that raises, or makes something else, is told with file, line and its name."""
        for function, words in (
            ("json:loads", "TypeError"),
            ("json:JSONDecoder", "TypeError"),
            ("builtins:id", "IEventSink"),
        ):
            path = self.configured(function)
            with self.assertRaises(ConfigErrors) as caught:
                sinks(load(path), Clock())
            (error,) = caught.exception.problems
            self.assertEqual(error.line, 6)
            self.assertIn(f"'{function}' made no IEventSink", str(error))
            self.assertIn(words, str(error))
