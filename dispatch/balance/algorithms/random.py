"""Algorithm 6: any of them."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """An index, each as likely as the other: 53 random bits make the difference smaller than 1 in 10**11."""
    return int(turn.random.random() * turn.choices)


RANDOM = Algorithm(
    number=6,
    name="random",
    pick=pick,
    reads="chance",
    help="each request goes to any destination, all equally likely",
)
