"""Algorithm 3: the same Request-URI, the same destination."""

from dispatch.balance import address
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.hashing import hash_of
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Inputs, Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The hash of the Request-URI as it is now, a rewritten one included; -1 where it can't be read."""
    parts = key(turn.inputs, request)
    return hash_of(*parts) if parts is not None else -1


def key(inputs: Inputs, request: RequestView) -> tuple[bytes, ...] | None:
    """What is hashed: user, and host with port."""
    return address.of_uri(request.uri, user_only=inputs.user_only)


HASH_RURI = Algorithm(
    number=3,
    name="hash-ruri",
    pick=pick,
    reads="the Request-URI: user, host and port; with `flags` bit 1 the user only",
    help="all requests to a number or address go to the same destination",
    key=key,
    is_steady=True,
)
