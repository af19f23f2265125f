"""Our name for what later versions of the original do under 64."""

from dispatch.balance import health
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The next index in turn that can be taken and does not ask to be spared now; -1 when all do."""
    lineup = turn.lineup
    size = lineup.size
    now = turn.inputs.clock()
    for step in range(size):
        index = (turn.cursor + step) % size
        if lineup.flags[index] & health.SKIPPED:
            continue
        overload = lineup.members[index].condition.overload
        if overload is not None and now < overload.until and turn.is_spared(index, overload.rate):
            continue
        turn.cursor = (index + 1) % turn.size
        return index
    return -1 if lineup.landing[0] != lineup.default else lineup.default


OVERLOAD = Algorithm(
    number=None,
    name="overload-control",
    pick=pick,
    reads="the cursor of the set, and how much of its turns a destination asked to be spared (RFC 7339)",
    help="destinations take turns; one that has too much to do is passed over as often as it asks "
    "(64 in later versions of the original)",
    heeds_overload=True,
)
