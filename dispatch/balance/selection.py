"""The ordered candidates for a request, and why these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.balance import health
from dispatch.balance.algorithms import BY_NAME, BY_NUMBER, TABLE
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.destination import Destination
from dispatch.balance.group import Lineup
from dispatch.balance.interfaces import RequestView
from dispatch.balance.rewrite import rewrite
from dispatch.balance.turn import Turn


def find_algorithm(wanted: int | str) -> Algorithm:
    """The algorithm of that number or name.

    Raises:
        ValueError: there is none, or not yet.
    """
    row = BY_NAME.get(wanted) if isinstance(wanted, str) else BY_NUMBER.get(wanted)
    if row is None:
        known = ", ".join(f"{row.number} ({row.name})" for row in TABLE)
        raise ValueError(f"algorithm {wanted!r} is not supported yet; choose one of {known}")
    return row


@dataclass(frozen=True, slots=True)
class Why:
    """How a request came to its destination.

    Attributes:
        algorithm: what was asked.
        key: the bytes that were hashed; None where nothing was.
        raw: the number that the algorithm gave: the hash value, the cursor ...
        start: the index that `raw` means.
        index: the index taken.
        skipped: the members passed over on the way from `start`, each with the reason.
        default: whether it is the default member, taken because no other could be.
    """

    algorithm: Algorithm
    key: bytes | None
    raw: int
    start: int
    index: int
    skipped: tuple[tuple[Destination, str], ...]
    default: bool


class Selection:
    """The destination in use for a request, and those to try after it, found only when asked for.

    It keeps the members and their states as they were when it was made: no reload and no change of state moves it.

    Attributes:
        destination: the one in use; the last one stays when there is no further.
        rewritten: the Request-URI for it, where the selection is by domain.
    """

    __slots__ = (
        "_algorithm",
        "_first",
        "_index",
        "_left",
        "_limit",
        "_lineup",
        "_raw",
        "_request",
        "destination",
        "rewritten",
    )

    def __init__(
        self,
        lineup: Lineup,
        index: int,
        limit: int,
        algorithm: Algorithm,
        request: RequestView,
        raw: int,
        rewritten: bytes | None,
    ) -> None:
        self._lineup = lineup
        self._first = index
        self._index = index if limit else -1
        self._limit = limit
        self._left = limit - 1
        self._algorithm = algorithm
        self._request = request
        self._raw = raw
        self.destination = lineup.members[index]
        self.rewritten = rewritten

    def next(self) -> Destination | None:
        """Go on to the next candidate, without another look at its state; None, for good, when there is none.

        `destination` stays the last one in use then, and `records` is empty (`ds_next_dst`).
        """
        index = self._behind(self._index) if self._left > 0 and self._index >= 0 else -1
        self._index = index
        if index < 0:
            return None
        self._left -= 1
        self.destination = self._lineup.members[index]
        self.destination.condition.selected += 1
        return self.destination

    @property
    def records(self) -> tuple[Destination, ...]:
        """The failover list: the destination in use, then the further ones."""
        members = self._lineup.members
        return tuple([members[index] for index in self._indices(self._index, self._left + 1)])

    @property
    def count(self) -> int:
        """How many records the selection had when it was made (`cnt_avp`); 0 without failover."""
        return sum(1 for _ in self._indices(self._first, self._limit)) if self._limit else 0

    def _indices(self, index: int, limit: int) -> Iterator[int]:
        while index >= 0 and limit > 0:
            yield index
            limit -= 1
            index = self._behind(index)

    def _behind(self, index: int) -> int:
        """The index that follows in the failover list; -1 behind the last: the default, whatever its state."""
        lineup = self._lineup
        if index == lineup.default:
            return -1
        following = lineup.landing[(index + 1) % lineup.size]
        return following if following != self._first else lineup.default

    def why(self) -> Why:
        """How the first destination was found; worked out now, from what was true then."""
        lineup = self._lineup
        start = self._raw % lineup.size
        default = self._first == lineup.default
        passed = range(start, start + (lineup.size if default else (self._first - start) % lineup.size))
        return Why(
            algorithm=self._algorithm,
            key=self._algorithm.key(self._request) if self._algorithm.key is not None else None,
            raw=self._raw,
            start=start,
            index=self._first,
            skipped=tuple(
                (lineup.members[index % lineup.size], health.reason(lineup.flags[index % lineup.size]))
                for index in passed
            ),
            default=default,
        )


def choose(
    lineup: Lineup,
    turn: Turn,
    algorithm: Algorithm,
    request: RequestView,
    limit: int,
    domain: bool,
) -> Selection | None:
    """Pick a member and line up the others behind it; moves `turn` and nothing else.

    Args:
        lineup: the members and their states.
        turn: the moving part of the set, or a clone of it.
        algorithm: how to pick.
        request: what to pick for.
        limit: how many records the failover list may have; 0 makes none.
        domain: whether the Request-URI is to be rewritten; a selection whose Request-URI can't be is none.
    """
    raw = algorithm.pick(turn, request)
    if raw < 0:
        return None
    index = lineup.landing[raw % lineup.size]
    if index < 0:
        return None
    rewritten = None
    if domain:
        rewritten = rewrite(request.uri, lineup.members[index].uri)
        if rewritten is None:
            return None
    if index != raw and algorithm.settle is not None:
        algorithm.settle(turn, index)
    return Selection(lineup, index, limit, algorithm, request, raw, rewritten)
