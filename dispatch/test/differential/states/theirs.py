"""A run as a real Kamailio goes through it.

Nothing waits for a certain time. Between rounds its probing is switched off; it is on until the probe of a last
destination has come, and the round is over when Kamailio says that no transaction is open.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from dispatch.test.differential.oracle import Oracle
from dispatch.test.differential.states.courses import MARK, MARKS, SILENT, Command, Run, written
from dispatch.test.differential.states.trace import Seen, Trace, tell
from dispatch.test.real import kamailio, ports
from dispatch.test.wire import response_to

_HEAD: Final = """#!KAMAILIO
debug=-2
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
auto_aliases=no
sip_warning=no
listen=udp:127.0.0.1:{port}
mpath="{modules}"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "jsonrpcs.so"
loadmodule "cfg_rpc.so"
loadmodule "dispatcher.so"
modparam("tm", "fr_timer", 500)
modparam("tm", "retr_timer1", 4000)
modparam("tm", "wt_timer", 10)
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "pretty_format", 0)
modparam("jsonrpcs", "dgram_socket", "{rpc}")
modparam("dispatcher", "list_file", "{list_file}")
modparam("dispatcher", "reload_delta", 0)
modparam("dispatcher", "ds_dns_mode", 0)
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "ds_ping_interval", 1)
"""
# The destination to mark is the Request-URI, which an event route so sees in any case.
_ROUTES: Final = """
request_route {
    $xavp(_dsdst_=>uri) = $ru;
    $xavp(_dsdst_[0]=>grp) = 1;
    switch ($hdr(X-Mark)) {
MARKS
    }
    append_to_reply("X-Result: $rc\\r\\n");
    sl_send_reply("200", "OK");
}
event_route[dispatcher:dst-down] { xlog("L_ALERT", "EVENT down $ru\\n"); }
event_route[dispatcher:dst-up] { xlog("L_ALERT", "EVENT up $ru\\n"); }
"""
_MARK: Final = """\
    case "NAME":
        CALL;
        break;
