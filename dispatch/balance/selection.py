"""The ordered candidates for a request, and why these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dispatch.balance import easing
from dispatch.balance.algorithms import BY_NAME, BY_NUMBER, TABLE, unknown
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.destination import Destination
from dispatch.balance.interfaces import RequestView
from dispatch.balance.lineup import Lineup
from dispatch.balance.load import Calls, Trial, is_full
from dispatch.balance.ranking import Order
from dispatch.balance.rewrite import rewrite
from dispatch.balance.turn import Turn
from dispatch.balance.why import Why


def find_algorithm(wanted: int | str) -> Algorithm:
    """The algorithm of that number or name; a number that is none's is one that takes the first of the set.

    Raises:
        ValueError: there is none of that name.
    """
    if isinstance(wanted, str):
        row = BY_NAME.get(wanted)
        if row is None:
            raise ValueError(f"algorithm {wanted!r} is not known; choose one of {known_algorithms()}")
        return row
    return BY_NUMBER.get(wanted) or _unknown(wanted)


def known_algorithms() -> str:
    """Number and name of each, for a message."""
    return ", ".join(row.name if row.number is None else f"{row.number} ({row.name})" for row in TABLE)


@lru_cache(maxsize=64)
def _unknown(number: int) -> Algorithm:
    return unknown.numbered(number)


class Selection:
    """The destination in use for a request, and those to try after it, found only when asked for.

    It keeps the members and their states as they were when it was made: no reload and no change of state moves it. Only
    how many calls a destination has is looked at when its turn comes, where calls are counted.

    Attributes:
        destination: the one in use; the last one stays when there is no further.
        rewritten: the Request-URI for it, where the selection is by domain.
        has_failed: the function fails all the same: one further down its list has no `duid`, but the destination is in
            use and the call is counted (algorithm 10); or `is_mere_list`.
        is_foretold: no request comes of it, and nothing is counted.
        earlier: the selection made before it for the same request, whose records come when its own are through.
    """

    __slots__ = (
        "_algorithm",
        "_calls",
        "_first",
        "_index",
        "_left",
        "_limit",
        "_lineup",
        "_order",
        "_raw",
        "_request",
        "_turn",
        "destination",
        "earlier",
        "has_failed",
        "is_foretold",
        "rewritten",
    )

    def __init__(
        self,
        lineup: Lineup,
        turn: Turn,
        index: int,
        limit: int,
        algorithm: Algorithm,
        request: RequestView,
        raw: int,
        rewritten: bytes | None,
        calls: Calls | Trial | None,
        order: Order | None,
    ) -> None:
        self._lineup = lineup
        self._turn = turn
        self._first = index
        self._index = index if limit else -1
        self._limit = limit
        self._left = limit - 1
        self._algorithm = algorithm
        self._request = request
        self._raw = raw
        self._calls = calls
        self._order = order
        self.destination = lineup.members[index]
        self.rewritten = rewritten
        self.earlier: Selection | None = None
        self.has_failed = False
        self.is_foretold = False

    def next(self, ruri: bytes | None = None) -> Destination | None:
        """Go on to the next candidate, without another look at its state; None, for good, when there is none.

        `destination` stays the last one in use then, and `records` is empty (`ds_next_dst`). Where calls are counted
        the call is counted there from now on; one that has ended meanwhile gives None, with `destination` moved on.

        Args:
            ruri: to be rewritten for the candidate; one that can't be gives None too, with `destination` moved on and
                the call counted where it was (`ds_next_domain`).
        """
        while self._advance():
            member = self._lineup.members[self._index]
            if self._calls is not None and member.condition.tally.is_gone:
                continue
            self.destination = member
            if ruri is not None:
                self.rewritten = rewrite(ruri, member.uri)
                if self.rewritten is None:
                    return None
            if self._calls is not None and not self._calls.move(self._request.call_id, member):
                return None
            self.count_for(member)
            return member
        return None

    def count_for(self, member: Destination) -> None:
        """The request goes to this one as well, after the one in use or beside it."""
        if not self.is_foretold:
            member.condition.selected += 1

    def _advance(self) -> bool:
        """Make the following record the first; False when there is none."""
        self._index = self._behind(self._index) if self._left > 0 and self._index >= 0 else -1
        if self._index < 0:
            return self._resume()
        self._left -= 1
        return True

    def _resume(self) -> bool:
        """Become the selection before this one, with the record that it stood at; False when there is none."""
        while self.earlier is not None:
            earlier = self.earlier
            self._lineup, self._turn, self._calls = earlier._lineup, earlier._turn, earlier._calls
            self._algorithm, self._request, self._raw = earlier._algorithm, earlier._request, earlier._raw
            self._first, self._index, self._order = earlier._first, earlier._index, earlier._order
            self._limit, self._left = earlier._limit, earlier._left
            self.earlier = earlier.earlier
            if self._index >= 0:
                return True
        return False

    @property
    def record(self) -> Destination | None:
        """The first record: the destination in use; None when the list is empty."""
        if self._index >= 0:
            return self._lineup.members[self._index]
        return self.earlier.record if self.earlier is not None else None

    @property
    def records(self) -> tuple[Destination, ...]:
        """The failover list: the destination in use, then the further ones."""
        members = self._lineup.members
        own = tuple([members[index] for index in self._indices(self._index, self._left + 1)])
        return own if self.earlier is None else own + self.earlier.records

    @property
    def count(self) -> int | None:
        """How many records the selection had when it was made (`cnt_avp`); 0 without failover, None after a failure."""
        if self.has_failed:
            return None
        return sum(1 for _ in self._indices(self._first, self._limit)) if self._limit else 0

    @property
    def is_mere_list(self) -> bool:
        """Whether no destination is in use: a list that the original makes before it fails (algorithm 13)."""
        return self.has_failed and self._algorithm.lists_first

    @property
    def has_counted(self) -> bool:
        """Whether the call is counted because of it; not where it was counted before."""
        return self._calls is not None

    @property
    def is_counted(self) -> bool:
        """Whether the record in use names a destination whose calls are counted (`dstid_avp`)."""
        return self._calls is not None and self._index >= 0

    @property
    def parallel(self) -> tuple[Destination, ...]:
        """All that are to get the request at once, the destination in use first; empty where it is the only one.

        Those behind it are there whatever their state, and whatever the limit: so does the original (algorithm 12).
        """
        return self._lineup.members[self._first :] if self._algorithm.is_parallel else ()

    def _indices(self, index: int, limit: int) -> Iterator[int]:
        while index >= 0 and limit > 0:
            yield index
            limit -= 1
            index = self._behind(index)

    def _behind(self, index: int) -> int:
        """The index that follows in the failover list; -1 behind the last: the default, whatever its state."""
        if self._order is not None:
            return self._order.behind(index)
        lineup = self._lineup
        if index == lineup.default:
            return -1
        while True:
            index = lineup.landing[(index + 1) % lineup.size]
            if index == self._first or index == lineup.default:
                return lineup.default
            if self._calls is None or not self._is_full(lineup.members[index]):
                return index

    def _is_full(self, member: Destination) -> bool:
        assert self._calls is not None
        return is_full(member.maxload, self._calls.tally(member).calls)

    def stop_at_nameless(self) -> None:
        """Fail where a record without `duid` would be in the list: those before it stay (algorithm 10)."""
        members = self._lineup.members
        for position, index in enumerate(self._indices(self._first, self._limit)):
            if not members[index].duid:
                self.has_failed = True
                self._limit = position
                self._left = position - 1
                self._index = self._first if position else -1
                return

    def why(self) -> Why:
        """How the first destination was found; worked out now, from what was true then, but for numbers of calls."""
        lineup = self._lineup
        start = self._raw % lineup.size
        default = self._first == lineup.default
        passed = range(start, start + (lineup.size if default else (self._first - start) % lineup.size))
        key = self._algorithm.key
        return Why(
            algorithm=self._algorithm,
            key=key(self._turn.inputs, self._request) if key is not None else None,
            raw=self._raw,
            start=start,
            index=self._first,
            skipped=(
                *[
                    (lineup.members[index % lineup.size], reason)
                    for index in passed
                    if (reason := easing.reason(lineup, index % lineup.size))
                ],
                *[(member, "full") for member in self._full()],
            ),
            default=default,
        )

    def _full(self) -> Iterator[Destination]:
        """Those that could be taken if they had not as many calls as they may have, in the order of the list."""
        if not self._algorithm.counts_calls or self._request.method != b"INVITE":
            return
        lineup, calls = self._lineup, self._turn.calls
        for index, member in enumerate(lineup.members):
            tally = calls.tally(member) if calls is not None else member.condition.tally
            if index != self._first and not easing.reason(lineup, index) and is_full(member.maxload, tally.calls):
                yield member


def choose(
    lineup: Lineup,
    turn: Turn,
    algorithm: Algorithm,
    request: RequestView,
    limit: int,
    domain: bool,
) -> Selection | None:
    """Pick a member and line up the others behind it; moves `turn`, counts the call where calls are counted, no more.

    Nothing is counted for a request that gets no destination.

    Args:
        lineup: the members and their states.
        turn: the moving part of the set, or a clone of it.
        algorithm: how to pick.
        request: what to pick for.
        limit: how many records the failover list may have; 0 makes none.
        domain: whether the Request-URI is to be rewritten; where it can't be there is none, or a mere list.
    """
    turn.lineup = lineup
    raw = algorithm.pick(turn, request)
    if raw < 0:
        return None
    index = lineup.landing[raw % lineup.size]
    if index < 0:
        return None
    order = algorithm.order(turn, index) if algorithm.order is not None else None
    counted = raw
    if lineup.eased is not None and not algorithm.is_parallel:
        picked, index = index, easing.ease(lineup, turn, algorithm, request, index, order)
        if index < 0:
            return None
        if index != picked:
            counted = index
            order = order.led_by(index) if order is not None else None
    rewritten = None
    if domain:
        rewritten = rewrite(request.uri, lineup.members[index].uri)
        if rewritten is None:
            if not algorithm.lists_first or not limit:
                return None
            mere_list = Selection(lineup, turn, index, limit, algorithm, request, raw, None, None, order)
            mere_list.has_failed = True
            return mere_list
    if index != raw and algorithm.settle is not None:
        algorithm.settle(turn, index)
    calls = turn.calls if algorithm.counts_calls and request.method == b"INVITE" else None
    if calls is not None and not calls.add(request.call_id, lineup.members[counted]):
        calls = None  # It was counted before, or the member has no duid.
    if algorithm.is_parallel:
        limit = 0
    selection = Selection(lineup, turn, index, limit, algorithm, request, raw, rewritten, calls, order)
    if calls is not None and limit and not lineup.has_duids:
        selection.stop_at_nameless()
    return selection
