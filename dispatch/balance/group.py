"""A set: its members, and its own moving parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from dispatch.balance import health, ranking, slots
from dispatch.balance.admin import MAINTENANCE, Admin
from dispatch.balance.destination import Destination
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Calls
from dispatch.balance.turn import PLAIN, Inputs, Turn


@dataclass(frozen=True, slots=True)
class Care:
    """What is done for the health of a set beside what the module does; nothing by default.

    Attributes:
        panic_threshold: percent that must be healthy, see `Lineup`.
        panicked: told the set and whether it is in a panic, when that changes.
        returned: told of a member that can be taken again.
    """

    panic_threshold: int = 0
    panicked: Callable[[int, bool], None] | None = None
    returned: Callable[[Destination], None] | None = None


NO_CARE: Final = Care()


class Group:
    """A set of destinations, picked from by one turn.

    Attributes:
        number: its id in the list.
        members: in order; another load makes another group.
        turn: all that picking moves.
        lineup: who can be taken now; None after a state changed, until somebody asks (`line_up`). Slots of algorithm 11
            are shared out then, too: ten thousand states that change at once should not do it ten thousand times.
    """

    __slots__ = (
        "_by_uri",
        "_care",
        "_is_panic",
        "_is_shared",
        "_sharing",
        "_use_default",
        "lineup",
        "members",
        "number",
        "turn",
    )

    def __init__(
        self,
        number: int,
        members: Sequence[Destination],
        *,
        use_default: bool,
        random: Random,
        inputs: Inputs = PLAIN,
        calls: Calls | None = None,
        care: Care = NO_CARE,
    ) -> None:
        self.number = number
        self.members = tuple(members)
        self._use_default = use_default
        self._care = care
        self._is_panic = False
        self._by_uri: dict[bytes, Destination] | None = None
        self.lineup: Lineup | None = None
        lineup = self._make_lineup()
        self.turn = Turn(lineup, random, inputs, calls)
        self.turn.weights = slots.by_weight([member.weight for member in self.members], random)
        self._sharing = [
            (index, member)
            for index, member in enumerate(self.members)
            if member.rweight or (member.weight and ranking.has_congestion_control(member))
        ]
        self._share(lineup, self.turn)
        self._is_shared = True
        if not care.panic_threshold:  # else it is made when somebody asks, who is told of a panic then
            self.lineup = lineup

    def line_up(self) -> Lineup:
        """The lineup as of now, made anew when a state has changed since."""
        lineup = self.lineup
        if lineup is None:
            lineup = self.lineup = self._make_lineup()
            if not self._is_shared:
                self._share(lineup, self.turn)
                self._is_shared = True
            if lineup.is_panic is not self._is_panic:
                self._is_panic = lineup.is_panic
                if self._care.panicked is not None:
                    self._care.panicked(self.number, lineup.is_panic)
        return lineup

    def look(self) -> Lineup:
        """The same for whoever only looks: nobody is told of a panic."""
        return self.lineup or self._make_lineup()

    def _make_lineup(self) -> Lineup:
        return Lineup(self.members, use_default=self._use_default, panic_threshold=self._care.panic_threshold)

    def look_ahead(self, random: Random | None = None) -> Turn:
        """A clone of the turn, to foretell what comes next.

        Args:
            random: where chance comes from; None for a clone of where it comes from here.
        """
        twin = self.turn.clone()
        if random is not None:
            twin.random = random
        if not self._is_shared:
            self._share(self.look(), twin)
        return twin

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
            if bool(before & health.SKIPPED) != bool(flags & health.SKIPPED):
                if destination.rweight:
                    self._is_shared = False
                if self._care.returned is not None and before & health.SKIPPED:
                    self._care.returned(destination)

    def renew(self) -> None:
        """Who can be taken may have changed: line up anew, and share out anew."""
        self.lineup = None
        self._is_shared = False

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
            self.renew()

    def _share(self, lineup: Lineup, turn: Turn) -> None:
        """Share the slots of algorithm 11 out among those that can be taken; it goes on where it was."""
        if not self._sharing:
            return
        flags, skipped = lineup.flags, health.SKIPPED
        shares = [(index, member.share) for index, member in self._sharing if not flags[index] & skipped]
        table = slots.by_share(shares, len(self.members), turn.random)
        if table is not None:
            turn.shares.table = table
