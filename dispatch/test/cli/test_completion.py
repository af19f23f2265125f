"""Tests of what the Tab key offers; that bash and zsh ask for it is shown in dispatch.test.real.test_screen."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from dispatch.cli.completion import candidates
from dispatch.control.command import Door
from dispatch.control.commands import TABLE

LISTINGS = {
    "health": [SimpleNamespace(set=10), SimpleNamespace(set=2)],
    "list": [SimpleNamespace(uri=uri) for uri in ("sip:a;transport=tcp", "sip:b", "sip:c\n", "tel:1")],
    "show": [SimpleNamespace(duid="x1"), SimpleNamespace(duid="")],
    "cfg": [SimpleNamespace(name="dispatcher.probing_threshold")],
}


class CandidatesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[tuple[Sequence[str], str, dict[str, Any]]] = []

    def ask(self, where: Sequence[str], name: str, values: dict[str, Any]) -> Sequence[Any]:
        self.asked.append((where, name, values))
        return LISTINGS[name]

    def found(self, line: str) -> list[str]:
        return list(candidates(line, self.ask))

    def test_commands(self) -> None:
        """The first word is a command; each that people can call is offered, and so are top and completion."""
        names = {row.names[Door.CTL] for row in TABLE if Door.CTL in row.names} | {"top", "completion"}
        self.assertEqual(set(self.found("dispatchctl ")), names)
        self.assertEqual(self.found("dispatchctl --json dra"), ["drain"])
        self.assertEqual(self.asked, [])

    def test_sets(self) -> None:
        """Sets come from the running service, wherever the line says that it is."""
        self.assertEqual(self.found("dispatchctl -s /x/amp.sock show "), ["2", "10"])
        self.assertEqual(self.asked, [(["-s", "/x/amp.sock"], "health", {})])

    def test_uris(self) -> None:
        """URIs are those of the set that stands before; what no line can hold is left out."""
        self.assertEqual(self.found("dispatchctl show 3 sip:"), ["sip:a;transport=tcp", "sip:b"])
        self.assertEqual(self.asked, [([], "list", {"set": "3"})])
        for begun in ("sip:a\\;tr", "'sip:a;tr", '"sip:a;tr'):
            self.assertEqual(self.found(f"dispatchctl history 3 {begun}"), ["sip:a;transport=tcp"])

    def test_others(self) -> None:
        """States, duids, variables, options and shells are offered where they belong, and nothing behind the last."""
        for line, expected in (
            ("set-state 1 sip:b t", ["t", "tp"]),
            ("set-duid-state 1 ", ["x1"]),
            ("cfg ", ["dispatcher.probing_threshold"]),
            ("--js", ["--json"]),
            ("top --o", ["--once"]),
            ("completion ", ["bash", "zsh"]),
            ("completion bash ", []),
            ("list 1 ", []),
            ("nonsense ", []),
            ("-c ", []),
            ("diff ", []),
            ("drain 1 sip:b ", []),
        ):
            self.assertEqual(self.found(f"dispatchctl {line}"), expected, line)

    def test_no_line(self) -> None:
        """Whatever stands in the line, there is no exception."""
        for line in ("", "'", '"\\', "\\", "dispatchctl -s", "dispatchctl -c x -s"):
            self.assertIsInstance(self.found(line), list)
