"""Algorithm 11: by weight in proportion to the weights of all that can be taken."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The index in the next of 100 slots."""
    return turn.shares.take()


RELATIVE_WEIGHT = Algorithm(
    number=11,
    name="relative-weight",
    pick=pick,
    reads="100 slots shared out by the attribute `rweight` among those that can be taken now",
    help="destinations share the requests in proportion to their weights, in whole hundredths",
    needs=("rweight",),
)
