"""The methods of the original's RPC, as its doors call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from dispatch.control.calling import perform
from dispatch.control.command import Caller, Control, Door
from dispatch.control.values import Fault, Parameter


class Methods:
    """Finds and calls them.

    Args:
        control: what commands work on.
        door: whose forms are meant.
    """

    def __init__(self, control: Control, door: Door = Door.RPC) -> None:
        self._control = control
        self._rows = {row.names[door]: row for row in control.commands if door in row.names}

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def call(self, name: str, parameters: Sequence[Parameter], caller: Caller) -> Deferred[Any]:
        """Deferred of the values of the answer, or of a `Fault`.

        Raises:
            Fault: there is no such method.
        """
        row = self._rows.get(name)
        if row is None:
            raise Fault(500, f"command {name[:200]} not found")
        return perform(row, self._control, caller, parameters)
