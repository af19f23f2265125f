"""A dispatcher to try what another one would do next, without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from dispatch.balance import easing
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.change import TRAFFIC, Change, Routed
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.group import Group
from dispatch.balance.interfaces import RequestView
from dispatch.balance.lineup import Lineup
from dispatch.balance.rewrite import rewrite
from dispatch.balance.selection import Selection
from dispatch.balance.turn import Turn

_UNWRITABLE: Final = "the Request-URI can't be rewritten"


@dataclass(frozen=True, slots=True)
class Asked:
    """A selection that somebody asked for.

    Attributes:
        group: set id.
        algorithm: how to pick.
        selection: what came of it; None where nothing did.
        reason: why it is no success, in words; empty where it is one.
        key: what was hashed, in one part or two; None where nothing was.
        passed: the members that were passed over, each with the reason.
    """

    group: int
    algorithm: Algorithm
    selection: Selection | None
    reason: str
    key: tuple[bytes, ...] | None
    passed: tuple[tuple[Destination, str], ...]


class Trial(Dispatcher):
    """Answers what `real` would answer to the next requests, by the same code, and changes nothing of it.

    Args:
        real: the dispatcher in use; it must not change as long as this one is asked.

    Attributes:
        asked: the selections so far.
        failed: destinations that a request could not be sent to, each with the reason.
    """

    def __init__(self, real: Dispatcher) -> None:
        super().__init__(Random(), force_dst=real.force_dst, calls=real.calls, probing_mode=real.probing_mode)
        self.groups = real.groups
        self.failover = real.failover
        self.asked: list[Asked] = []
        self.failed: list[tuple[Destination, str]] = []
        self._turns: dict[int, Turn] = {}

    def select(
        self,
        request: RequestView,
        group: int,
        algorithm: Algorithm,
        limit: int = 0,
        *,
        domain: bool = False,
        has_destination: bool = False,
        earlier: Selection | None = None,
    ) -> Selection | None:
        """See `Dispatcher`; nothing is counted."""
        found = self.groups.get(group)
        if has_destination and not self.force_dst and not domain:
            self._note(group, algorithm, "the request has a destination already, and force_dst is 0")
            return None
        if found is None or group < 0:
            self._note(group, algorithm, f"there is no set {group}")
            return None
        turn = self._turn(found)
        before = turn.clone()
        selection = self.foretell(request, group, algorithm, limit, domain=domain, turn=turn)
        if selection is None:
            reason = _reason(turn.lineup, before, algorithm, request, domain=domain)
            key = algorithm.key(turn.inputs, request) if algorithm.key is not None else None
            self.asked.append(Asked(group, algorithm, None, reason, key, _passed(turn.lineup)))
            return None
        selection.earlier = earlier
        why = selection.why()
        reason = ""
        if selection.has_failed:
            reason = _UNWRITABLE if selection.is_mere_list else "a destination of the set has no duid"
        self.asked.append(Asked(group, algorithm, selection, reason, why.key, why.skipped))
        return selection

    def _note(self, group: int, algorithm: Algorithm, reason: str) -> None:
        self.asked.append(Asked(group, algorithm, None, reason, None, ()))

    def _turn(self, group: Group) -> Turn:
        """The same one each time; all draw from one source of chance and count calls in one place, as the real ones."""
        turn = self._turns.get(group.number)
        if turn is None:
            other = next(iter(self._turns.values()), None)
            turn = group.look_ahead(other.random if other is not None else None)
            if other is not None:
                turn.calls = other.calls
            self._turns[group.number] = turn
        return turn

    def update(
        self,
        group: int,
        address: bytes,
        requested: int,
        reason: str = "",
        cause: str = TRAFFIC,
        routed: Routed | None = None,
    ) -> Change | None:
        """No state changes; whoever asks is told the truth about whether there is such a destination."""
        found = self.find(group, address)
        return Change(found, found.flags, found.flags, reason, cause) if found is not None else None

    def load_update(self, call_id: bytes, method: bytes, status: int = 0) -> None:
        """No call ends."""

    def load_unset(self, call_id: bytes, *, selection: Selection | None = None, is_invite: bool = False) -> bool:
        """No call ends; tells whether one would."""
        if is_invite and (selection is None or not selection.is_counted):
            return True
        return self.calls is not None and any(not tally.is_gone for tally in self.calls.tallies_of(call_id))

    def load_move(self, call_id: bytes, destination: Destination) -> None:
        """No call goes elsewhere."""

    def report_failure(self, destination: Destination, reason: str) -> None:
        """Nothing is counted."""
        self.failed.append((destination, reason))


def _passed(lineup: Lineup) -> tuple[tuple[Destination, str], ...]:
    """Who can't be taken, and why."""
    return tuple(
        (member, reason) for index, member in enumerate(lineup.members) if (reason := easing.reason(lineup, index))
    )


def _reason(lineup: Lineup, turn: Turn, algorithm: Algorithm, request: RequestView, *, domain: bool) -> str:
    """Why there is no destination; moves `turn`, as it was before."""
    if algorithm.key is not None and algorithm.key(turn.inputs, request) is None:
        return f"the request does not have what {algorithm.name} reads: {algorithm.reads}"
    if not any(index >= 0 for index in lineup.landing):
        return "no destination of the set can be taken"
    raw = algorithm.pick(turn, request)
    if raw < 0 or lineup.landing[raw % lineup.size] < 0:
        return f"{algorithm.name} finds no destination that can be taken"
    if domain and rewrite(request.uri, lineup.members[lineup.landing[raw % lineup.size]].uri) is None:
        return _UNWRITABLE
    return "all destinations that could be taken want to be spared"
