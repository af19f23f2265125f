"""Our name for what later versions of the original do under 15: as SRV records are used (RFC 2782)."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.ranking import Order, Ranking
from dispatch.balance.smooth import Smooth, highest
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The index of the member whose moment comes next, of those of the highest priority that can be taken."""
    lineup = turn.lineup
    tier = turn.tier
    if tier is None:
        tier = turn.tier = Smooth(lineup, highest)
    elif tier.lineup is not lineup:
        tier.follow(lineup)
    return tier.take()


def order(turn: Turn, index: int) -> Order:
    """First the others of the same priority, then the lower ones."""
    tiers = turn.tiers
    if tiers is None or tiers.lineup is not turn.lineup:
        tiers = turn.tiers = Ranking(turn.lineup, [member.priority for member in turn.lineup.members])
    return Order(tiers, index)


PRIORITY_WEIGHT = Algorithm(
    number=None,
    name="priority-weight",
    pick=pick,
    reads="the priorities, and the attribute `weight`; without one it is 1",
    help="destinations of the highest priority share the requests by weight, lower ones wait until all of these are "
    "down (15 in later versions of the original, after the manner of SRV records)",
    order=order,
)
