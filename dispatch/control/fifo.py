"""Doors of FIFOs: requests are read from one, each answer is written into another that whoever asked has made."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

log: Final = Logger()

_CHUNK: Final = 65536
_TRIES: Final = 4  # for a reader to be there
_BETWEEN: Final = 0.08  # seconds
_PATIENCE: Final = 5.0  # seconds that a reader may take
_LONGEST_NAME: Final = 200
_MOST: Final = 64  # answers that wait for a reader


@implementer(IReadDescriptor)
class Fifo:
    """Reads requests.

    Args:
        path: of the FIFO; it is made anew.
        mode: of it, like 0o600.
        take: called with what came; where it gives a Deferred, what comes until that fires waits in the FIFO.
        reactor: Twisted's.

    Raises:
        OSError: it can't be made.
    """

    def __init__(self, path: Path, mode: int, take: Callable[[bytes], object], reactor: Any) -> None:
        self._path = path
        self._take = take
        self._reactor = reactor
        _make(path, mode)
        # Open for writing as well, or it would end with each writer.
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        reactor.addReader(self)

    def fileno(self) -> int:
        """For the reactor."""
        return self._descriptor

    def logPrefix(self) -> str:
        """For the reactor."""
        return "fifo"

    def doRead(self) -> None:
        """Take what is there."""
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        self._reactor.removeReader(self)
        maybeDeferred(self._take, data).addErrback(self._failed).addCallback(self._go_on)

    def _failed(self, failure: Failure) -> None:
        log.failure("a request from {path} failed", failure, path=self._path)

    def _go_on(self, _: object) -> None:
        if self._descriptor >= 0:
            self._reactor.addReader(self)

    def connectionLost(self, reason: Failure) -> None:
        """For the reactor; `stopListening` closes it."""

    def stopListening(self) -> None:
        """Take it away."""
        if self._descriptor < 0:
            return
        self._reactor.removeReader(self)
        os.close(self._descriptor)
        self._descriptor = -1
        self._path.unlink(missing_ok=True)


def _make(path: Path, mode: int) -> None:
    try:
        if not stat.S_ISFIFO(path.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, "it is there, and is no FIFO", str(path))
        path.unlink()
    except FileNotFoundError:
        pass
    os.mkfifo(path, mode)
    path.chmod(mode)  # whatever the umask says


class Replies:
    """Writes answers into FIFOs of one folder, and nowhere else.

    Args:
        folder: theirs.
        clock: the reactor.
    """

    def __init__(self, folder: Path, clock: Any) -> None:
        self._folder = folder
        self._clock = clock
        self._waiting = 0

    def send(self, name: str, answer: bytes) -> None:
        """Write an answer, unless there is no such FIFO, or nobody reads it.

        Args:
            name: of the FIFO in the folder.
            answer: what to write.
        """
        if not name or len(name) > _LONGEST_NAME or any(one in "./\\\0" for one in name):
            log.warn("no answer to {name!r}, which names no FIFO in {folder}", name=name[:100], folder=self._folder)
            return
        if self._waiting >= _MOST:
            log.warn("no answer to {name!r}: too many wait for somebody to read theirs", name=name)
            return
        self._waiting += 1
        self._open(self._folder / name, answer, 1)

    def _open(self, path: Path, answer: bytes, attempt: int) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO and attempt <= _TRIES:  # nobody reads it yet
                self._clock.callLater(_BETWEEN, self._open, path, answer, attempt + 1)
            else:
                self._waiting -= 1
                log.warn("no answer into {path}: {reason}", path=path, reason=os.strerror(error.errno or 0))
            return
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            self._close(descriptor)
            log.warn("no answer into {path}: it is no FIFO", path=path)
            return
        self._write(descriptor, memoryview(answer), self._clock.seconds() + _PATIENCE)

    def _write(self, descriptor: int, left: memoryview, until: float) -> None:
        try:
            while left:
                left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            if self._clock.seconds() < until:
                self._clock.callLater(_BETWEEN / 4, self._write, descriptor, left, until)
                return
        except OSError:
            pass  # the reader is gone
        self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        self._waiting -= 1
        os.close(descriptor)
