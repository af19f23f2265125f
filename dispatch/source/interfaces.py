"""What a source of destinations provides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from dispatch.balance.roster import Roster


class IDestinationSource(Interface):
    """Reads a list of destinations, as often as it is asked to."""

    name = Attribute("What to call it in log and errors: a path, or a database without its password. A str.")

    def load() -> Deferred[Roster]:
        """Read the whole list.

        Returns:
            Fires with a Roster, never with a Failure: what is wrong stands in its `errors`. It has fired already where
            nothing had to be waited for.
        """
