"""Algorithm X: every number that is no algorithm takes the first."""

from dispatch.balance.algorithms import priority
from dispatch.balance.algorithms.algorithm import Algorithm


def numbered(number: int) -> Algorithm:
    """The row of a number that nobody has; not in the table."""
    return Algorithm(
        number=number,
        name="unknown",
        pick=priority.pick,
        reads="nothing",
        help="no algorithm has this number: the first destination, as algorithm 8",
        is_steady=True,
        is_known=False,
    )
