"""A set: its members, and its own moving parts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from dispatch.balance import health, ranking, slots
from dispatch.balance.admin import MAINTENANCE, Admin
from dispatch.balance.destination import Destination
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Calls
from dispatch.balance.turn import PLAIN, Inputs, Turn


class Group:
    """A set of destinations, picked from by one turn.

    Attributes:
        number: its id in the list.
        members: in order; another load makes another group.
        turn: all that picking moves.
        lineup: who can be taken now; None after a state changed, until somebody asks (`line_up`).
    """

    __slots__ = ("_by_uri", "_sharing", "_use_default", "lineup", "members", "number", "turn")

    def __init__(
        self,
        number: int,
        members: Sequence[Destination],
        *,
        use_default: bool,
        random: Random,
        inputs: Inputs = PLAIN,
        calls: Calls | None = None,
    ) -> None:
        self.number = number
        self.members = tuple(members)
        self._use_default = use_default
        self._by_uri: dict[bytes, Destination] | None = None
        self.lineup: Lineup | None = None
        self.turn = Turn(self.line_up(), random, inputs, calls)
        self.turn.weights = slots.by_weight([member.weight for member in self.members], random)
        self._sharing = [
            (index, member)
            for index, member in enumerate(self.members)
            if member.rweight or (member.weight and ranking.has_congestion_control(member))
        ]
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

    def administer(self, destination: Destination, admin: Admin | None) -> None:
        """Let a member take no new calls, or let it take them again."""
        bits = 0
        if admin is not None:
            bits = health.ADMINISTERED if admin.mode == MAINTENANCE else health.DRAINED
        destination.condition.admin = admin
        self.set_flags(destination, destination.flags & ~health.ADMINISTERED | bits)

    def measured(self, destination: Destination, milliseconds: int, alpha: float) -> None:
        """A probe was answered: ranks by latency follow, and with ``cc=1`` the share that `rweight` gives."""
        condition = destination.condition
        condition.latency.add(milliseconds, alpha)
        self.turn.ranking = None
        if destination.weight and ranking.has_congestion_control(destination):
            condition.share = max(0, destination.weight - int(condition.latency.congestion))
            self.share()

    def share(self) -> None:
        """Share the slots of algorithm 11 out among those that can be taken now; it goes on where it was."""
        shares = [
            (index, share)
            for index, member in self._sharing
            if not member.condition.flags & health.SKIPPED and (share := member.share)
        ]
        table = slots.by_share(shares, len(self.members), self.turn.random)
        if table is not None:
            self.turn.shares.table = table
