"""Tests of the command line."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout

from twisted.trial.unittest import SynchronousTestCase

from dispatch import __version__
from dispatch.cli.main import COMMANDS, main


class MainTests(SynchronousTestCase):
    def exit_status(self, *arguments: str) -> tuple[object, str, str]:
        """Status, standard output and standard error of a command line that ends the program."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), self.assertRaises(SystemExit) as caught:
            main(arguments)
        return caught.exception.code, out.getvalue(), err.getvalue()

    def test_help_names_every_subcommand(self) -> None:
        """The help has a line for each row of the table."""
        status, out, _ = self.exit_status("--help")
        self.assertEqual(status, 0)
        for command in COMMANDS:
            self.assertIn(f"    {command.name}", out)
            self.assertIn(command.help, out)

    def test_version(self) -> None:
        """The version is that of the package."""
        self.assertEqual(self.exit_status("--version")[:2], (0, f"dispatch {__version__}\n"))

    def test_wrong_command_lines(self) -> None:
        """A command line that nobody understands ends with status 2 and says why."""
        for arguments in ((), ("chekc",), ("check",), ("check", "a", "b")):
            status, _, err = self.exit_status(*arguments)
            self.assertEqual(status, 2)
            self.assertIn("usage: dispatch", err)

    def test_nobody_reads(self) -> None:
        """When the reader has gone the command ends as one that SIGPIPE has killed, and says nothing."""
        out, reader = io.StringIO(), os.pipe()
        os.close(reader[0])
        with os.fdopen(reader[1], "w") as pipe, redirect_stdout(pipe), redirect_stderr(out):
            self.assertEqual(main(("db-schema", "--dialect", "mysql")), 141)
        self.assertEqual(out.getvalue(), "")
