"""The one object that holds the groups; what routes and control talk to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from dispatch.balance import health
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.destination import Destination
from dispatch.balance.group import Group, Lineup
from dispatch.balance.interfaces import RequestView
from dispatch.balance.reconcile import Succession
from dispatch.balance.roster import Roster
from dispatch.balance.selection import Selection, choose
from dispatch.balance.turn import Turn
from dispatch.errors import UnknownDestination

_FAILOVER: Final = 2


class Dispatcher:
    """The sets in force, and selection from them.

    Args:
        random: where chance comes from.
        flags: module parameter `flags`; bit 2 makes failover lists.
        use_default: module parameter; the last member of a set is kept for when no other can be used.
        force_dst: module parameter; 0 leaves a request alone that has a destination already.

    Attributes:
        groups: by set id, in the order of listings; another mapping after each `replace`.
        failover: whether selections have further candidates.
    """

    def __init__(self, random: Random, *, flags: int = 0, use_default: int = 0, force_dst: int = 1) -> None:
        self.groups: Mapping[int, Group] = {}
        self.failover = bool(flags & _FAILOVER)
        self._random = random
        self._use_default = bool(use_default)
        self._force_dst = bool(force_dst)

    def select(
        self,
        request: RequestView,
        group: int,
        algorithm: Algorithm,
        limit: int = 0,
        *,
        domain: bool = False,
        has_destination: bool = False,
    ) -> Selection | None:
        """A destination for a request (`ds_select_dst`, `ds_select_domain`); None where the original returns -1.

        Args:
            request: what the algorithm looks at.
            group: set id.
            algorithm: a row of the table.
            limit: how many candidates at most, the first one and the default included; 0 or less: all.
            domain: rewrite the Request-URI (`Selection.rewritten`) instead of setting a destination.
            has_destination: the request has a destination URI already.
        """
        if has_destination and not self._force_dst and not domain:
            return None
        found = self.groups.get(group)
        if found is None or group < 0:
            return None
        lineup = found.lineup
        if lineup is None:
            lineup = found.line_up()
        selection = choose(lineup, found.turn, algorithm, request, self._records(lineup, limit), domain)
        if selection is not None:
            selection.destination.condition.selected += 1
        return selection

    def foretell(
        self,
        request: RequestView,
        group: int,
        algorithm: Algorithm,
        limit: int = 0,
        *,
        domain: bool = False,
        turn: Turn,
    ) -> Selection | None:
        """What `select` would answer, by the same code, moving only `turn`: a clone of the turn of that set."""
        found = self.groups.get(group)
        if found is None or group < 0:
            return None
        lineup = found.line_up()
        return choose(lineup, turn, algorithm, request, self._records(lineup, limit), domain)

    def _records(self, lineup: Lineup, limit: int) -> int:
        if not self.failover:
            return 0
        return limit if limit > 0 else len(lineup.members)

    def replace(self, roster: Roster, *, keep_state: bool = True) -> None:
        """Put a list in force; selections that were made before go on with the old one.

        Args:
            roster: without errors.
            keep_state: hand states, counters and cursors on to what stays; False starts them anew, as the original.
        """
        self.succeed(self.prepare(roster, keep_state=keep_state))

    def prepare(self, roster: Roster, *, keep_state: bool = True) -> Succession:
        """The long part of `replace`, which changes nothing: a thread may do it while requests come in."""
        groups = {
            number: Group(number, members, use_default=self._use_default, random=self._random)
            for number, members in roster.sets.items()
        }
        return Succession(self.groups, groups, keep_state=keep_state)

    def succeed(self, succession: Succession) -> None:
        """The short part of `replace`.

        Raises:
            ValueError: another list came into force since `prepare`.
        """
        if succession.before is not self.groups:
            raise ValueError("another list came into force meanwhile; prepare this one again")
        succession.settle()
        self.groups = succession.groups

    def destinations(self) -> Iterator[Destination]:
        """All of them, in the order of listings."""
        for group in self.groups.values():
            yield from group.members

    def set_state(self, group: int, address: bytes, flags: int) -> None:
        """What a person decides about a destination: its five state bits.

        Args:
            group: set id.
            address: URI as listed, letters compared without case; the first such member is meant.
            flags: see `health.commanded`.

        Raises:
            UnknownDestination: nothing in the set has that address.
        """
        found = self.groups.get(group)
        destination = found.find(address) if found is not None else None
        if found is None or destination is None:
            raise UnknownDestination(f"set {group} has no {address!r}")
        found.set_flags(destination, health.replaced(destination.flags, flags))

    def report_failure(self, destination: Destination, reason: str) -> None:
        """A request failed there.

        Args:
            destination: from a selection; it may have left the list since.
            reason: in words, for listings.
        """
        condition = destination.condition
        condition.failures += 1
        condition.last_failure = reason
