"""What a person decides about a destination, apart from its health."""

from __future__ import annotations

from typing import Final, NamedTuple

DRAIN: Final = "drain"
MAINTENANCE: Final = "maintenance"
READY: Final = "ready"
DRAINED: Final = "drained"


class Admin(NamedTuple):
    """It takes no new calls; those that it has go on.

    Attributes:
        mode: `DRAIN`, or `MAINTENANCE`: it is not probed either.
        since: seconds since 1970.
        until: when it is done with whatever calls are left, likewise; 0 for never.
        is_done: its last call has ended, or the time has come.
    """

    mode: str
    since: float
    until: float = 0.0
    is_done: bool = False

    @property
    def word(self) -> str:
        """For listings: ``drain``, ``drained``, ``maintenance``."""
        return DRAINED if self.mode == DRAIN and self.is_done else self.mode
