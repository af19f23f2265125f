"""Tests of `dispatch check`."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.main import main

CONFIG = """\
[sip]
listen = "udp:127.0.0.1:5060"
[dispatcher]
list_file = "dispatcher.list"
flags = 2
"""


class CheckTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.config = self.folder / "dispatcher.toml"
        self.list = self.folder / "dispatcher.list"

    def check(self, config: str | None, text: str | None) -> tuple[int, str, list[str]]:
        """Status, standard output, and the lines of standard error."""
        if config is not None:
            self.config.write_text(config)
        if text is not None:
            self.list.write_text(text)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(["check", str(self.config)])
        return status, out.getvalue(), err.getvalue().splitlines()

    def test_fine(self) -> None:
        """What is fine gives status 0 and one line that says what was understood."""
        status, out, err = self.check(CONFIG, "1 sip:127.0.0.1:5071\n1 sip:127.0.0.1:5072\n2 sip:127.0.0.1:5073\n")
        self.assertEqual((status, err), (0, []))
        self.assertEqual(
            out, f"{self.config} is fine: listens on udp:127.0.0.1:5060; 3 destinations in 2 sets from {self.list}\n"
        )

    def test_all_problems_of_both_files(self) -> None:
        """Problems of the configuration and of the list come in one go, each with file and line."""
        status, out, err = self.check(CONFIG + "[route]\nsett = 1\nmode = 'x'\n", "1 sip:127.0.0.1:5071\n7\n")
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(
            [line.partition(": ")[0] for line in err], [f"{self.list}:2", f"{self.config}:7", f"{self.config}:8"]
        )

    def test_warnings_are_no_problems(self) -> None:
        """Warnings are marked, and leave the status at 0."""
        status, out, err = self.check(CONFIG + "[route]\nset = 3\n", "1 sip:127.0.0.1:5071\n1 sip:\n")
        self.assertEqual(status, 0)
        self.assertIn("is fine", out)
        self.assertEqual(len(err), 2)
        self.assertTrue(err[0].startswith(f"{self.list}: warning: no destination in set 3"))
        self.assertTrue(err[1].startswith(f"{self.list}:2: warning: "))

    def test_strict_lists(self) -> None:
        """With ds_load_mode 1 a bad destination is a problem."""
        status, _, (line,) = self.check(CONFIG + "ds_load_mode = 1\n", "1 sip:127.0.0.1:5071\n1 sip:\n")
        self.assertEqual(status, 1)
        self.assertTrue(line.startswith(f"{self.list}:2: "))

    def test_no_configuration(self) -> None:
        """A configuration that is not there is one clear line."""
        self.assertEqual(self.check(None, None), (1, "", [f"{self.config}: can't be read: No such file or directory"]))

    def test_no_list(self) -> None:
        """A list that is not there is one clear line."""
        status, _, (line,) = self.check(CONFIG, None)
        self.assertEqual(status, 1)
        self.assertTrue(line.startswith(f"{self.list}: "), line)
