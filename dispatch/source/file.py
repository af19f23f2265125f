"""A list in a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from dispatch.balance import listfile
from dispatch.balance.destination import LocalSocket
from dispatch.balance.roster import Roster
from dispatch.source.interfaces import IDestinationSource


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

    def load(self) -> Deferred[Roster]:
        """The same, for who takes any source."""
        return succeed(self.read())
