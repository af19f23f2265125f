"""Looking and steering while calls flow: ``dispatchctl`` against ``twistd dispatcher``."""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
from pathlib import Path
from typing import ClassVar

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.control import Answer, ctl, enable
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import accept, ack, arrives, document, inside, invite, pause, reply, response, ringing

CALLER = document(
    "caller",
    *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
    *(pause(50), inside("BYE", cseq=2), response(200)),
)
GATEWAY = document(
    "gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK")
)
RATE, CALLS, RELOADS = 50, 400, 4


class ControlCase(RealCase):
    ours_only = True
    programs: ClassVar[tuple[str, ...]] = ()

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="ctl.")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "amp.sock"

    def running(self, *destinations: str) -> Process:
        """The service with these destinations, at work, and a door to it."""
        plan = service.Plan((self.address(),), destinations, silence=2.0)
        self.config = enable(service.write(self.folder, plan), self.path)
        return self.launched("service", plan.sockets)

    def launched(self, name: str, sockets: tuple[Socket, ...]) -> Process:
        process = self.keep(service.launch(name, self.folder, self.config, sockets))
        process.wait_logged("listening on")
        return process

    def ctl(self, *arguments: str) -> Answer:
        return ctl(self.config, *arguments)

    def listed(self) -> dict[str, str]:
        """State by URI, as the service tells it."""
        return {row["uri"]: row["state"] for row in json.loads(self.ctl("list", "--json").out)}

    def write_list(self, *destinations: str) -> Path:
        return service.write_list(self.folder, destinations)


class CommandTests(ControlCase):
    A, B, C = "sip:127.0.0.1:5071", "sip:127.0.0.1:5072", "sip:127.0.0.1:5073"

    def test_every_command(self) -> None:
        """Each command does what it says, in words and for programs, and changes are logged with who made them."""
        process = self.running(self.A, self.B)
        self.assertEqual(self.ctl("set-state", "1", self.A, "ip"), (0, f"set 1 {self.A}: AX -> IP\n", ""))
        self.assertEqual(self.listed(), {self.A: "IP", self.B: "AX"})
        self.assertIn(self.A, self.ctl("list", "1").out)
        self.write_list(self.A, self.C)
        words = [line.split()[:3] for line in self.ctl("diff").out.splitlines()]
        self.assertEqual(words, [["CHANGE", "SET", "DESTINATION"], ["removed", "1", self.B], ["added", "1", self.C]])
        self.assertEqual(self.ctl("reload").status, 0)
        self.assertEqual(self.listed(), {self.A: "IP", self.C: "AX"})
        self.assertEqual(self.ctl("diff").out, "no difference\n")
        self.assertEqual(json.loads(self.ctl("--json", "version").out)["product"], "dispatch")
        who = f"by uid {os.getuid()}, pid "
        for line in (f"set 1 {self.A}: AX -> IP", "2 destinations in 1 sets from"):
            self.assertTrue(any(who in one and line in one for one in process.log().splitlines()), line)

    def test_another_list(self) -> None:
        """`diff FILE` compares a file of the caller's, whatever its size, and leaves the list in force."""
        self.running(self.A)
        other = self.folder / "other.list"
        other.write_text("".join(f"7 sip:gw{number}.example.invalid\n" for number in range(3000)))
        self.assertGreater(other.stat().st_size, 65535)
        lines = self.ctl("diff", str(other)).out.splitlines()
        self.assertEqual(len(lines), 1 + 1 + 3000)
        self.assertEqual(self.listed(), {self.A: "AX"})

    def test_refusals(self) -> None:
        """What the service refuses is told on standard error, with status 1, and nothing changes."""
        process = self.running(self.A)
        self.write_list("sip:127.0.0.1:5079")
        (self.folder / "dispatcher.list").write_text("1 sip:a\n1\n")
        for arguments, words in (
            (("set-state", "1", "sip:nobody", "i"), "set 1 has no 'sip:nobody'"),
            (("set-state", "1", self.A, "x"), "state 'x' is unknown"),
            (("list", "9"), "there is no set 9"),
            (("reload",), "dispatcher.list:2: "),
            (("diff",), "dispatcher.list:2: "),
        ):
            status, out, err = self.ctl(*arguments)
            self.assertEqual((status, out), (1, ""), arguments)
            self.assertIn(words, err)
        self.assertEqual(self.listed(), {self.A: "AX"})
        self.assertNotIn("Traceback", process.log())

    def test_nobody_there(self) -> None:
        """Without a service the status is 3 and one line says where nobody is."""
        process = self.running(self.A)
        process.stop()
        status, out, err = self.ctl("list")
        self.assertEqual((status, out, len(err.splitlines())), (3, "", 1))
        self.assertIn("no service at unix:", err)

    def test_the_socket(self) -> None:
        """The socket is for its owner only, goes with the service, and one that was left behind is in nobody's way."""
        process = self.running(self.A)
        path = self.path
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertTrue(path.exists())
        again = self.launched("again", process.sockets)
        self.assertEqual(self.ctl("version").status, 0)
        again.stop()
        self.assertFalse(path.exists())

    def test_a_second_service(self) -> None:
        """A service whose socket another one uses does not start, says why, and leaves the other one alone."""
        process = self.running(self.A)
        at = self.address()
        text = self.config.read_text().replace(process.sockets[0].address, at.address)
        (self.folder / "second.toml").write_text(text)
        second = service.launch("second", self.folder, self.folder / "second.toml", (at,))
        self.addCleanup(second.stop)
        self.assertEqual(second.wait(), 1)
        self.assertIn(f"[control] amp: unix:{self.path}: address already in use", second.log())
        self.assertEqual(self.ctl("version").status, 0)

    def test_bad_clients(self) -> None:
        """Bytes that are no box, half a box and many connections: others are served, and nothing is logged as a bug."""
        process = self.running(self.A)
        clients = []
        for data in (b"\xff" * 1000, b"GET / HTTP/1.1\r\n\r\n", b"\0\0", b"\0\x08_comm", b"") * 8:
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(self.path))
            client.sendall(data)
            clients.append(client)
            self.addCleanup(client.close)
        self.assertEqual(self.ctl("version").status, 0)
        for client in clients:
            client.close()
        self.assertEqual(self.ctl("list").status, 0)
        self.assertNotIn("Traceback", process.log())


