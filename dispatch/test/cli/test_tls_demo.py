"""Tests of `dispatch tls-demo`, and of `dispatch check` on what it makes."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.main import main


class TlsDemoTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.config = self.folder / "dispatcher.toml"

    def run_main(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(arguments)
        return status, out.getvalue(), err.getvalue()

    def configure(self, *options: str) -> None:
        """Make the files, and a configuration of what is printed."""
        status, advice, _ = self.run_main("tls-demo", str(self.folder), *options)
        self.assertEqual(status, 0)
        (self.folder / "dispatcher.list").write_text("1 sip:192.0.2.1;transport=tls 0 0 tls_name=gw.example.com\n")
        self.config.write_text(advice + '[dispatcher]\nlist_file = "dispatcher.list"\nflags = 2\n')

    def test_what_it_prints_works(self) -> None:
        """The configuration that it prints is fine, and keys are for nobody else to read."""
        self.configure()
        status, out, err = self.run_main("check", str(self.config))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("tls:127.0.0.1:5061", out)
        self.assertEqual({path.stat().st_mode & 0o077 for path in self.folder.glob("*.key")}, {0})

    def test_nothing_is_lost(self) -> None:
        """Files that are there are not written over."""
        self.configure()
        before = (self.folder / "ca.pem").read_bytes()
        status, out, err = self.run_main("tls-demo", str(self.folder))
        self.assertEqual((status, out), (1, ""))
        self.assertIn("is there already", err)
        self.assertEqual((self.folder / "ca.pem").read_bytes(), before)

    def test_no_folder(self) -> None:
        """A folder that can't be made is told in one line."""
        self.folder.write_text("")
        status, _, err = self.run_main("tls-demo", str(self.folder / "below"))
        self.assertEqual((status, err.count("\n")), (1, 1))

    def test_check_reads_them(self) -> None:
        """`dispatch check` tells of a file that is no good, and of one that is not good for long."""
        self.configure("--days", "3")
        status, _, err = self.run_main("check", str(self.config))
        self.assertEqual(status, 0)
        self.assertIn("warning: expires on", err)
        os.truncate(self.folder / "sip.example.com.key", 10)
        status, _, err = self.run_main("check", str(self.config))
        self.assertEqual(status, 1)
        self.assertIn("sip.example.com.key: has no private key", err)
