"""Algorithm 8: the first that can be used."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """Always the first member, which has the highest priority."""
    return 0


PRIORITY = Algorithm(
    number=8,
    name="priority",
    pick=pick,
    reads="nothing",
    help="the destination of the highest priority, the others only when it is down",
    is_steady=True,
)
