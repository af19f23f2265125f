"""Algorithm 7: the same value of `hash_pvar`, the same destination."""

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.hashing import hash_of
from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Inputs, Turn


def pick(turn: Turn, request: RequestView) -> int:
    """The hash of what `hash_pvar` says; -1 where it is not set or nothing comes out."""
    parts = key(turn.inputs, request)
    return hash_of(*parts) if parts is not None else -1


def key(inputs: Inputs, request: RequestView) -> tuple[bytes, ...] | None:
    """What is hashed: the text with its variables filled in, without the blanks around it."""
    text = inputs.hash_key(request) if inputs.hash_key is not None else None
    text = text.strip(b" \t\r\n") if text is not None else b""
    return (text,) if text else None


HASH_PVAR = Algorithm(
    number=7,
    name="hash-pvar",
    pick=pick,
    reads="the variables that `hash_pvar` names",
    help="all requests with the same value of variables of your choice go to the same destination",
    needs=("hash_pvar",),
    key=key,
    is_steady=True,
)
