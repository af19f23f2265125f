"""Algorithm 2: the same callee, the same destination."""

from dispatch.balance import address
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.hashing import hash_of
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Inputs, Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The hash of the URI in To; -1 without one that can be read."""
    parts = key(turn.inputs, request)
    return hash_of(*parts) if parts is not None else -1


def key(inputs: Inputs, request: RequestView) -> tuple[bytes, ...] | None:
    """What is hashed: user, and host with port."""
    return address.of_header(request.header(b"to"), user_only=inputs.user_only)


HASH_TO = Algorithm(
    number=2,
    name="hash-to",
    pick=pick,
    reads="the URI in To: user, host and port; with `flags` bit 1 the user only",
    help="all requests to a callee go to the same destination",
    key=key,
    is_steady=True,
)
