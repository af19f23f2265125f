"""SIPp as caller or as gateway: its command line, its statistics, and the messages that it saw."""

from __future__ import annotations

import csv
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.test.real.process import PeerFailed, Process, Socket

_LOGGED: Final = re.compile(rb"message (sent|received) [\[(](\d+)\]? bytes\)? ?:\n\n")
_TRANSPORT: Final = {"udp": "u1", "tcp": "t1"}
_BUFFER: Final = "4000000"


class Statistics(NamedTuple):
    """What SIPp counted over a whole run."""

    created: int
    successful: int
    failed: int
    retransmissions: int


class Seen(NamedTuple):
    """A message as a peer sent or received it, byte for byte."""

    sent: bool
    raw: bytes

    @property
    def start_line(self) -> bytes:
        return self.raw.partition(b"\r\n")[0]

    @property
    def kind(self) -> str:
        """The method of a request, or the status code of a response: enough to tell them apart."""
        first, second, *_ = self.start_line.split(b" ")
        return (second if first == b"SIP/2.0" else first).decode()

    @property
    def uri(self) -> bytes:
        return self.start_line.split(b" ")[1]

    @property
    def lines(self) -> list[bytes]:
        """The header lines, as they are."""
        return self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    def values(self, name: bytes) -> list[bytes]:
        """The values of all headers of this name; the peers write long names and fold nothing."""
        split = (line.partition(b":") for line in self.lines)
        return [value.strip() for found, _, value in split if found.lower() == name.lower()]

    def value(self, name: bytes) -> bytes:
        """The value of the only header of this name."""
        (only,) = self.values(name)
        return only

    @property
    def tag(self) -> bytes:
        """The tag of its To."""
        return self.value(b"To").partition(b";tag=")[2]


class Sipp(Process):
    """One run of SIPp.

    Args:
        name: of its files.
        scenario: the text of the scenario file.
        at: where it listens and sends from.
        to: where a caller sends to; None makes it a gateway.
        calls: it ends after so many; None: it goes on until stopped.
        rate: new calls per second of a caller.
        traced: keep every message; off for load.
        lasting: seconds after which it gives up.
        patient: pass over messages that don't fit, as on a bad road they may be copies or late.
    """

    def __init__(
        self,
        name: str,
        scenario: str,
        folder: Path,
        at: Socket,
        *,
        to: Socket | None = None,
        calls: int | None = 1,
        rate: int = 50,
        traced: bool = True,
        patient: bool = False,
        lasting: int = 30,
        extra: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.xml").write_text(scenario)
        self.messages_path = folder / f"{name}.messages"
        self._statistics_path = folder / f"{name}.csv"
        self._errors_path = folder / f"{name}.errors"
        command = ["sipp", "-sf", f"{name}.xml", "-i", at.host, "-p", str(at.port), "-t", _TRANSPORT[at.proto]]
        # The ports behind its own are free for that (see ports.free); it takes the second one behind `-mp` too.
        command += ["-mi", at.host, "-mp", str(at.port + 1), "-cp", str(at.port + 2)]
        command += [
            "-nostdin",
            "-default_behaviors",
            "none" if patient else "none,abortunexp",
            "-skip_rlimit",
            "-buff_size",
            _BUFFER,
        ]
        command += ["-trace_stat", "-stf", f"{name}.csv", "-fd", "1", "-trace_err", "-error_file", f"{name}.errors"]
        command += ["-timeout", f"{lasting}s", "-timeout_error", "-recv_timeout", "10000"]
        command += ["-trace_msg", "-message_file", f"{name}.messages"] if traced else []
        command += ["-m", str(calls)] if calls is not None else []
        command += ["-r", str(rate), "-rp", "1000", "-l", "100000", *extra]
        command += [to.address] if to is not None else []
        sockets = [] if to is not None else [at]
        super().__init__(name, command, folder, sockets=sockets)

    def log(self) -> str:
        """Its last screen of messages, and what it found wrong."""
        screen = super().log().partition("Unexpected-Msg\n")[2].partition("----------------------- Test Terminated")[0]
        errors = self._errors_path.read_text(errors="replace") if self._errors_path.exists() else ""
        return (screen or super().log()) + errors

    def finish(self) -> Statistics:
        """Wait for its end and answer what it counted.

        Raises:
            PeerFailed: a call failed, or it did not end.
        """
        if self.wait() != 0:
            raise PeerFailed(f"{self.name}: not every call went as the scenario says\n{self.tail()}")
        return self.statistics()

    def end(self) -> Statistics:
        """End one that would go on for ever, after its open calls, and answer what it counted."""
        self.send_signal(signal.SIGUSR1)
        self.wait()
        return self.statistics()

    def statistics(self) -> Statistics:
        """The last line of its statistics file; up to a second old while it runs."""
        with self._statistics_path.open(newline="") as file:
            rows = [row for row in csv.reader(file, delimiter=";") if len(row) > 5]
        last = dict(zip(rows[0], rows[-1], strict=False))
        names = ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)", "Retransmissions(C)")
        return Statistics(*(int(last[name]) for name in names))

    def messages(self) -> list[Seen]:
        """All it sent and received, in order."""
        log = self.messages_path.read_bytes() if self.messages_path.exists() else b""
        out: list[Seen] = []
        at = 0
        while found := _LOGGED.search(log, at):
            at = found.end() + int(found[2])
            out.append(Seen(found[1] == b"sent", log[found.end() : at]))
        return out

    def received(self, kind: str | int) -> list[Seen]:
        """What it received of one method or status code."""
        return [seen for seen in self.messages() if not seen.sent and seen.kind == str(kind)]

    def sent(self, kind: str | int) -> list[Seen]:
        return [seen for seen in self.messages() if seen.sent and seen.kind == str(kind)]

    def journey(self) -> list[str]:
        """The kinds of all its messages in order, ``>`` before what it sent, without repetitions of the same bytes."""
        known: set[Seen] = set()
        out: list[str] = []
        for seen in self.messages():
            if seen not in known:
                known.add(seen)
                out.append((">" if seen.sent else "") + seen.kind)
        return out
