"""Following a real call: as a ladder, as JSON, in a file for Wireshark, and at a collector of HEP."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar, Final

from dispatch.test.real import kamailio, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.control import COMMAND, enable
from dispatch.test.real.kamailio import Kamailio
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import (
    accept,
    ack,
    arrives,
    document,
    inside,
    invite,
    pause,
    reply,
    response,
    ringing,
)

CALLER: Final = document(
    "caller",
    *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
    *(pause(50), inside("BYE", cseq=2), response(200)),
)
GATEWAY: Final = document(
    "gateway", arrives("INVITE"), ringing(), pause(20), accept(), arrives("ACK"), arrives("BYE"), reply(200, "OK")
)
# It tells what it understood of HEP.
COLLECTOR: Final = """#!KAMAILIO
debug=1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen={listen}
mpath="{modules}"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "db_text.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "text://{folder}")
modparam("sipcapture", "hep_capture_on", 1)
request_route {{
    xlog("L_ALERT", "CAPTURED $rm from $si:$sp\\n");
    drop;
}}
onreply_route {{
    xlog("L_ALERT", "CAPTURED $rs from $si:$sp\\n");
    drop;
}}
"""


class TraceTests(RealCase):
    ours_only = True
    programs: ClassVar[tuple[str, ...]] = ("sipp", "tshark", "kamailio")

    def collector(self) -> Process:
        at = self.address()
        folder = self.folder / "collector"
        text = COLLECTOR.format(listen=f"udp:{at.address}", modules=kamailio.modules(), folder=folder)
        return self.keep(Kamailio("collector", text, folder, [at]))

    def launched(self, gateway: Process, collector: Socket) -> Process:
        """The service, and a door to it."""
        folder = tempfile.TemporaryDirectory(prefix="trc.")
        self.addCleanup(folder.cleanup)
        plan = service.Plan(
            (self.address(),),
            (self.uri(gateway.sockets[0]),),
            more={"trace": {"hep": f"udp:{collector.address}"}},
        )
        self.config = enable(service.write(self.folder, plan), Path(folder.name) / "amp.sock")
        return self.keep(service.launch("service", self.folder, self.config, plan.sockets))

    def follow(self, name: str, *arguments: str) -> Process:
        """`dispatchctl trace` until a call has ended."""
        line = [*COMMAND, "-c", str(self.config), "trace", "--count", "1", *arguments]
        return self.keep(Process(name, line, self.folder, environment={"PYTHONPATH": str(service.ROOT)}))

    def test_a_call(self) -> None:
        """All forms of a trace have the 13 messages of a call, in order; another filter has none."""
        called = self.gateway(GATEWAY)
        collector = self.collector()
        proxy = self.launched(called, collector.sockets[0])
        proxy.wait_logged("a trace has begun")
        capture = self.folder / "call.pcap"
        ladder = self.follow("ladder", "--pcap", str(capture))
        lines = self.follow("lines", "--json", "--method", "INVITE")
        other = self.follow("other", "--method", "MESSAGE")
        proxy.wait_logged("a trace has begun", times=4)
        caller = self.caller(CALLER, proxy.sockets[0])
        caller.finish()
        called.finish()
        self.assertEqual((ladder.wait(), lines.wait()), (0, 0))

        steps = [json.loads(line) for line in lines.log().splitlines()]
        self.assertEqual([one["kind"] for one in steps[:3]], ["call", "message", "decision"])
        self.assertEqual(steps[2]["destination"], self.uri(called.sockets[0]))
        messages = [one for one in steps if one["kind"] == "message"]
        left, right = int(caller.command[caller.command.index("-p") + 1]), called.sockets[0].port
        expected = [
            *(("INVITE", "in", left), ("100 Trying (INVITE)", "out", left), ("INVITE", "out", right)),
            *(("180 Ringing (INVITE)", "in", right), ("180 Ringing (INVITE)", "out", left)),
            *(("200 OK (INVITE)", "in", right), ("200 OK (INVITE)", "out", left)),
            *(("ACK", "in", left), ("ACK", "out", right), ("BYE", "in", left), ("BYE", "out", right)),
            *(("200 OK (BYE)", "in", right), ("200 OK (BYE)", "out", left)),
        ]
        self.assertEqual([(one["text"], one["direction"], one["remote_port"]) for one in messages], expected)
        self.assertEqual(messages[2]["message"].encode(), called.received("INVITE")[0].raw)

        drawn = ladder.log().splitlines()
        self.assertEqual(len(drawn), 15)
        self.assertEqual(len([line for line in drawn if line.endswith(f"127.0.0.1:{right}")]), 6)
        self.assertEqual(len([line for line in drawn if f" 127.0.0.1:{left} " in line]), 7)

        fields = ("-T", "fields", "-e", "sip.Call-ID", "-e", "udp.srcport", "-e", "sip.Method", "-e", "sip.Status-Code")
        port = proxy.sockets[0].port
        read = subprocess.run(
            ["tshark", "-r", str(capture), "-d", f"udp.port=={port},sip", *fields],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.splitlines()
        packets = [line.split("\t") for line in read]
        self.assertEqual({one[0] for one in packets}, {steps[0]["call_id"]})
        ours = [
            (text.split(" ")[0], str(remote if direction == "in" else port)) for text, direction, remote in expected
        ]
        self.assertEqual([(one[2] or one[3], one[1]) for one in packets], ours)

        collector.wait_logged("CAPTURED", times=13)
        captured = [line.split("CAPTURED ")[1] for line in collector.log().splitlines() if "CAPTURED " in line]
        self.assertEqual(captured, [f"{what} from 127.0.0.1:{at}" for what, at in ours])

        self.assertEqual((other.status, other.log()), (None, ""))
        other.stop()
        proxy.wait_logged("a trace has ended; there are 1")
