"""Tests of dispatch.errors."""

from __future__ import annotations

import pickle
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch import errors
from dispatch.errors import ConfigError, ConfigErrors, DispatchError, ParseError, TransportError, UnknownDestination


class ErrorTests(SynchronousTestCase):
    def test_root(self) -> None:
        """Whatever we raise on purpose is caught by the root; who asks for what isn't there sees a LookupError."""
        for made in (
            ParseError("no"),
            ConfigError("a", 1, "no"),
            ConfigErrors([]),
            UnknownDestination("no"),
            TransportError("no"),
        ):
            self.assertIsInstance(made, DispatchError)
        self.assertIsInstance(UnknownDestination("no"), LookupError)
        classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)}
        self.assertEqual(len(classes), 6)

    def test_parse_error(self) -> None:
        """A fault of the peer is answered with 400 unless it says otherwise, and tells where it is."""
        self.assertEqual((ParseError("no").offset, ParseError("no").status), (0, 400))
        error = ParseError("no Max-Forwards", offset=12, status=483)
        self.assertEqual((str(error), error.offset, error.status), ("no Max-Forwards", 12, 483))

    def test_place(self) -> None:
        """A fault of the operator begins with the file, and the line where there is one, as editors know it."""
        self.assertEqual(str(ConfigError(Path("/etc/a.toml"), 12, "write b")), "/etc/a.toml:12: write b")
        self.assertEqual(str(ConfigError("a.toml", 0, "can't be read")), "a.toml: can't be read")

    def test_many(self) -> None:
        """Several of them are told in their order, a line each."""
        problems = [ConfigError("a", 2, "x"), ConfigError("a", 1, "y")]
        error = ConfigErrors(iter(problems))
        self.assertEqual(str(error), "a:2: x\na:1: y")
        self.assertEqual(error.problems, tuple(problems))

    def test_copies(self) -> None:
        """A fault of the operator can be handed to another process."""
        copy = pickle.loads(pickle.dumps(ConfigError("a", 2, "x")))
        self.assertEqual((copy.path, copy.line, copy.remedy), ("a", 2, "x"))
