"""Whether a sample can come from a distribution."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

Kind = TypeVar("Kind", bound=Hashable)

# One sample in a million from an honest source lies beyond it.
_DEVIATIONS: Final = 4.75


def chi_square(counts: Mapping[Kind, int], shares: Mapping[Kind, float]) -> float:
    """How far `counts` is from `shares`, which add up to 1; infinite where something came that has no share."""
    total = sum(counts.values())
    if any(not shares.get(key) for key, count in counts.items() if count):
        return float("inf")
    return sum((counts.get(key, 0) - total * share) ** 2 / (total * share) for key, share in shares.items() if share)


def bound(shares: Mapping[Kind, float]) -> float:
    """The largest `chi_square` that chance may give (Wilson and Hilferty's approximation)."""
    freedom = sum(1 for share in shares.values() if share) - 1
    if not freedom:
        return 0.0
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + _DEVIATIONS * spread**0.5) ** 3)


def fits(counts: Mapping[Kind, int], shares: Mapping[Kind, float]) -> bool:
    """Whether a sample of these counts may come from a source with these shares."""
    return chi_square(counts, shares) <= bound(shares)
