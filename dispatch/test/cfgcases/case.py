"""One case: its endpoints, our program, and the steps between them."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dispatch.test.cfgcases.datagram import Datagram, Names, differences, expected, parse, put_in

_ENDPOINTS: Final = ("caller", "gw1", "gw2", "gw3", "gw4")
_QUIET: Final = 0.25  # seconds after all has come, for a datagram too many
_PATIENCE: Final = 3.0  # seconds for all to come
_START: Final = 30.0  # seconds for the program to begin


class Case:
    """A case, run once.

    Args:
        path: of its JSON.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._recorded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.name = path.stem
        self._sockets: dict[str, socket.socket] = {}
        self._heard: dict[str, list[tuple[bytes, Datagram]]] = {}
        self._names = Names()
        self._fill: dict[str, str] = {}

    def run(self) -> list[str]:
        """What was not as recorded."""
        with tempfile.TemporaryDirectory(prefix=f"cfg-{self.name}-") as folder:
            self._open()
            server = self._start(Path(folder))
            try:
                return self._steps(server, Path(folder))
            finally:
                server.send_signal(signal.SIGKILL)
                server.wait()
                for one in self._sockets.values():
                    one.close()

    def _open(self) -> None:
        wanted = self._recorded["endpoints"]
        closed = []
        for name in ("port", *_ENDPOINTS):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind(("127.0.0.1", 0))
            while one.getsockname()[1] < 10000:
                one.close()
                one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                one.bind(("127.0.0.1", 0))
            self._fill[name.upper()] = str(one.getsockname()[1])
            if name in wanted:
                self._sockets[name], self._heard[name] = one, []
            else:
                closed.append(one)
        for one in closed:
            one.close()

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        private = folder / "private"
        private.mkdir()
        self._fill |= {"LIST": f"{folder}/list", "SCRIPT": f"{folder}/{self.name}.py", "DIR": str(private)}
        (folder / "list").write_text(put_in(self._recorded["list"], self._fill), encoding="utf-8")
        for suffix in (".cfg", ".py"):
            source = self._path.with_suffix(suffix)
            if source.exists():
                text = put_in(source.read_text(encoding="utf-8"), self._fill)
                (folder / source.name).write_text(text, encoding="utf-8")
        twistd = Path(sys.executable).parent / "twistd"
        arguments = ["-n", f"--pidfile={folder}/pid", "dispatcher", "-c", f"{folder}/{self.name}.cfg"]
        with (folder / "log").open("wb") as log:
            return subprocess.Popen([twistd, *arguments], stdout=log, stderr=log, cwd=Path.cwd(), env=os.environ)

    def _steps(self, server: subprocess.Popen[bytes], folder: Path) -> list[str]:
        if not self._wait_for_port(server):
            return ["the program did not start", *_tail(folder)]
        for number, step in enumerate(self._recorded["steps"], 1):
            found = self._step(step)
            if found:
                return [f"step {number}: {one}" for one in found] + _tail(folder)
        return []

    def _wait_for_port(self, server: subprocess.Popen[bytes]) -> bool:
        entry = re.compile(rf"0100007F:{int(self._fill['PORT']):04X} ")
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline and server.poll() is None:
            if entry.search(Path("/proc/net/udp").read_text(encoding="ascii")):
                return True
            time.sleep(0.05)
        return False

    def _step(self, step: Mapping[str, Any]) -> list[str]:
        begun = time.monotonic()
        if "data" in step:
            self._sockets[step["from"]].sendto(self._written(step), ("127.0.0.1", int(self._fill["PORT"])))
        wanted = [expected(one, self._fill) for one in step["receive"]]
        count = max(len(wanted), step.get("await", 0))
        got = self._listen(step, begun, count)
        return self._compare(wanted, got)

    def _listen(self, step: Mapping[str, Any], begun: float, count: int) -> list[Datagram]:
        got: list[Datagram] = []
        deadline = begun + step["wait_s"] if "wait_s" in step else begun + step.get("within_s", _PATIENCE)
        if "wait_s" not in step and count == 0:
            deadline = begun + _QUIET
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return got
            ready, _, _ = select.select(list(self._sockets.values()), [], [], left)
            for name, one in self._sockets.items():
                if one in ready and self._take(name, one.recv(65536), step, got) and len(got) == count:
                    if "wait_s" not in step:
                        deadline = time.monotonic() + _QUIET

    def _take(self, name: str, raw: bytes, step: Mapping[str, Any], got: list[Datagram]) -> bool:
        if not step.get("repeats") and any(raw == before for before, _ in self._heard[name]):
            return False
        datagram = parse(name, raw)
        self._heard[name].append((raw, datagram))
        got.append(datagram)
        return True

    def _compare(self, wanted: list[Datagram], got: list[Datagram]) -> list[str]:
        found = []
        for name in self._sockets:
            mine, theirs = ([one for one in each if one.to == name] for each in (got, wanted))
            if len(mine) != len(theirs):
                found.append(f"{name}: wanted {[one.start for one in theirs]}, got {[one.start for one in mine]}")
                continue
            for one, other in zip(theirs, mine, strict=True):
                found += [f"{name}: {what}" for what in differences(one, other, self._names)]
        return found

    def _written(self, step: Mapping[str, Any]) -> bytes:
        origin = self._origin(step["from"], step["of"]) if "of" in step else None
        lines: list[str] = []
        for line in step["data"]:
            copy = re.fullmatch(r"@COPY ([A-Za-z-]+)@(.*)", line)
            if copy is not None:
                assert origin is not None
                lines += [f"{copy[1]}: {value}{put_in(copy[2], self._fill)}" for value in origin.all(copy[1])]
            elif line == "@ROUTES@":
                assert origin is not None
                routes = origin.values().get("record-route", [])
                if origin.start.startswith("SIP/2.0 "):
                    routes = routes[::-1]
                lines += [f"Route: {one}" for one in routes]
            else:
                lines.append(put_in(line, self._fill))
        return ("\r\n".join(lines) + "\r\n\r\n" + put_in(step.get("body", ""), self._fill)).encode("latin-1")

    def _origin(self, name: str, of: str) -> Datagram | None:
        status, _, method = of.rpartition(" ")
        for _, one in reversed(self._heard[name]):
            if status:
                if one.start.startswith(f"SIP/2.0 {status} ") and one.all("cseq")[0].split()[1] == method:
                    return one
            elif one.start.startswith(f"{method} "):
                return one
        return None


def _tail(folder: Path) -> list[str]:
    return [
        "log: " + line for line in (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
    ]
