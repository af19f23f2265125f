"""Events, drain and the state file: ``twistd dispatcher`` and ``dispatchctl`` while calls flow, restarts and kills."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path

from dispatch.test.real import service
from dispatch.test.real.control import enable
from dispatch.test.real.hook import Hook
from dispatch.test.real.process import Process
from dispatch.test.real.scenario import accept, ack, arrives, document, inside, invite, pause, reply, response, ringing
from dispatch.test.real.test_control import ControlCase

CALLER = document(
    "caller",
    *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
    *(pause(1500), inside("BYE", cseq=2), response(200)),
)
GATEWAY = document(
    "gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK")
)
ALIVE = document("alive", arrives("OPTIONS"), reply(200, "OK"))
RATE, CALLS = 50, 600
ALARMS = """\
import time
def fail(event):
    open("told", "a").write(f"{event.name} {event.uri} {event.method}\\n")
    raise RuntimeError("no pager")
def block(event):
    open("told", "a").write(f"{event.name}\\n")
    time.sleep(3600)
"""


class EventsCase(ControlCase):
    def configured(self, *destinations: str, more: str = "", **parameters: service.Value) -> Process:
        """The service with these destinations and a state file, at work."""
        named: Mapping[str, service.Value] = parameters
        plan = service.Plan(
            (self.address(),), destinations, algorithm="call-load", silence=1.0, parameters={"ds_hash_size": 8, **named}
        )
        self.config = enable(service.write(self.folder, plan), self.path)
        self.state = self.folder / "state"
        self.journal = self.folder / "events.log"
        state = '[state]\nfile = "state"\n'
        self.config.write_text(f'{self.config.read_text()}{state}[events]\nlog = "events.log"\n{more}')
        return self.launched("service", plan.sockets)

    def admins(self) -> dict[str, str]:
        """What was decided, by URI."""
        return {row["uri"]: row["admin"] for row in json.loads(self.ctl("list", "--json").out)}

    def killed(self, process: Process, number: signal.Signals) -> Process:
        """The next service, after this one ended by a signal."""
        process.send_signal(number)
        process.wait()
        return self.launched(f"after-{number.name}", process.sockets)

    def lines(self) -> list[str]:
        """Events of the log."""
        return [json.loads(line)["event"] for line in self.journal.read_text().splitlines()]


class CallTests(EventsCase):
    programs = ("sipp",)

    def test_drain_under_load(self) -> None:
        """A drained gateway gets no new call, loses none that it has, and is empty when the last one ends."""
        gateways = [self.gateway(GATEWAY, f"gateway{number}", calls=None, traced=False) for number in range(2)]
        uris = [self.uri(gateway.sockets[0]) for gateway in gateways]
        process = self.configured(*[f"{uri} duid=gw{number}" for number, uri in enumerate(uris)])
        caller = self.caller(CALLER, process.sockets[0], calls=CALLS, rate=RATE, traced=False)
        process.wait_for("a call", lambda: json.loads(self.ctl("health", "--json").out)[0]["calls"] > 10)
        answer = self.ctl("drain", "--json", "1", uris[0])
        self.assertGreater(json.loads(answer.out)["calls"], 0)
        taken = self.selected(uris[0])
        process.wait_logged(f"set 1 {uris[0]}: drained, no call is left")
        self.assertEqual(caller.finish().successful, CALLS)
        self.assertEqual((self.selected(uris[0]), self.admins()[uris[0]]), (taken, "drained"))
        self.assertEqual(self.ctl("ready", "1", uris[0]).status, 0)
        self.caller(CALLER, process.sockets[0], "again", calls=10, traced=False).finish()
        self.assertGreater(self.selected(uris[0]), taken)
        self.assertEqual(sum(gateway.end().successful for gateway in gateways), CALLS + 10)
        self.assertEqual(self.lines(), ["drain", "drained", "ready"])

    def selected(self, uri: str) -> int:
        (count,) = (row["selected"] for row in json.loads(self.ctl("list", "--json").out) if row["uri"] == uri)
        assert isinstance(count, int)
        return count

    def test_calls_over_a_restart(self) -> None:
        """Calls that were open at a restart are counted by the next service until they end."""
        gateway = self.gateway(GATEWAY, calls=None, traced=False)
        uri = self.uri(gateway.sockets[0])
        process = self.configured(f"{uri} duid=gw")
        long = document(
            "long", invite(), response(100, optional=True), response(180), response(200, routes=True), ack()
        )
        self.caller(long, process.sockets[0], calls=5, traced=False).finish()
        self.killed(process, signal.SIGTERM)
        (row,) = json.loads(self.ctl("health", "--json").out)
        self.assertEqual(row["calls"], 5)


class RestartTests(EventsCase):
    A, B, C = "sip:127.0.0.71:9", "sip:127.0.0.72:9", "sip:127.0.0.73:9"

    def decided(self) -> Process:
        process = self.configured(self.A, self.B, self.C)
        for command in (("drain", "1", self.A), ("maintenance", "1", self.B), ("set-state", "1", self.C, "ip")):
            self.assertEqual(self.ctl(*command).status, 0)
        return process

    def assert_decided(self) -> None:
        self.assertEqual(self.admins(), {self.A: "drained", self.B: "maintenance", self.C: ""})
        self.assertEqual(self.listed(), {self.A: "AX", self.B: "AX", self.C: "IP"})

    def test_restart_and_kill(self) -> None:
        """What a person decided and what is known of health outlives SIGTERM, and SIGKILL a moment later."""
        process = self.decided()
        process.wait_logged("drained, ")
        process.wait_for("saving", lambda: b"maintenance" in self.read() and b'"flags":9' in self.read())
        process = self.killed(process, signal.SIGKILL)
        process.wait_logged("the state of 3 destinations is as ")
        self.assert_decided()
        self.killed(process, signal.SIGTERM)
        self.assert_decided()
        self.assertEqual(self.ctl("reload").status, 0)
        self.assert_decided()

    def read(self) -> bytes:
        return self.state.read_bytes() if self.state.exists() else b""

    def test_broken_files(self) -> None:
        """A state file that is garbage, cut short or of a later version is set aside with one line, and that is all."""
        process = self.decided()
        process.stop()
        good = self.state.read_bytes()
        later = good.replace(b'"version":1', b'"version":2', 1)
        for number, text in enumerate((b"\0\xff" * 5000, good[: len(good) // 2], later, b"")):
            self.state.write_bytes(text)
            process = self.launched(f"broken{number}", process.sockets)
            said = [line for line in process.log().splitlines() if str(self.state) in line]
            self.assertEqual(len(said), 1, said)
            self.assertIn("it is kept as", said[0])
            self.assertNotIn("Traceback", process.log())
            self.assertEqual(Path(f"{self.state}.broken").read_bytes(), text)
            self.assertEqual(set(self.listed().values()), {"AX"})
            process.stop()
            self.assertGreater(len(self.state.read_bytes()), 0)


class ProbeTests(EventsCase):
    programs = ("sipp",)

    def test_told(self) -> None:
        """A gateway that dies and comes back is told to function, log and webhook, whatever goes wrong on the way."""
        hook = Hook((500, 503))
        self.addCleanup(hook.stop)
        (self.folder / "alarms_to_fail.py").write_text(ALARMS)
        gateway = self.gateway(ALIVE, calls=None, traced=False)
        uri = self.uri(gateway.sockets[0])
        process = self.configured(
            uri,
            more=f'dst_down = "alarms_to_fail:fail"\ndst_up = "alarms_to_fail:block"\nwebhook = "{hook.url}"\n',
            ds_ping_interval=1,
            ds_probing_mode=1,
        )
        process.wait_for("probing", lambda: self.listed()[uri] == "AP")
        gateway.stop()
        process.wait_logged("AP -> IP, probe not answered")
        self.gateway(ALIVE, "again", at=gateway.sockets[0], calls=None, traced=False)
        process.wait_logged("IP -> AP, probe answered with 200 OK")
        process.wait_for("posting", lambda: "dst-up" in hook.names())
        self.assertEqual(hook.names(), ["dst-down"] * 3 + ["dst-up"])
        first = hook.posted[0]
        self.assertEqual((first["uri"], first["before"], first["after"], first["cause"]), (uri, "AP", "IP", "probe"))
        self.assertEqual(self.lines(), ["state", "dst-down", "dst-up"])
        told = self.folder / "told"
        process.wait_for("calling", lambda: told.exists() and "dst-up" in told.read_text())
        self.assertEqual(told.read_text(), f"dst-down {uri} OPTIONS\ndst-up\n")
        process.wait_logged(f"alarms_to_fail:fail failed at dst-down of set 1 {uri!r}")
        self.assertEqual(
            [row["event"] for row in json.loads(self.ctl("history", "--json", "1", uri).out)], ["", "down", "up"]
        )
        process.send_signal(signal.SIGTERM)  # the function still blocks
        self.assertEqual(process.wait(20), -signal.SIGTERM)
