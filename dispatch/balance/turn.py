"""The moving part of a set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from dispatch.balance.interfaces import RequestView
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Calls, Loads, Trial
from dispatch.balance.ranking import Ranking
from dispatch.balance.slots import Slots
from dispatch.balance.smooth import Smooth

HashKey = Callable[[RequestView], bytes | None]


def _standing_still() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """What picking looks at beside the request and the set.

    Attributes:
        user_only: `flags` bit 1: of a URI only the user part.
        hash_key: `hash_pvar`, put to work on a request; None where it is not set.
        clock: seconds, never going back.
    """

    user_only: bool = False
    hash_key: HashKey | None = None
    clock: Callable[[], float] = _standing_still


PLAIN: Final = Inputs()
_WHOLE: Final = 100


class Turn:
    """Whose turn it is: all that picking changes, small enough to be cloned for a look ahead.

    Attributes:
        lineup: the members, as of the pick.
        random: where chance comes from.
        inputs: what is hashed, and the time.
        cursor: index of the member whose turn it is in round robin.
        size: number of members.
        choices: how many of them are picked directly: all, or all but the default one.
        by_cursor: whether the last number of an algorithm that does not always ask it came from the cursor.
        weights: slots by `weight`.
        shares: slots by `rweight`.
        smooth: the order by `weight` without slots; None until somebody asks.
        tier: the same for those of the highest priority.
        tiers: the order by priority; None until somebody asks.
        ranking: the order by latency; None until somebody asks, and after a new latency.
        ranked_from: the cursor at the last pick by rank.
        debts: percent of a turn that overloaded members were spared too little, by index.
        loads: who has the fewest calls; None until somebody asks.
        calls: the calls that are counted; None where none are.
    """

    __slots__ = (
        "by_cursor",
        "calls",
        "choices",
        "cursor",
        "debts",
        "inputs",
        "lineup",
        "loads",
        "random",
        "ranked_from",
        "ranking",
        "shares",
        "size",
        "smooth",
        "tier",
        "tiers",
        "weights",
    )

    def __init__(
        self,
        lineup: Lineup,
        random: Random,
        inputs: Inputs = PLAIN,
        calls: Calls | Trial | None = None,
    ) -> None:
        self.lineup = lineup
        self.random = random
        self.inputs = inputs
        self.size = len(lineup.members)
        self.choices = lineup.size
        self.cursor = 0
        self.by_cursor = False
        self.weights = Slots()
        self.shares = Slots()
        self.smooth: Smooth | None = None
        self.tier: Smooth | None = None
        self.tiers: Ranking | None = None
        self.ranking: Ranking | None = None
        self.ranked_from = 0
        self.debts: dict[int, int] = {}
        self.loads: Loads | None = None
        self.calls = calls

    def is_spared(self, index: int, rate: int) -> bool:
        """Whether an overloaded member is passed over now: evenly, at a rate of 30 every third or fourth time."""
        debt = self.debts.get(index, 0) + rate
        is_spared = debt >= _WHOLE
        self.debts[index] = debt - _WHOLE if is_spared else debt
        return is_spared

    def clone(self) -> Turn:
        """One that goes on in the same way and moves nothing here."""
        random = Random()
        random.setstate(self.random.getstate())
        calls = self.calls.trial() if self.calls is not None else None
        twin = Turn(self.lineup, random, self.inputs, calls)
        twin.cursor = self.cursor
        twin.weights = self.weights.clone()
        twin.shares = self.shares.clone()
        twin.smooth = self.smooth.clone() if self.smooth is not None else None
        twin.tier = self.tier.clone() if self.tier is not None else None
        twin.tiers = self.tiers
        twin.ranking = self.ranking
        twin.debts = self.debts.copy()
        return twin
