"""Tests of `dispatchctl`; that it reaches a service is shown in dispatch.test.real.test_control."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli import ctl
from dispatch.control import boxes
from dispatch.control.client import Client
from dispatch.control.command import Door
from dispatch.control.commands import TABLE
from dispatch.control.commands.listing import LIST, Listed
from dispatch.control.commands.reload import RELOAD, Reloaded
from dispatch.control.commands.set_state import SET_STATE, StateSet
from dispatch.test.control.make import Pair, Steered

ROWS = [row for row in TABLE if Door.CTL in row.names]


class CommandLineTests(SynchronousTestCase):
    def exit_status(self, *arguments: str) -> tuple[object, str, str]:
        """Status, standard output and standard error of a command line that does not get as far as a service."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status: object = ctl.main(arguments)
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), err.getvalue()

    def test_help_names_every_command(self) -> None:
        """The help has each row of the table that people can call, and what the exit statuses mean."""
        status, out, _ = self.exit_status("--help")
        self.assertEqual(status, 0)
        for row in ROWS:
            self.assertIn(row.names[Door.CTL], out)
            self.assertIn(row.help, " ".join(out.split()))
        self.assertIn("3 no service to be reached", " ".join(out.split()))

    def test_help_of_every_command(self) -> None:
        """The help of a command explains each of its arguments."""
        for row in ROWS:
            status, out, _ = self.exit_status(row.names[Door.CTL], "--help")
            self.assertEqual(status, 0)
            for one in row.arguments:
                self.assertIn(one.help, " ".join(out.split()))

    def test_arguments(self) -> None:
        """Arguments come in the types of the row; a file is read; --json may stand before or behind."""
        path = Path(self.mktemp())
        path.write_bytes(b"1 sip:a\xff\n")
        parse = ctl.make_parser().parse_args
        self.assertEqual(parse(["list"]).set, None)
        self.assertEqual(parse(["list", "3"]).set, 3)
        self.assertEqual(parse(["explain", "--set", "3", "--from-uri", "sip:b"]).from_uri, "sip:b")
        self.assertEqual(parse(["diff", str(path)]).list, b"1 sip:a\xff\n")
        self.assertEqual(
            [parse(one).json for one in (["list"], ["--json", "list"], ["list", "--json"])], [False, True, True]
        )

    def test_wrong_command_lines(self) -> None:
        """A command line that is wrong ends with status 2 and says why."""
        large = Path(self.mktemp())
        large.write_bytes(b"#" * boxes.LARGEST)
        for arguments, words in (
            ((), "required: COMMAND"),
            (("lst",), "invalid choice"),
            (("list", "x"), "invalid int value"),
            (("set-state", "1"), "required: URI, STATE"),
            (("diff", "/nowhere/list"), "/nowhere/list can't be read: No such file or directory"),
            (("diff", str(large)), f"{large} is larger than"),
            (("-s", "a", "-c", "b", "list"), "not allowed with"),
        ):
            status, _, err = self.exit_status(*arguments)
            self.assertEqual(status, 2, arguments)
            self.assertIn(words, " ".join(err.split()))

    def test_no_socket(self) -> None:
        """Without a socket to go to it ends with status 3 and says what is missing."""
        path = Path(self.mktemp())
        for text, words in (
            ('[sip]\nlisten = "udp:127.0.0.1:5060"\n', 'write under [control]: amp = "unix:'),
            ("[sip]\nlisten = 7\n", f"{path}:2: "),
        ):
            path.write_text(text)
            status, _, err = self.exit_status("-c", str(path), "list")
            self.assertEqual(status, 3)
            self.assertIn(words, err)
        for wrong, words in (("tcp:0", "tcp:0"), ("x" * 108, "more than 107 bytes")):
            status, _, err = self.exit_status("-s", wrong, "list")
            self.assertEqual(status, 3)
            self.assertIn(words, err)

    def test_where(self) -> None:
        """A socket is a path or an endpoint; that of a configuration lies beside it."""
        made = TemporaryDirectory()  # a checkout may lie deeper than the path of a socket may be long
        self.addCleanup(made.cleanup)
        folder = Path(made.name)
        path = folder / "d.toml"
        path.write_text('[sip]\nlisten = "udp:127.0.0.1:5060"\n[control]\namp = "unix:a.sock"\n')
        parse = ctl.make_parser().parse_args
        for arguments, endpoint in (
            (["list"], "unix:/run/dispatch/amp.sock"),
            (["-s", "/x/y z:1", "list"], "unix:/x/y z:1"),
            (["-s", "tcp:2050:interface=127.0.0.1", "list"], "tcp:2050:interface=127.0.0.1"),
            (["-c", str(path), "list"], f"unix:{folder.absolute()}/a.sock"),
        ):
            self.assertEqual(str(ctl._address(parse(arguments))), endpoint)


