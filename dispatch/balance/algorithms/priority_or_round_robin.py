"""Our name for what later versions of the original do under 14."""

from dispatch.balance.algorithms import priority, round_robin
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The next index in turn where all priorities are the same and above 0, else the first."""
    turn.by_cursor = turn.lineup.is_level
    return round_robin.pick(turn, request) if turn.by_cursor else priority.pick(turn, request)


def settle(turn: Turn, index: int) -> None:
    """As round robin does, where it was round robin."""
    if turn.by_cursor:
        round_robin.settle(turn, index)


PRIORITY_OR_ROUND_ROBIN = Algorithm(
    number=None,
    name="priority-or-round-robin",
    pick=pick,
    reads="the priorities, and the cursor of the set",
    help="destinations take turns where all have the same priority above 0, else the highest priority gets all "
    "(14 in later versions of the original)",
    settle=settle,
)
