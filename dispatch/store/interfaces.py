"""What keeps state over a restart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class IStateStore(Interface):
    """Keeps the lines of `dispatch.store.document`; never on the way of a packet."""

    name = Attribute("What to call it in the log. A str.")

    def read() -> Sequence[bytes] | None:
        """The lines that were saved last, and wait for them: at start. None where nothing was saved yet.

        Raises:
            BrokenState: what is there can't be read.
        """

    def set_aside() -> str:
        """Keep what can't be read out of the way of the next `save`; says where it is now.

        Raises:
            OSError: that is not possible.
        """

    def save(reactor: Any, lines: Iterable[bytes]) -> Deferred[None]:
        """Put lines in the place of those before, all or none of them, in a thread.

        Returns:
            Fires when they would outlive a power failure, or fails with OSError, and those before are still there.
        """