class CallTests(ControlCase):
    programs = ("sipp",)

    def test_set_state(self) -> None:
        """A gateway that is disabled gets no call, and gets its share when it is active again."""
        gateways = [self.gateway(GATEWAY, f"gateway{number}", calls=None, traced=False) for number in range(2)]
        uris = [self.uri(gateway.sockets[0]) for gateway in gateways]
        at = self.running(*uris).sockets[0]
        self.assertEqual(self.ctl("set-state", "1", uris[0], "d").status, 0)
        self.caller(CALLER, at, "without", calls=20, traced=False).finish()
        self.assertEqual(self.ctl("set-state", "1", uris[0], "a").status, 0)
        self.caller(CALLER, at, "with", calls=20, traced=False).finish()
        self.assertEqual([gateway.end().successful for gateway in gateways], [10, 30])

    def test_reload_under_load(self) -> None:
        """Reloads of a long list one after the other, while calls come and go: no call fails."""
        gateways = [self.gateway(GATEWAY, f"gateway{number}", calls=None, traced=False) for number in range(2)]
        uris = [self.uri(gateway.sockets[0]) for gateway in gateways]
        process = self.running(*uris)
        caller = self.caller(CALLER, process.sockets[0], calls=CALLS, rate=RATE, traced=False)
        for number in range(RELOADS):
            others = [f"2 sip:127.1.{other >> 8}.{other & 255}:{5060 + number % 2}" for other in range(3000)]
            self.write_list(*uris[:: 1 if number % 2 else -1])
            with (self.folder / "dispatcher.list").open("a") as file:
                file.write("\n".join(others) + "\n")
            answer = self.ctl("reload")
            self.assertEqual(answer.status, 0, answer.err)
            self.assertIn("3002 destinations in 2 sets", answer.out)
        self.assertEqual(caller.finish().successful, CALLS)
        self.assertEqual(sum(gateway.end().successful for gateway in gateways), CALLS)
