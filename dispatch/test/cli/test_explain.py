"""Tests of `dispatch explain`."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.main import main
from dispatch.test.wire import request


class ExplainTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.config = folder / "dispatcher.toml"
        self.config.write_text(
            '[sip]\nlisten = ["udp:192.0.2.1:5060", "tcp:192.0.2.1:5060"]\n'
            'advertise = { "tcp:192.0.2.1:5060" = "lb.example.com" }\n'
            '[dispatcher]\nlist_file = "dispatcher.list"\nflags = 2\n[route]\nalgorithm = "priority"\n'
        )
        self.list = folder / "dispatcher.list"
        self.list.write_text("1 sip:gw.example.com;transport=tcp 0 9\n1 sip:192.0.2.22\n2 sip:[2001:db8::1]\n")

    def explain(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(["explain", str(self.config), *arguments])
        return status, out.getvalue(), err.getvalue()

    def test_configuration(self) -> None:
        """Set and algorithm are the configured ones, and so are the sockets; no socket is opened, no secret made."""
        status, out, _ = self.explain("--uri", "sip:bob@example.com", "--json")
        told = json.loads(out)
        self.assertEqual(
            (status, told["destination"], told["algorithm"]), (0, "sip:gw.example.com;transport=tcp", "8 priority")
        )
        self.assertEqual((told["sent_from"], told["sent_to"]), ("tcp:192.0.2.1:5060", "gw.example.com:5060"))
        self.assertTrue(told["head"][3].startswith("Via: SIP/2.0/TCP lb.example.com:5060;branch="), told["head"])
        self.assertEqual(
            sorted(one.name for one in self.config.parent.iterdir()), ["dispatcher.list", "dispatcher.toml"]
        )

    def test_standard_input(self) -> None:
        """``-`` reads the message from standard input."""
        with patch("sys.stdin", io.TextIOWrapper(io.BytesIO(request()))):
            status, out, _ = self.explain("-")
        self.assertEqual((status, out.splitlines()[0]), (0, "goes to sip:gw.example.com;transport=tcp"))

    def test_no_way(self) -> None:
        """A destination that no socket leads to is told."""
        _, out, _ = self.explain("--uri", "sip:a@b", "--set", "2")
        self.assertIn("tried before: sip:[2001:db8::1]: could not be reached", out)
        self.assertTrue(out.startswith("is answered with 500"), out)

    def test_errors(self) -> None:
        """What is wrong with the request, the configuration or the list is told, with status 1."""
        self.assertEqual(
            self.explain("--uri", "sip:a@b", "--set", "7"), (1, "", "there is no set 7; sets with destinations: 1, 2\n")
        )
        self.list.write_text("1\n")
        status, _, err = self.explain("--uri", "sip:a@b")
        self.assertEqual(status, 1)
        self.assertIn("dispatcher.list:1: ", err)
