"""What is counted and shown while calls flow, and what shells complete: with SIPp, bash, zsh and a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from dispatch.test.real import service
from dispatch.test.real.case import require
from dispatch.test.real.control import enable
from dispatch.test.real.process import Process
from dispatch.test.real.scenario import arrives, document, refuse
from dispatch.test.real.test_control import CALLER, GATEWAY, ControlCase

PROGRAM = Path(sys.executable).with_name("dispatchctl")
BUSY = document("busy", arrives("INVITE"), refuse(503, "Service Unavailable"), arrives("ACK"))
CALLS = 60


class StatisticsTests(ControlCase):
    programs = ("sipp",)

    def counting(self, *destinations: str) -> Process:
        """The service with these destinations, counting outcomes."""
        plan = service.Plan((self.address(),), destinations, silence=2.0, more={"health": {"statistics": True}})
        self.config = enable(service.write(self.folder, plan), self.path)
        return self.launched("service", plan.sockets)

    def asked(self, *arguments: str) -> Any:
        return json.loads(self.ctl("--json", *arguments).out)

    def test_what_sipp_counts(self) -> None:
        """Answers by class, failovers and requests are what the gateways counted; messages what the caller did."""
        busy = self.gateway(BUSY, "busy", calls=None, traced=False)
        good = self.gateway(GATEWAY, "good", calls=None, traced=False)
        uris = [self.uri(one.sockets[0]) for one in (busy, good)]
        at = self.counting(*uris).sockets[0]
        caller = self.caller(CALLER, at, calls=CALLS, rate=100, traced=False)
        self.assertEqual(caller.finish().successful, CALLS)

        rows = {one["uri"]: one for one in self.asked("stats")}
        refused, taken = busy.end().successful, good.end().successful
        self.assertEqual((refused, taken), (CALLS // 2, CALLS))
        numbers = ("requests", "failovers", "failures", "answers_2xx", "answers_5xx", "timeouts")
        found = {uri: tuple(one[name] for name in numbers) for uri, one in rows.items()}
        self.assertEqual(
            found,
            {
                uris[0]: (refused, 0, refused, 0, refused, 0),
                uris[1]: (taken, refused, 0, taken, 0, 0),
                "": (refused + taken, refused, refused, taken, refused, 0),
            },
        )
        times = [int(one.split(": ")[1]) for one in rows[""]["histogram"]]
        self.assertEqual(sum(times), refused + taken)
        traffic = self.asked("traffic")
        self.assertGreaterEqual(traffic["requests"], 3 * CALLS)  # INVITE, ACK, BYE, and copies, if any
        self.assertEqual((traffic["malformed"], traffic["refused"]), (0, 0))
        self.assertEqual(self.asked("calls"), [])
        (shown,) = self.asked("show", "1", uris[1])
        self.assertEqual((shown["requests"], shown["answers_2xx"], shown["address"]), (taken, taken, "127.0.0.1"))

    def test_ping(self) -> None:
        """A destination that is down is asked and answers, and stays down; the service itself answers too."""
        other = self.address()
        there = service.write(self.folder / "other", service.Plan((other,), ("sip:127.0.0.1:9",)))
        self.keep(service.launch("other", self.folder, there, (other,))).wait_logged("listening on")
        uri = self.uri(other)
        self.running(uri)
        self.ctl("set-state", "1", uri, "d")
        answer = self.asked("ping", "1", uri)
        self.assertEqual((answer["status"], answer["sent_to"]), (200, f"udp:{other.address}"))
        self.assertEqual(self.listed(), {uri: "DX"})
        self.assertIn(" is there", self.ctl("ping").out)

    def test_top(self) -> None:
        """On a terminal the screen is drawn again and again until Ctrl-C; elsewhere it is printed once."""
        uri = "sip:127.0.0.1:5071"
        self.running(uri)
        printed = self.ctl("top", "--interval", "0.1").out
        self.assertIn(uri, printed)
        self.assertNotIn("\x1b", printed)
        self.assertEqual(self.asked("top", "--interval", "0.1")["destinations"][0]["uri"], uri)
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        command = [str(PROGRAM), "-c", str(self.config), "top", "--interval", "0.1"]
        environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(service.ROOT)}
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as drawing:
            os.close(theirs)
            seen, end = b"", time.monotonic() + 30
            while seen.count(b"\x1b[H") < 3 and time.monotonic() < end:
                if select.select([ours], [], [], 1.0)[0]:
                    seen += os.read(ours, 65536)
            drawing.send_signal(signal.SIGINT)
            self.assertEqual(drawing.wait(30), 130)
        self.assertGreaterEqual(seen.count(uri.encode()), 2)


class ShellTests(ControlCase):
    A, B = "sip:127.0.0.1:5071", "sip:127.0.0.1:5072;transport=tcp"

    def typed(self, shell: str, script: str) -> list[str]:
        """What a shell with our completion prints."""
        environment = {
            **os.environ,
            "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(service.ROOT),
        }
        options = {"bash": ("--norc", "--noprofile"), "zsh": ("-f",)}[shell]
        done = subprocess.run(
            [shell, *options, "-c", script], capture_output=True, text=True, timeout=60, env=environment, check=True
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def test_bash(self) -> None:
        """Bash completes sets, and URIs behind their colons, quoted where it must be."""
        self.running(self.A, self.B)
        script = """
            source <(dispatchctl completion bash)
            try() { COMP_LINE=$1 COMP_POINT=${#1}; _dispatchctl dispatchctl; echo "${COMPREPLY[*]}"; }
        """
        begun = f"dispatchctl -c {self.config} show 1 "
        lines = (f"dispatchctl -c {self.config} show ", begun, f"{begun}sip:127.0.0.1:50")
        script += "\n".join(f"try {shlex.quote(line)}" for line in lines)
        quoted = self.B.replace(";", "\\;")
        self.assertEqual(
            self.typed("bash", script),
            ["1", f"{self.A} {quoted}", "5071 5072\\;transport=tcp"],
        )

    def test_zsh(self) -> None:
        """Zsh gets the same words, and files where nothing is known."""
        require("zsh")
        self.running(self.A, self.B)
        script = """
            typeset -a words
            compdef() {}; _files() { print files }; compadd() { shift; print -r -- "$@" }
            source <(dispatchctl completion zsh)
            try() { words=(${(z)1}); [[ $1 == *' ' ]] && words+=('')
                    CURRENT=${#words}; PREFIX=${words[-1]}; _dispatchctl; }
        """
        begun = f"dispatchctl -c {self.config} show 1 "
        lines = (f"dispatchctl -c {self.config} show ", f"{begun}sip:", "dispatchctl diff ")
        script += "\n".join(f"try {shlex.quote(line)}" for line in lines)
        self.assertEqual(self.typed("zsh", script), ["1", f"{self.A} {self.B}", "files"])
