"""The state file, replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer

from dispatch.store.broken import BrokenState
from dispatch.store.interfaces import IStateStore


@implementer(IStateStore)
class StateFile:
    """One file.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def read(self) -> list[bytes] | None:
        """See `IStateStore`."""
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BrokenState(0, error.strerror or str(error)) from None

    def set_aside(self) -> str:
        """See `IStateStore`."""
        aside = self._path.with_name(f"{self._path.name}.broken")
        os.replace(self._path, aside)
        return str(aside)

    def save(self, reactor: Any, lines: Iterable[bytes]) -> Deferred[None]:
        """See `IStateStore`."""
        return deferToThreadPool(reactor, reactor.getThreadPool(), self.write, lines)

    def write(self, lines: Iterable[bytes]) -> None:
        """`save`, and wait for it.

        Raises:
            OSError: it can't be written; the file is as before.
        """
        fresh = self._path.with_name(f"{self._path.name}.new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the name may still mean the file before after a power failure
        finally:
            os.close(folder)
