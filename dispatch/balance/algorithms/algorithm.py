"""What a row of the table of algorithms is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.balance.interfaces import RequestView
from dispatch.balance.ranking import Order
from dispatch.balance.turn import Inputs, Turn

Pick = Callable[[Turn, RequestView], int]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to pick.

    Attributes:
        number: as `ds_select_dst` has it; None for one of ours, which has a name only.
        name: as our configuration has it.
        pick: the raw number, not yet brought into the range of the members; -1 when what it needs is missing.
        reads: what the number is made from, in words.
        help: one line for the operator.
        needs: the parameters and attributes without which it is of no use; ``hash_pvar``, ``duid`` ...
        key: the parts that it hashes, or None where a request has none; None where it never hashes.
        settle: what to do when another member than the one picked was taken, with its index.
        counts_calls: whether an INVITE that it picks for is counted as a call, on the member whose index it gave.
        order: the failover list behind the index taken; None where it is the order of the list.
        is_parallel: whether those behind the one taken get the request at the same time.
        lists_first: whether its failover list stays when the Request-URI can't be rewritten for the one taken.
        heeds_overload: whether it spares those that have too much to do itself.
        is_steady: whether a request comes to the same destination whenever it comes, as long as no state changes: also
            its CANCEL, which has no credentials.
        is_known: False for a number that the original does not know either.
    """

    number: int | None
    name: str
    pick: Pick
    reads: str
    help: str
    needs: tuple[str, ...] = ()
    key: Callable[[Inputs, RequestView], tuple[bytes, ...] | None] | None = None
    settle: Callable[[Turn, int], None] | None = None
    counts_calls: bool = False
    order: Callable[[Turn, int], Order] | None = None
    is_parallel: bool = False
    lists_first: bool = False
    heeds_overload: bool = False
    is_steady: bool = False
    is_known: bool = True
