"""Tests of dispatch.control.client: every command of the AMP door, through both ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.client import COMMANDS, Client, UnknownCommand
from dispatch.control.command import BadValue, ListRefused
from dispatch.control.commands.about import VERSION
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import LIST, Pair, Steered

# Each command once; a new one is to be added here.
EXAMPLES: dict[str, dict[str, Any]] = {
    "list": {"set": 1},
    "explain": {"method": "ACK", "uri": "sip:bob@example.com"},
    "preview": {"set": 1, "uri": "sip:a", "state": "i", "calls": 10},
    "health": {},
    "ready": {"set": 1, "uri": "sip:a"},
    "set_duid_state": {"set": 1, "duid": "x", "state": "a"},
    "set_state": {"set": 1, "uri": "sip:a", "state": "ip"},
    "hash": {"slots": 8, "first": "abc"},
    "uptime": {},
    "drain": {"set": 1, "uri": "sip:b", "seconds": 60},
    "maintenance": {"set": 2, "uri": "sip:c"},
    "history": {"set": 1, "uri": "sip:a"},
    "ping_active": {"state": 0},
    "cfg": {"variable": "dispatcher.probing_threshold"},
    "cfg_set": {"variable": "dispatcher.probing_threshold", "value": "2"},
    "add": {"set": 5, "uri": "sip:z", "priority": 3},
    "remove": {"set": 1, "uri": "sip:b"},
    "doors": {},
    "clients": {},
    "reload": {},
    "reload_script": {},
    "diff": {"list": b"1 sip:a 0 0 duid=x\n1 http:b\n"},
    "version": {},
    "commands": {},
}


class ClientTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.pair = Pair(self.steered.control())
        self.client = Client(self.pair.client)

    def result(self, name: str, **arguments: object) -> Any:
        return self.pair.result(lambda: self.client.call(name, **arguments))

    def test_every_command(self) -> None:
        """Each command's answer comes through as the record that the command made."""
        self.assertEqual(set(EXAMPLES), set(COMMANDS))
        for name, arguments in EXAMPLES.items():
            row, _ = COMMANDS[name]
            direct = row.run(Steered(LIST).control(), **arguments)
            direct = self.successResultOf(direct) if hasattr(direct, "addCallback") else direct
            expected = list(direct) if row.is_listing else direct
            self.assertEqual(self.result(name, **arguments), expected)

    def test_all_pages(self) -> None:
        """A listing that needs many pages comes as one."""
        self.steered.text = b"".join(b"1 sip:gw%d\n" % number for number in range(450))
        self.result("reload")
        self.assertEqual(len({one.uri for one in self.result("list", set=1)}), 450)

    def test_a_long_list(self) -> None:
        """A list to compare may be longer than a value of AMP."""
        text = b"".join(b"1 sip:gw%d.example.com;transport=tcp 0 %d\n" % (n, n) for n in range(4000))
        self.assertGreater(len(text), 65535 * 2)
        self.assertEqual(len([one for one in self.result("diff", list=text) if one.change == "added"]), 4000)

    def test_any_bytes(self) -> None:
        """A URI that is no UTF-8 can be read and given back."""
        self.steered.text = b"1 sip:a\xff@gw\n"
        self.result("reload")
        (one,) = self.result("list")
        self.assertEqual(self.result("set_state", set=1, uri=one.uri, state="d").after, "DX")

    def test_errors(self) -> None:
        """Errors of the service arrive as what they are there, with their message."""
        self.assertIsInstance(self.result("list", set=9), UnknownDestination)
        self.assertIsInstance(self.result("set_state", set=1, uri="sip:a", state="x"), BadValue)
        error = self.result("diff", list=b"1\n")
        self.assertIsInstance(error, ListRefused)
        self.assertIn("has no destination", str(error))

    def test_an_older_service(self) -> None:
        """A command that the service does not know is an error that says which it knows."""
        control = Steered(LIST).control()
        old = Pair(replace(control, version="0.9", commands=(VERSION,)))
        error = old.result(lambda: Client(old.client).call("list"))
        self.assertIsInstance(error, UnknownCommand)
        self.assertIn("there are version", str(error))
