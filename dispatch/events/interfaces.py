"""What takes events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from dispatch.events.event import Event


class IEventSink(Interface):
    """Is told what happens to destinations, in the order in which it happens."""

    name = Attribute("What to call it in the log. A str.")

    def tell(event: Event) -> None:
        """Take an event. Calls wait meanwhile: what takes long is done later.

        What it raises is logged, and the others are told all the same.
        """

    def stop() -> None:
        """Leave nothing in the reactor; what was not delivered yet is lost."""
