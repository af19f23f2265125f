"""Algorithm 0: the same call, the same destination."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.hashing import hash_of
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Inputs, Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The hash of the Call-ID; -1 without one."""
    call_id = request.call_id
    return hash_of(call_id) if call_id else -1


def key(inputs: Inputs, request: RequestView) -> tuple[bytes, ...]:
    """What is hashed."""
    return (request.call_id,)


HASH_CALLID = Algorithm(
    number=0,
    name="hash-callid",
    pick=pick,
    reads="Call-ID",
    help="all requests of a call go to the same destination, calls spread evenly",
    key=key,
    is_steady=True,
)
