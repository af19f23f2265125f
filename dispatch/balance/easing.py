"""Passing over members that take only a part of their turns now: in a slow start, or overloaded (RFC 7339)."""

from __future__ import annotations

from dispatch.balance import health
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import is_full
from dispatch.balance.ranking import Order
from dispatch.balance.turn import Turn


def ease(
    lineup: Lineup, turn: Turn, algorithm: Algorithm, request: RequestView, index: int, order: Order | None
) -> int:
    """The index that takes a request which an algorithm has picked `index` for.

    A member that is passed over hands it to the next one of its failover list. When all pass it on, the first of those
    in a slow start takes it after all; one that is overloaded does not, and the request gets no destination (-1).
    """
    calls = turn.calls if algorithm.counts_calls and request.method == b"INVITE" else None
    last_resort = -1
    at = index
    for _ in range(lineup.size):
        member = lineup.members[at]
        is_open = (
            calls is None or at == index or (member.duid and not is_full(member.maxload, calls.tally(member).calls))
        )
        if is_open and not _is_overloaded(lineup, turn, algorithm, at):
            if not _is_cold(lineup, turn, at):
                return at
            if last_resort < 0:
                last_resort = at
        at = order.behind(at) if order is not None else lineup.landing[(at + 1) % lineup.size]
        if at in (-1, index, lineup.default):
            break
    return last_resort


def _is_overloaded(lineup: Lineup, turn: Turn, algorithm: Algorithm, index: int) -> bool:
    condition = lineup.members[index].condition
    overload, conduct = condition.overload, condition.conduct
    if overload is None or conduct is None or not conduct.is_spared or algorithm.heeds_overload:
        return False
    return turn.inputs.clock() < overload.until and turn.is_spared(index, overload.rate)


def _is_cold(lineup: Lineup, turn: Turn, index: int) -> bool:
    conduct = lineup.members[index].condition.conduct
    if conduct is None or conduct.warm_since is None:
        return False
    return turn.random.random() >= conduct.share(turn.inputs.clock())


def reason(lineup: Lineup, index: int) -> str:
    """Why a member was passed over; empty where it was not."""
    return health.reason(lineup.flags[index]) or (
        "spared for now" if lineup.eased is not None and index in lineup.eased else ""
    )
