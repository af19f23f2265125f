"""Why a request came to its destination."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.destination import Destination


@dataclass(frozen=True, slots=True)
class Why:
    """How a request came to its destination.

    Attributes:
        algorithm: what was asked.
        key: the bytes that were hashed, in one part or two; None where nothing was.
        raw: the number that the algorithm gave: the hash value, the cursor ...
        start: the index that `raw` means.
        index: the index taken.
        skipped: the members passed over on the way from `start`, then those that are full, each with the reason.
        default: whether it is the default member, taken because no other could be.
    """

    algorithm: Algorithm
    key: tuple[bytes, ...] | None
    raw: int
    start: int
    index: int
    skipped: tuple[tuple[Destination, str], ...]
    default: bool
