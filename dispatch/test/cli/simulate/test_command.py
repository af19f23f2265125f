"""Tests of `dispatch simulate`."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.main import main

LIST = "1 sip:10.0.0.1\n1 sip:10.0.0.2\n7 sip:10.0.0.7 0 0 duid=a\n7 sip:10.0.0.8\n"
CONFIG = """\
[sip]
listen = "udp:127.0.0.1:5060"
[dispatcher]
list_file = "some.list"
use_default = 1
[route]
set = 7
algorithm = 8
"""


class SimulateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.list = self.folder / "some.list"
        self.list.write_text(LIST)

    def simulate(self, *arguments: object) -> tuple[int, list[str], str]:
        """Status, lines of the table, and standard error."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = main(["simulate", *map(str, arguments)])
            except SystemExit as exit:
                status = int(exit.code or 0)
        return status, out.getvalue().splitlines(), err.getvalue()

    def test_table(self) -> None:
        """The table has the share of each destination, in the order of picking."""
        status, lines, err = self.simulate(self.list, "--algorithm", "round-robin", "--calls", 10)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(lines[0], "4 round-robin, set 1, 10 calls")
        self.assertEqual([line.split() for line in lines[3:]], [["sip:10.0.0.2", "50.0%"], ["sip:10.0.0.1", "50.0%"]])

    def test_unknown_number(self) -> None:
        """A number that is no algorithm takes the first, also one below 0, as in the service."""
        for number in (-1, 99):
            status, lines, _ = self.simulate(self.list, "--algorithm", number, "--calls", 10)
            self.assertEqual((status, lines[3].split()), (0, ["sip:10.0.0.2", "100.0%"]))

    def test_failing(self) -> None:
        """With --fail there is a column for it inactive and one for it removed, and how much moved."""
        status, lines, _ = self.simulate(
            self.list, "--algorithm", 8, "--calls", 10, "--set", 1, "--fail", "sip:10.0.0.2"
        )
        self.assertEqual(status, 0)
        self.assertEqual(lines[2].split(), ["now", "inactive", "removed"])
        self.assertEqual(lines[3].split(), ["sip:10.0.0.2", "100.0%", "0.0%", "0.0%"])
        self.assertEqual(lines[-2].split()[-2:], ["100.0%", "100.0%"])
        self.assertEqual(lines[-1].split()[-2:], ["0.0%", "0.0%"])

    def test_configuration(self) -> None:
        """A configuration gives list, parameters, set and algorithm, and options go before it."""
        config = self.folder / "dispatcher.toml"
        config.write_text(CONFIG)
        status, lines, _ = self.simulate(config, "--calls", 10)
        self.assertEqual((status, lines[0]), (0, "8 priority, set 7, 10 calls"))
        _, lines, _ = self.simulate(config, "--calls", 10, "--algorithm", 4, "--set", 1)
        self.assertEqual(lines[0], "4 round-robin, set 1, 10 calls")
        # use_default: the last one takes no turn
        self.assertEqual([line.split()[1] for line in lines[3:]], ["100.0%", "0.0%"])

    def test_picture(self) -> None:
        """--svg writes a picture beside the table."""
        path = self.folder / "out.svg"
        self.assertEqual(self.simulate(self.list, "--calls", 10, "--svg", path)[0], 0)
        self.assertTrue(path.read_text().startswith("<svg"))
        status, _, err = self.simulate(self.list, "--calls", 10, "--svg", self.folder)
        self.assertEqual(status, 1)
        self.assertIn(f"{self.folder}: can't be written", err)

    def test_seed(self) -> None:
        """The same seed shows the same, another one something else."""
        shown = [self.simulate(self.list, "--algorithm", 6, "--calls", 99, "--seed", seed)[1] for seed in (1, 1, 2)]
        self.assertEqual(shown[0], shown[1])
        self.assertNotEqual(shown[0], shown[2])

    def test_mistakes(self) -> None:
        """Each mistake is one line that names what would do."""
        for arguments, status, told in (
            ((self.list, "--set", 3), 1, "no destination in set 3; sets with some: 1, 7"),
            ((self.list, "--fail", "sip:nobody"), 1, "sip:10.0.0.2"),
            ((self.list, "--fail", "sip:\udcff"), 1, "sip:10.0.0.2"),
            ((self.folder / "none.list",), 1, "cannot be read"),
            ((self.folder / "none.toml",), 1, "can't be read"),
            ((self.list, "--algorithm", "best"), 2, "round-robin"),
            ((self.list, "--calls", "0"), 2, "no number from 1"),
        ):
            found, lines, err = self.simulate(*arguments)
            self.assertEqual((found, lines), (status, []), arguments)
            self.assertIn(told, err)
            self.assertNotIn("Traceback", err)
