"""Tests of the MI door."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import Door, Right
from dispatch.control.commands import TABLE
from dispatch.control.methods import Methods
from dispatch.control.mi_door import Commands, MiRequests, datagram
from dispatch.test.control.make import LIST, Steered

LISTED = b"""200 OK
SET_NO:: 2
SET:: 2
\tURI:: sip:c flags=AP priority=5 attrs=
SET:: 1
\tURI:: sip:b flags=AX priority=0 attrs=
\tURI:: sip:a flags=AX priority=0 attrs=duid=x
"""


class MiDoorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)
        self.clock = Clock()
        self.commands = Commands(self.clock, Methods(self.steered.control(), Door.MI))
        self.replies: list[tuple[str, bytes]] = []
        self.requests = MiRequests(self.commands, lambda name, answer: self.replies.append((name, answer)))

    def turn(self) -> None:
        while self.clock.getDelayedCalls():
            self.clock.advance(0.01)

    def ask(self, command: str, *arguments: str) -> bytes:
        """By FIFO; the answer."""
        self.requests.feed("\n".join((f":{command}:r", *arguments, "", "")).encode())
        self.turn()
        ((name, answer),) = self.replies
        self.replies.clear()
        self.assertEqual(name, "r")
        return answer

    def send(self, data: bytes) -> bytes:
        """By datagram; the answer."""
        done = datagram(self.commands, Right.FULL, data, "127.0.0.1:9")
        self.turn()
        return self.successResultOf(done)

    def test_every_command(self) -> None:
        """Each command with a form for MI answers by FIFO and datagram, or refuses in the original's words."""
        names = [row.names[Door.MI] for row in TABLE if Door.MI in row.names]
        self.assertGreaterEqual(len(names), 7)
        for name in names:
            self.assertNotIn(b"failed", self.ask(name))
            self.assertNotIn(b"failed", self.send(f":{name}:\n".encode()))

    def test_a_listing(self) -> None:
        """`ds_list` tells the sets; a FIFO gets an empty line behind it, a datagram none."""
        self.assertEqual(self.ask("ds_list"), LISTED + b"\n")
        self.assertEqual(self.send(b":ds_list:\n"), LISTED)
        self.steered.text = b""
        self.ask("ds_reload")
        self.assertEqual(self.ask("ds_list"), b"200 OK\n\n")

    def test_states(self) -> None:
        """`ds_set_state` adds letters up, and refuses in the original's words."""
        for arguments, answer in (
            (("dp", "1", "sip:a"), b"200 OK\n\n"),
            (("dp", "1"), b"400 Too few or too many arguments\n"),
            (("q", "1", "sip:a"), b"500 unknown state value\n"),
            (('""', "1", "sip:a"), b"500 bad state value\n"),
            (("d", "x", "sip:a"), b"500 bad group value\n"),
            (("d", '""', "sip:a"), b"500 group not found\n"),
            (("d", "1", '""'), b"500 address not found\n"),
            (("d", "1", "sip:no"), b"404 destination not found\n"),
            (("d", "9", "sip:a"), b"404 destination not found\n"),
        ):
            self.assertEqual(self.ask("ds_set_state", *arguments), answer)
        self.assertIn(b"sip:a flags=DP", self.ask("ds_list"))
        self.steered.text = b"1"
        self.assertEqual(self.ask("ds_reload"), b"500 ERROR Reloading data\n")

    def test_errors_of_the_door(self) -> None:
        """What there is not, and what can't be read, gets an error without an empty line."""
        self.assertEqual(self.ask("nix"), b"500 command 'nix' not available\n")
        self.assertEqual(self.ask("ds_set_state", 'a"b'), b"400 parse error in command 'ds_set_state'\n")
        self.assertEqual(self.send(b":nix:\n"), b"500 command not available\n")
        self.assertEqual(self.send(b"nix"), b"500 command not available\n")
        self.assertEqual(self.send(b':ds_set_state:\na"b\n'), b"400 parse error in command\n")

    def test_no_request(self) -> None:
        """What is no request is passed over up to the next empty line, however long, and what follows is answered."""
        for rubbish in (
            b"GET /\nHost: x\n\n",
            b"x" * 5000 + b"\n\n",
            b":ds_list:\n\n",
            b":a:b\n" + b"y\n" * 9000 + b"\n",
        ):
            for piece in (rubbish[:1500], rubbish[1500:]):
                self.requests.feed(piece)
            self.assertTrue(self.ask("version").startswith(b"200 OK\n"))

    def test_in_pieces(self) -> None:
        """A request that comes in pieces is answered when it is whole."""
        for byte in b":version:r\n\n:version:r\n\n":
            self.requests.feed(bytes((byte,)))
        self.turn()
        self.assertEqual(len(self.replies), 2)
