"""A log of events, a line of JSON each."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twisted.logger import Logger
from zope.interface import implementer

from dispatch.events.event import Event
from dispatch.events.interfaces import IEventSink

log: Final = Logger()


@implementer(IEventSink)
class Journal:
    """Appends to a file, which is opened for each line, so that it may be moved away at any time.

    Args:
        path: the file.
        write: as `os.write`.
    """

    def __init__(self, path: Path, write: Callable[[int, bytes], int] = os.write) -> None:
        self.name = str(path)
        self._path = path
        self._write = write
        self._missed = 0

    def tell(self, event: Event) -> None:
        """See `IEventSink`."""
        line = (json.dumps(event.fields()) + "\n").encode()
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                written = self._write(descriptor, line)
                if written < len(line):  # the disk is full: half a line would spoil the next one
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(descriptor)
        except OSError as error:
            self._miss(event, error)
        else:
            self._found()

    def _miss(self, event: Event, error: OSError) -> None:
        self._missed += 1
        if self._missed == 1:  # one line for all that follow
            log.error(
                "{event} can't be written to {path}: {problem}",
                event=str(event),
                path=self.name,
                problem=error.strerror,
            )

    def _found(self) -> None:
        if self._missed:
            log.warn("{path} can be written again; {count} events are missing", path=self.name, count=self._missed)
            self._missed = 0

    def stop(self) -> None:
        """See `IEventSink`."""
