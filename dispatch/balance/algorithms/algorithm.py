"""What a row of the table of algorithms is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.balance.interfaces import RequestView
from dispatch.balance.turn import Turn

Pick = Callable[[Turn, RequestView], int]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to pick.

    Attributes:
        number: as `ds_select_dst` has it.
        name: as our configuration has it.
        pick: the raw number, not yet brought into the range of the members; -1 when what it needs is missing.
        reads: what the number is made from, in words.
        help: one line for the operator.
        key: the bytes that it hashes, or None where a request has none; None where it never hashes.
        settle: what to do when another member than the one picked was taken, with its index.
    """

    number: int
    name: str
    pick: Pick
    reads: str
    help: str
    key: Callable[[RequestView], bytes | None] | None = None
    settle: Callable[[Turn, int], None] | None = None
