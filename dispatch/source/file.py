"""A list in a file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer

from dispatch.balance import listfile
from dispatch.balance.destination import LocalSocket
from dispatch.balance.roster import Roster
from dispatch.source.interfaces import IDestinationSource

_T = TypeVar("_T")


@implementer(IDestinationSource)
class FileSource:
    """Reads `dispatcher.list`.

    Args:
        path: `list_file`.
        sockets: what we listen on, for ``socket=``.
        strict: `ds_load_mode` 1.
    """

    def __init__(self, path: Path, sockets: Collection[LocalSocket], *, strict: bool = False) -> None:
        self.name = str(path)
        self._path = path
        self._sockets = tuple(sockets)
        self._strict = strict

    def read(self) -> Roster:
        """The list as the file has it now."""
        return listfile.load(self._path, self._sockets, strict=self._strict)

    def load(self, reactor: Any, use: Callable[[Roster], _T]) -> Deferred[_T]:
        """The same, in a thread of the reactor's pool."""
        return deferToThreadPool(reactor, reactor.getThreadPool(), lambda: use(self.read()))
