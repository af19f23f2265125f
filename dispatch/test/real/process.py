"""A peer as a process: started, waited for until its sockets are there, and ended whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from dispatch.test.real.ports import LOOPBACK, is_bound

_LOOK_AGAIN: Final = 0.01
_TAIL: Final = 40


class PeerFailed(AssertionError):
    """A peer did not do what it was started for; the message ends with the tail of its log."""


class Socket(NamedTuple):
    """An address that a peer listens at."""

    proto: str
    port: int
    host: str = LOOPBACK

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Process:
    """One running program with its log in a file.

    Args:
        name: what the log file and messages call it.
        command: program and arguments.
        folder: where it works and keeps its log.
        sockets: what it binds; `wait_bound` waits for all of them.
        environment: added to ours.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        sockets: Sequence[Socket] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.folder = folder
        self.sockets = tuple(sockets)
        self.log_path = folder / f"{name}.log"
        folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            # A session of its own: what it starts ends with it.
            self._child = subprocess.Popen(
                self.command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.pid = self._child.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._child.poll()

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def tail(self) -> str:
        """The end of its log, for a person to read."""
        lines = self.log().splitlines()[-_TAIL:]
        return "\n".join([f"--- {self.name} (exit status {self.status}): {' '.join(self.command)}", *lines])

    def wait_for(self, what: str, happened: Callable[[], bool], within: float = 20.0) -> None:
        """Return as soon as `happened()`.

        Raises:
            PeerFailed: it ended, or took longer than `within` seconds.
        """
        left = within
        while True:
            over = left <= 0 or self.status is not None
            if happened():
                return
            if over:
                raise PeerFailed(f"{self.name}: {what} never happened\n{self.tail()}")
            left -= _LOOK_AGAIN
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_LOOK_AGAIN)

    def wait_bound(self) -> None:
        """Return when all its sockets are there."""
        self.wait_for("binding", lambda: all(is_bound(proto, host, port) for proto, port, host in self.sockets))

    def wait_logged(self, text: str, times: int = 1) -> None:
        """Return when its log says `text`, so many times."""
        self.wait_for(f"logging {text!r}", lambda: self.log().count(text) >= times)

    def wait(self, within: float = 60.0) -> int:
        """The exit status, once it ended by itself.

        Raises:
            PeerFailed: it still ran after `within` seconds.
        """
        try:
            return self._child.wait(within)
        except subprocess.TimeoutExpired:
            raise PeerFailed(f"{self.name} still ran after {within} s\n{self.tail()}") from None

    def send_signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, within: float = 5.0) -> None:
        """End it and all that it started: politely, then not."""
        if self.status is None:
            self.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(within)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait()
