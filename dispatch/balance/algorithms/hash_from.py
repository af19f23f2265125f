"""Algorithm 1: the same caller, the same destination."""

from dispatch.balance import address
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.hashing import hash_of
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Inputs, Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The hash of the URI in From; -1 without one that can be read."""
    parts = key(turn.inputs, request)
    return hash_of(*parts) if parts is not None else -1


def key(inputs: Inputs, request: RequestView) -> tuple[bytes, ...] | None:
    """What is hashed: user, and host with port."""
    return address.of_header(request.header(b"from"), user_only=inputs.user_only)


HASH_FROM = Algorithm(
    number=1,
    name="hash-from",
    pick=pick,
    reads="the URI in From: user, host and port; with `flags` bit 1 the user only",
    help="all requests of a caller go to the same destination",
    key=key,
    is_steady=True,
)
