"""The number of calls open at a destination."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Whoever wants to know when a number changes."""

    def changed(self, index: int, calls: int) -> None:
        """The tally that was told this index has another number of calls now."""


class Tally:
    """How many calls are counted on a destination; handed on when the list is read again.

    Attributes:
        group: set of the destination: the same gateway in another set has another tally.
        calls: how many are open.
        is_gone: whether the destination has left the list.
    """

    __slots__ = ("_index", "_watcher", "calls", "group", "is_gone")

    def __init__(self, group: int, calls: int = 0) -> None:
        self.group = group
        self.calls = calls
        self.is_gone = False
        self._watcher: Watcher | None = None
        self._index = 0

    def leave(self) -> None:
        """The destination has left the list: its calls go on, and nobody else is interested."""
        self.is_gone = True
        self._watcher = None

    def tell(self, watcher: Watcher, index: int) -> None:
        """Tell `watcher`, and nobody else from now on, when the number changes."""
        self._watcher = watcher
        self._index = index

    def add(self, calls: int) -> None:
        """One call more, or one less; never fewer than none."""
        self.calls = max(0, self.calls + calls)
        if self._watcher is not None:
            self._watcher.changed(self._index, self.calls)
