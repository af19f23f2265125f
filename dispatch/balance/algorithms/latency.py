"""Algorithm 13: to whoever has the highest priority, less what its slowness costs it."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.ranking import Order, Ranking, adjusted_priority
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The next index in turn of those of the highest rank; -1 when nobody can be taken. Moves the cursor behind it."""
    lineup = turn.lineup
    ranking = turn.ranking
    if ranking is None or ranking.lineup is not lineup:
        ranking = turn.ranking = Ranking(lineup, [adjusted_priority(member) for member in lineup.members])
    index = ranking.first(turn.cursor)
    turn.ranked_from = turn.cursor
    if index >= 0:
        turn.cursor = (index + 1) % turn.size
    return index


def order(turn: Turn, index: int) -> Order:
    """By rank, as it was at the pick."""
    assert turn.ranking is not None
    return Order(turn.ranking, turn.ranked_from)


LATENCY = Algorithm(
    number=13,
    name="latency",
    pick=pick,
    reads="the priority, less one for each time that the latency (attribute `latency`, or as measured) is as high "
    "as it; and the cursor of the set",
    help="the fast destinations of the highest priority take turns, the slow ones follow",
    needs=("priority",),
    order=order,
    lists_first=True,
)
