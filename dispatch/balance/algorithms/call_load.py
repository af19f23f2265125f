"""Algorithm 10: to the destination with the fewest calls."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.interfaces import RequestView
from dispatch.balance.load import Loads
from dispatch.balance.turn import Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The index of the member with the fewest calls, the default one included; -1 when all are full.

    Only an INVITE begins a call; all else goes to the first.
    """
    if request.method != b"INVITE":
        return 0
    calls = turn.calls
    lineup = turn.lineup
    loads = turn.loads
    if loads is None or loads.lineup is not lineup:
        tally = calls.tally if calls is not None else lambda member: member.condition.tally
        loads = turn.loads = Loads(lineup, [tally(member) for member in lineup.members])
    return loads.least()


CALL_LOAD = Algorithm(
    number=10,
    name="call-load",
    pick=pick,
    reads="the calls that are open at each destination",
    help="a call goes to the destination with the fewest calls, and to none beyond its maxload",
    needs=("ds_hash_size", "duid"),
    counts_calls=True,
)
