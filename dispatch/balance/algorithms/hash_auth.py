"""Algorithm 5: the same user, the same destination."""

from __future__ import annotations

from dispatch.balance.algorithms import round_robin
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.hashing import hash_of
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Inputs, Turn
from dispatch.sip import credentials


def pick(turn: Turn, request: RequestView) -> int:
    """The hash of the user in the credentials; without one the next index in turn."""
    parts = key(turn.inputs, request)
    turn.by_cursor = parts is None
    return round_robin.pick(turn, request) if parts is None else hash_of(*parts)


def key(inputs: Inputs, request: RequestView) -> tuple[bytes, ...] | None:
    """What is hashed: from Proxy-Authorization, or from Authorization where the first is no Digest header."""
    for header in (b"proxy-authorization", b"authorization"):
        value = request.header(header)
        name = credentials.username(value) if value is not None else None
        if name is not None:
            user = credentials.user_part(name)
            return (user.strip(b" \t\r\n"),) if user else None
    return None


def settle(turn: Turn, index: int) -> None:
    """As round robin does, where it was round robin."""
    if turn.by_cursor:
        round_robin.settle(turn, index)


HASH_AUTH = Algorithm(
    number=5,
    name="hash-auth",
    pick=pick,
    reads="the user in Proxy-Authorization or Authorization",
    help="all requests of a user go to the same destination; those without credentials take turns",
    key=key,
    settle=settle,
)