class DoorTests(SynchronousTestCase):
    # Each command once; a new one is to be added here.
    LINES = (
        *(("list", "1"), ("health",), ("history", "1", "sip:a"), ("set-state", "1", "sip:a", "ip")),
        ("set-duid-state", "1", "g", "a"),
        *(("drain", "1", "sip:a", "60"), ("maintenance", "1", "sip:a"), ("ready", "1", "sip:a")),
        *(("add", "1", "sip:b"), ("remove", "1", "sip:b"), ("reload",), ("reload-script",), ("diff",)),
        *(
            ("explain", "--uri", "sip:a@b", "--call-id", "x"),
            ("preview", "1", "sip:a", "--weight", "3", "--calls", "9"),
        ),
        *(("ping-active",), ("cfg",)),
        ("cfg-set", "dispatcher.probing_threshold", "2"),
        *(("hash", "8", "abc"), ("version",), ("uptime",), ("doors",), ("clients",)),
    )

    def test_every_command(self) -> None:
        """What is typed reaches the command, and its answer can be shown to people and to programs."""
        self.assertEqual([line[0] for line in self.LINES], [row.names[Door.CTL] for row in ROWS])
        pair = Pair(Steered(b"1 sip:a 0 0 duid=g\n").control())
        for line in self.LINES:
            options = ctl.make_parser().parse_args(line)
            row = options.row
            values = {one.name: getattr(options, one.name) for one in row.arguments}
            answer = pair.result(lambda row=row, values=values: Client(pair.client).call(row.names[Door.AMP], **values))  # type: ignore[misc]
            self.assertTrue(all(text.isprintable() for text in ctl.shown(row, answer)))
            (text,) = ctl.shown(row, answer, as_json=True)
            self.assertIsInstance(json.loads(text), list if row.is_listing else dict)


class ShownTests(SynchronousTestCase):
    def test_for_people(self) -> None:
        """A listing is a table, or says that there is nothing; any other answer is a sentence, or more."""
        rows = [Listed(1, "sip:a", "AX", "", 0, 0, 0, "", "")]
        self.assertEqual(len(list(ctl.shown(LIST, rows))), 2)
        self.assertEqual(list(ctl.shown(LIST, [])), ["no destinations"])
        self.assertEqual(list(ctl.shown(SET_STATE, StateSet(1, "sip:\x1b", "AX", "IX"))), ["set 1 sip:\\x1b: AX -> IX"])
        self.assertEqual(
            list(ctl.shown(RELOAD, Reloaded("x.list", 1, 2, 1, ("odd",)))),
            ["2 destinations in 1 sets from x.list; before: 1", "warning: odd"],
        )

    def test_for_programs(self) -> None:
        """With --json there is one document: an object, or an array of them for a listing."""
        (text,) = ctl.shown(LIST, [Listed(1, "sip:\udcff", "AX", "", 0, 0, 0, "", "")], as_json=True)
        self.assertEqual(json.loads(text)[0]["uri"], "sip:\udcff")
        (text,) = ctl.shown(RELOAD, Reloaded("x", 1, 2, 1, ("odd",)), as_json=True)
        self.assertEqual(json.loads(text)["warnings"], ["odd"])
