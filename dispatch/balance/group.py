"""A set: its members, and its own moving parts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from dispatch.balance import health, slots
from dispatch.balance.destination import Destination
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Calls
from dispatch.balance.turn import PLAIN, Keys, Turn


class Group:
    """A set of destinations, picked from by one turn.

    Attributes:
        number: its id in the list.
        members: in order; another load makes another group.
        turn: all that picking moves.
        lineup: who can be taken now; None after a state changed, until somebody asks (`line_up`).
    """

    __slots__ = ("_by_uri", "_use_default", "lineup", "members", "number", "turn")

    def __init__(
        self,
        number: int,
        members: Sequence[Destination],
        *,
        use_default: bool,
        random: Random,
        keys: Keys = PLAIN,
        calls: Calls | None = None,
    ) -> None:
        self.number = number
        self.members = tuple(members)
        self._use_default = use_default
        self._by_uri: dict[bytes, Destination] | None = None
        self.lineup: Lineup | None = None
        self.turn = Turn(self.line_up(), random, keys, calls)
        self.turn.weights = slots.by_weight([member.weight for member in self.members], random)
        self.share()

    def line_up(self) -> Lineup:
        """The lineup as of now, made anew when a state has changed since."""
        if self.lineup is None:
            self.lineup = Lineup(self.members, use_default=self._use_default)
        return self.lineup

    def find(self, uri: bytes) -> Destination | None:
        """The first member with that URI, letters compared without case."""
        if self._by_uri is None:
            self._by_uri = {member.uri.lower(): member for member in reversed(self.members)}
        return self._by_uri.get(uri.lower())

    def set_flags(self, destination: Destination, flags: int) -> None:
        """Give a member another state."""
        before = destination.condition.flags
        destination.condition.flags = flags
        if (before ^ flags) & health.SKIPPED:
            self.lineup = None
            if destination.rweight and bool(before & health.SKIPPED) != bool(flags & health.SKIPPED):
                self.share()

    def share(self) -> None:
        """Share the slots of algorithm 11 out among those that can be taken now; it goes on where it was."""
        shares = [
            (index, member.rweight)
            for index, member in enumerate(self.members)
            if member.rweight and not member.condition.flags & health.SKIPPED
        ]
        table = slots.by_share(shares, len(self.members), self.turn.random)
        if table is not None:
            self.turn.shares.table = table
