"""Who is heard: sources that are trusted, and how often each of the others may speak; asked before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from dispatch.balance.membership import ALL_SETS, ANY_PORT, ANY_PROTOCOL, Membership

_SOURCES: Final = 20_000  # remembered; addresses can be forged
_ANYHOW: Final = ANY_PORT | ANY_PROTOCOL
Network = IPv4Network | IPv6Network


class Rates:
    """A bucket of tokens for each source: a message takes one, and `rate` of them come back each second.

    Args:
        rate: messages a second.
        burst: tokens that a bucket holds.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._buckets: dict[str, tuple[float, float]] = {}
        self._before: dict[str, tuple[float, float]] = {}

    def admits(self, source: str, now: float) -> bool:
        """Take a token; False when there is none.

        Args:
            source: its address.
            now: monotonic seconds.
        """
        bucket = self._buckets.get(source) or self._before.get(source)
        tokens = self._burst
        if bucket is not None:
            tokens = min(tokens, bucket[0] + (now - bucket[1]) * self._rate)
        if len(self._buckets) >= _SOURCES and source not in self._buckets:
            self._before, self._buckets = self._buckets, {}
        is_admitted = tokens >= 1.0
        self._buckets[source] = (tokens - is_admitted, now)
        return is_admitted

    def __len__(self) -> int:
        return len(self._buckets) + len(self._before)


class Gate:
    """Lets destinations in, always; others when they are trusted and not too loud.

    Args:
        membership: the list in force, by address.
        networks: whose sources are heard beside destinations.
        sets: those whose destinations are heard; none stands for all of them.
        is_closed: whether nobody else is heard.
        rates: how often others may speak; None for as often as they like.
    """

    def __init__(
        self,
        membership: Callable[[], Membership],
        networks: Collection[Network] = (),
        sets: Collection[int] = (),
        *,
        is_closed: bool = False,
        rates: Rates | None = None,
    ) -> None:
        self._membership = membership
        self._networks = tuple(networks)
        self._sets = tuple(sets) or (ALL_SETS,)
        self._is_closed = is_closed
        self._rates = rates
        self._is_in_networks = lru_cache(maxsize=_SOURCES)(self._look_up)

    def admits(self, source: str, now: float) -> bool:
        """Whether a message is taken.

        Args:
            source: address that it came from, in the usual spelling.
            now: monotonic seconds.
        """
        find = self._membership().find
        if any(find(source, 0, b"", one, _ANYHOW) is not None for one in self._sets):
            return True
        if self._is_closed and not self._is_in_networks(source):
            return False
        return self._rates is None or self._rates.admits(source, now)

    def _look_up(self, source: str) -> bool:
        address = ip_address(source.partition("%")[0])
        return any(address in network for network in self._networks)
