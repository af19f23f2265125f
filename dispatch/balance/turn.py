"""The moving part of a set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from dispatch.balance.interfaces import RequestView
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Calls, Loads, Trial
from dispatch.balance.slots import Slots
from dispatch.balance.smooth import Smooth

HashKey = Callable[[RequestView], bytes | None]


@dataclass(frozen=True, slots=True)
class Keys:
    """What is hashed, where a parameter says so.

    Attributes:
        user_only: `flags` bit 1: of a URI only the user part.
        hash_key: `hash_pvar`, put to work on a request; None where it is not set.
    """

    user_only: bool = False
    hash_key: HashKey | None = None


PLAIN: Final = Keys()


class Turn:
    """Whose turn it is: all that picking changes, small enough to be cloned for a look ahead.

    Attributes:
        lineup: the members, as of the pick.
        random: where chance comes from.
        keys: what is hashed.
        cursor: index of the member whose turn it is in round robin.
        size: number of members.
        choices: how many of them are picked directly: all, or all but the default one.
        by_cursor: whether the last number of an algorithm that does not always ask it came from the cursor.
        weights: slots by `weight`.
        shares: slots by `rweight`.
        smooth: the order by `weight` without slots; None until somebody asks.
        loads: who has the fewest calls; None until somebody asks.
        calls: the calls that are counted; None where none are.
        has_counted: whether the last pick of an algorithm that counts calls did so.
    """

    __slots__ = (
        "by_cursor",
        "calls",
        "choices",
        "cursor",
        "has_counted",
        "keys",
        "lineup",
        "loads",
        "random",
        "shares",
        "size",
        "smooth",
        "weights",
    )

    def __init__(self, lineup: Lineup, random: Random, keys: Keys = PLAIN, calls: Calls | Trial | None = None) -> None:
        self.lineup = lineup
        self.random = random
        self.keys = keys
        self.size = len(lineup.members)
        self.choices = lineup.size
        self.cursor = 0
        self.by_cursor = False
        self.weights = Slots()
        self.shares = Slots()
        self.smooth: Smooth | None = None
        self.loads: Loads | None = None
        self.calls = calls
        self.has_counted = False

    def clone(self) -> Turn:
        """One that goes on in the same way and moves nothing here."""
        random = Random()
        random.setstate(self.random.getstate())
        twin = Turn(self.lineup, random, self.keys, self.calls.trial() if self.calls is not None else None)
        twin.cursor = self.cursor
        twin.weights = self.weights.clone()
        twin.shares = self.shares.clone()
        twin.smooth = self.smooth.clone() if self.smooth is not None else None
        return twin
