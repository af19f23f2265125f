"""Algorithm 4: one after the other."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The next index in turn. Moves the cursor over all members, also where the last one is the default."""
    index = turn.cursor
    following = index + 1
    turn.cursor = following if following < turn.size else 0
    return index


def settle(turn: Turn, index: int) -> None:
    """Go on behind the member that was taken, so that the neighbour of one that is down gets no double share."""
    turn.cursor = (index + 1) % turn.size


ROUND_ROBIN = Algorithm(
    number=4,
    name="round-robin",
    pick=pick,
    reads="the cursor of the set",
    help="destinations take turns",
    settle=settle,
)
