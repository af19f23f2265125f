"""Tests of `python -m dispatch.test.vectors`."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.vectors.__main__ import main
from dispatch.test.vectors.files import COPIES, read


class MainTests(SynchronousTestCase):
    def run_it(self, *arguments: str) -> tuple[int, list[str]]:
        """Exit status and lines printed."""
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            status = main(arguments)
        return status, out.getvalue().splitlines()

    def test_passed(self) -> None:
        """When all pass the last line counts them and the status is 0."""
        status, lines = self.run_it(str(COPIES), "--category", "list-exist")
        self.assertEqual((status, lines[-1]), (0, "6 passed, 0 failed"))
        self.assertEqual(lines[-2].split(), ["list-exist", "6", "passed", "0", "failed"])

    def test_failed(self) -> None:
        """A failure is shown with its id, counted, and makes the status 1; a kind that is unknown is a failure."""
        folder = Path(self.mktemp())
        folder.mkdir()
        vectors = list(read(COPIES / "list-exist.jsonl"))
        vectors[1]["steps"][0]["result"]["rc"] = 7
        vectors[2]["type"] = "new"
        (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, vectors)) + "\n\n")
        status, lines = self.run_it(str(folder), "--show", "1")
        self.assertEqual((status, lines[-1], len(lines)), (1, "4 passed, 2 failed", 3))
        self.assertIn("list-exist-0002: step 0 rc: expected 7, got 1", lines[0])

    def test_nothing_there(self) -> None:
        """A folder or category without vectors is an error, not a success."""
        self.assertEqual(self.run_it(self.mktemp())[0], 2)
        status, lines = self.run_it(str(COPIES), "--category", "list-exist", "nonsense")
        self.assertEqual(status, 2)
        self.assertIn("nonsense", lines[0])

    def test_supported(self) -> None:
        """Only categories that must pass are replayed when asked so."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for name in ("list-exist", "elsewhere"):
            (folder / f"{name}.jsonl").write_bytes((COPIES / "list-exist.jsonl").read_bytes())
        self.assertEqual(self.run_it(str(folder), "--supported")[1][-1], "6 passed, 0 failed")
        self.assertEqual(self.run_it(str(folder))[1][-1], "12 passed, 0 failed")
