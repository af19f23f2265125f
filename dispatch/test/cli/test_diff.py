"""Tests of `dispatch diff`."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.main import main


class DiffTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.config = self.folder / "dispatcher.toml"
        self.config.write_text('[sip]\nlisten = "udp:127.0.0.1:5060"\n[dispatcher]\nlist_file = "old.list"\n')
        (self.folder / "old.list").write_text("1 sip:a\n1 sip:b\n")

    def diff(self, text: str | None) -> tuple[int, list[str], list[str]]:
        """Status, and the lines of both outputs."""
        new = self.folder / "new.list"
        if text is not None:
            new.write_text(text)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(["diff", str(self.config), str(new)])
        return status, out.getvalue().splitlines(), err.getvalue().splitlines()

    def test_table(self) -> None:
        """What is added, removed and changed stands in a table; what is odd about the list too."""
        status, lines, err = self.diff("1 sip:b 8\n1 sip:c\n1 http:x\n")
        self.assertEqual((status, err), (0, []))
        self.assertEqual([line.split()[0] for line in lines], ["CHANGE", "warning", "removed", "changed", "added"])
        self.assertIn("flags: 0 -> 8", lines[3])

    def test_no_difference(self) -> None:
        """Lists that mean the same make no difference."""
        self.assertEqual(self.diff("# the same\n1 sip:a\n1  sip:B 0 0\n".replace("B", "b")), (0, ["no difference"], []))

    def test_bad_list(self) -> None:
        """A list that a reload would refuse is told with file and line, and status 1."""
        status, lines, (problem,) = self.diff("1\n")
        self.assertEqual((status, lines), (1, []))
        self.assertTrue(problem.startswith(f"{self.folder / 'new.list'}:1: "), problem)

    def test_missing(self) -> None:
        """A list or a configuration that is not there is one clear line, and status 1."""
        self.assertEqual((self.diff(None)[0], len(self.diff(None)[2])), (1, 1))
        self.config.unlink()
        self.assertEqual((self.diff("")[0], len(self.diff("")[2])), (1, 1))
