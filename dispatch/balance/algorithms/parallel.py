"""Algorithm 12: to all of them at once."""

from dispatch.balance.algorithms import priority
from dispatch.balance.algorithms.algorithm import Algorithm

PARALLEL = Algorithm(
    number=12,
    name="parallel",
    pick=priority.pick,
    reads="nothing",
    help="the first destination that can be used, and at the same time all behind it, whatever their state",
    is_parallel=True,
    is_steady=True,
)
