"""A running Kamailio, and how to talk to it."""

from __future__ import annotations

import json
import re
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from dispatch.test.differential.script import configuration
from dispatch.test.real import kamailio, ports
from dispatch.test.real.process import Socket

# What vectors call the oracle's own port, for `socket=`.
_PORT: Final = "22010"
# The most that a datagram can be.
_LARGEST: Final = 65535
_PATIENCE: Final = 20.0
# Debian's default allocator is one for debugging and costs a multiple.
_OPTIONS: Final = ("-x", "tlsf", "-X", "tlsf", "-m", "64", "-M", "16")
_RESULT: Final = re.compile(rb"^X-Result: (.*)\r$", re.MULTILINE)
_TELL: Final = (
    "OPTIONS sip:oracle@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK-tell\r\n"
    "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: tell\r\nCSeq: 1 OPTIONS\r\n"
    "X-Oracle: 0,tell\r\nContent-Length: 0\r\n\r\n"
).encode("ascii")


Write = Callable[[int, Path, Path, Mapping[str, Any]], str]


class Unanswered(Exception):
    """Kamailio threw the request away."""


class Oracle:
    """Kamailio with these parameters of the module and an empty list; a context manager.

    Args:
        params: of the module, but for its list.
        write: makes the text of its configuration.

    Attributes:
        at: where it listens.
        address: where requests come from.
        asked: requests so far.
    """

    def __init__(self, params: Mapping[str, Any], write: Write = configuration) -> None:
        # A path of its own: that of a socket must be short.
        self._folder = tempfile.TemporaryDirectory(prefix="oracle.")
        folder = Path(self._folder.name)
        self._list = folder / "dispatcher.list"
        self._list.write_text("")
        self._rpc_path = folder / "rpc.sock"
        at = Socket("udp", ports.free())
        self._port = str(at.port)
        self.at = (at.host, at.port)
        text = write(at.port, self._rpc_path, self._list, params)
        self.process = kamailio.Kamailio("oracle", text, folder, [at], _OPTIONS)
        self._sip = socket.socket(type=socket.SOCK_DGRAM)
        self._rpc = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for one in (self._sip, self._rpc):
            one.settimeout(_PATIENCE)
        self._sip.bind((at.host, 0))
        self._sip.connect((at.host, at.port))
        self._rpc.bind(str(folder / "client.sock"))
        self.address: tuple[str, int] = self._sip.getsockname()
        self.asked = 0

    def __enter__(self) -> Oracle:
        self.process.wait_bound()
        self.process.wait_for("its control socket", self._rpc_path.exists)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sip.close()
        self._rpc.close()
        self.process.stop()
        self._folder.cleanup()

    def command(self, method: str, *arguments: object) -> Any:
        """The answer to an RPC: the parsed JSON."""
        request = {"jsonrpc": "2.0", "method": method, "params": arguments, "id": 1}
        text = json.dumps(request, ensure_ascii=False).replace(_PORT, self._port)
        self._rpc.sendto(text.encode("latin-1"), str(self._rpc_path))
        answer = self._rpc.recv(_LARGEST).decode("latin-1")
        return json.loads(answer.replace(self._port, _PORT), strict=False)

    def load(self, text: str) -> Any:
        """Put a list in force; the answer to the reload."""
        self._list.write_bytes(text.replace(_PORT, self._port).encode("latin-1"))
        return self.command("dispatcher.reload")

    def ask(self, message: str, *control: object) -> list[str]:
        """Let it decide about a request; the fields of its answer.

        Raises:
            Unanswered: it does not take the request.
        """
        self.asked += 1
        start, end, rest = message.partition("\r\n")
        line = ",".join(map(str, (self.asked, *control)))
        self._sip.send(f"{start}{end}X-Oracle: {line}\r\n{rest}".encode("latin-1"))
        self._sip.send(_TELL)
        found = _RESULT.search(self._sip.recv(_LARGEST))
        assert found is not None
        number, *fields = found[1].decode("ascii").split("|")
        if number != str(self.asked):
            raise Unanswered(message)
        return fields