"""
_EVENT: Final = re.compile(r"EVENT (\w+) sip:(\w+)@")
_RESULT: Final = re.compile(rb"\r\nX-Result: (.*)\r\n")
_PROBED: Final = re.compile(rb"OPTIONS sip:(\w+)@")
_LAST: Final = "last"
_LARGEST: Final = 65535
_BUFFER: Final = 1 << 20
_PATIENCE: Final = 20.0
_LOOK_AGAIN: Final = 0.01
_IN_TIME: Final = 0.4  # seconds; later answers may have met the end of fr_timer
_TIMESTAMPNS: Final = 35  # SO_TIMESTAMPNS of Linux: when the kernel got it, which here is when it was sent
_STAMP: Final = struct.Struct("@ll")


class Slipped(Exception):
    """This machine is too busy: a second round of probes began before the first was over, or answers came too late."""


def trace(run: Run) -> list[Trace]:
    """What Kamailio does with each course.

    Raises:
        Slipped: nothing is known.
    """
    with socket.socket(type=socket.SOCK_DGRAM) as peers:
        peers.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        peers.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        peers.bind((ports.LOOPBACK, 0))
        peers.settimeout(_PATIENCE)
        with Oracle(run.params, _configuration) as oracle:
            return _Theirs(oracle, peers, run).go()


def _configuration(port: int, rpc: Path, list_file: Path, params: Mapping[str, Any]) -> str:
    head = _HEAD.format(port=port, modules=kamailio.modules(), rpc=rpc, list_file=list_file)
    set_up = [f'modparam("dispatcher", "{name}", {json.dumps(value)})\n' for name, value in params.items()]
    marks = "".join(_MARK.replace("NAME", _name(one)).replace("CALL", _call(one)) for one in MARKS)
    return head + "".join(set_up) + _ROUTES.replace("MARKS\n", marks)


def _name(letters: str | None) -> str:
    return "none" if letters is None else letters or "empty"


def _call(letters: str | None) -> str:
    return "ds_mark_dst()" if letters is None else f'ds_mark_dst("{letters}")'


class _Theirs:
    def __init__(self, oracle: Oracle, peers: socket.socket, run: Run) -> None:
        self._oracle = oracle
        self._peers = peers
        self._run = run
        self._at = peers.getsockname()[1]
        self._logged = 0

    def go(self) -> list[Trace]:
        self._oracle.command("dispatcher.ping_active", 0)
        self._load(0)
        return tell(self._run, self)

    def reload(self, number: int) -> Seen:
        """See `Party`."""
        self._load(number)
        return self._look()

    def set_codes(self, codes: str) -> None:
        """See `Party`."""
        self._oracle.command("cfg.set_now_string", "dispatcher", "ping_reply_codes", codes)

    def command(self, commands: Mapping[int, Command]) -> tuple[Mapping[int, str], Seen]:
        """See `Party`."""
        return {number: self._do(number, *one) for number, one in commands.items()}, self._look()

    def probe(self, answers: list[int]) -> tuple[Mapping[int, int], Seen]:
        """See `Party`."""
        self._oracle.command("dispatcher.set_state", "ip", 1, self._uri(_LAST))
        self._oracle.command("dispatcher.ping_active", 1)
        probes = list(self._arrived())
        self._oracle.command("dispatcher.ping_active", 0)
        for name, probe, _ in probes:
            status = 200 if name == _LAST else answers[int(name)]
            if status != SILENT:
                self._peers.sendto(response_to(probe, status), self._oracle.at)
        self._ask(self._uri(_LAST), "nothing")  # its worker takes one after the other: it has had the answers by then
        if time.time() > probes[0][2] + _IN_TIME:
            raise Slipped
        self._settle()
        return Counter(int(name) for name, *_ in probes if name != _LAST), self._look()

    def _load(self, number: int) -> None:
        # Of equal priorities the first line comes last.
        rows = [(_LAST, 8), *written(self._run, number)]
        text = "".join(f"1 {self._uri(name)} {flags}\n" for name, flags in rows)
        assert "error" not in self._oracle.load(text)

    def _uri(self, name: object) -> str:
        return f"sip:{name}@{ports.LOOPBACK}:{self._at}"

    def _do(self, number: int, kind: str, letters: str | None) -> str:
        if kind == MARK:
            return "1" if self._mark(number, letters) == 1 else "-1"
        answer = self._oracle.command("dispatcher.set_state", letters, 1, self._uri(number))
        return "-1" if "error" in answer else "1"

    def _mark(self, number: int, letters: str | None) -> int:
        found = _RESULT.search(self._ask(self._uri(number), _name(letters)))
        if found is None:
            raise Slipped
        return int(found[1])

    def _ask(self, uri: str, mark: str) -> bytes:
        request = (
            f"INFO {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self._at};branch=z9hG4bK1\r\n"
            "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 INFO\r\n"
            f"X-Mark: {mark}\r\nContent-Length: 0\r\n\r\n"
        )
        self._peers.sendto(request.encode("ascii"), self._oracle.at)
        return self._peers.recv(_LARGEST)

    def _arrived(self) -> Iterator[tuple[str, bytes, float]]:
        """The probes of a round: of whom, and when each was sent."""
        name = ""
        while name != _LAST:
            probe, ((_, _, stamp), *_), _, _ = self._peers.recvmsg(_LARGEST, socket.CMSG_SPACE(_STAMP.size))
            found = _PROBED.match(probe)
            if found is None:
                raise Slipped
            name = found[1].decode("ascii")
            seconds, nanoseconds = _STAMP.unpack(stamp)
            yield name, probe, seconds + nanoseconds / 1e9

    def _settle(self) -> None:
        """Wait until all probes have come to an end."""
        end = time.monotonic() + _PATIENCE
        while True:
            counted = self._oracle.command("tm.stats")["result"]
            if counted["current"] == counted["waiting"]:
                break
            if time.monotonic() > end:
                raise Slipped
            time.sleep(_LOOK_AGAIN)
        self._peers.setblocking(False)
        try:
            self._peers.recv(_LARGEST)
        except BlockingIOError:
            self._peers.settimeout(_PATIENCE)
        else:
            raise Slipped

    def _look(self) -> Seen:
        """The letters of all, and the events since the last look."""
        records = self._oracle.command("dispatcher.list", "short")["result"]["RECORDS"]
        targets = [target["DEST"] for record in records for target in record["SET"]["TARGETS"]]
        names = [target["URI"].removeprefix("sip:").partition("@")[0] for target in targets]
        letters = [(int(name), target["FLAGS"]) for name, target in zip(names, targets, strict=True) if name != _LAST]
        log = self._oracle.process.log()
        events = [(int(name), event) for event, name in _EVENT.findall(log[self._logged :]) if name != _LAST]
        self._logged = len(log)
        return Seen(letters, events)
