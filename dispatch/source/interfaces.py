"""What a source of destinations provides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from dispatch.balance.roster import Roster


class IDestinationSource(Interface):
    """Reads a list of destinations, as often as it is asked to."""

    name = Attribute("What to call it in log and errors: a path, or a database without its password. A str.")

    def read() -> Roster:
        """Read the whole list, and wait for it: at start, and for the command line.

        Never raises: what is wrong stands in the `errors` of the result.
        """

    def load(reactor: Any, use: Callable[[Roster], Any]) -> Deferred[Any]:
        """Read the whole list in a thread, so that the reactor goes on.

        Args:
            reactor: gets the result.
            use: what to do with the list; done in that thread too.

        Returns:
            Fires with what `use` returned.
        """
