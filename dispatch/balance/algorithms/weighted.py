"""Our own: by weight, exactly, for any weights and any number of members."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.smooth import Smooth
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The index of the member whose moment comes next; only members that can be taken have one."""
    smooth = turn.smooth
    if smooth is None:
        smooth = turn.smooth = Smooth(turn.lineup)
    elif smooth.lineup is not turn.lineup:
        smooth.follow(turn.lineup)
    return smooth.take()


WEIGHTED = Algorithm(
    number=None,
    name="weighted",
    pick=pick,
    reads="the attribute `weight` of those that can be taken now; without one it is 1",
    help="destinations take turns in exact proportion to their weights, evenly mixed, however many there are",
    needs=("weight",),
)
