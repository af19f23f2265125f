"""Algorithm 9: by weight, as the original counts it."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The index in the next of 100 slots."""
    return turn.weights.take()


WEIGHT = Algorithm(
    number=9,
    name="weight",
    pick=pick,
    reads="100 slots filled by the attribute `weight`, whatever the states are",
    help="each destination gets as many of 100 requests as its weight says; weights should add up to 100",
    needs=("weight",),
)
