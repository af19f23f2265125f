"""Call load: which calls are open, on which destination each is counted, and who has the fewest.

A call is known by its Call-ID; it is counted once in each set that picked for it, on the destination in use there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heappush

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.lineup import Lineup
from dispatch.balance.tally import Tally

_SPARE = 64  # outdated entries that a heap may have beside those of its members


def is_full(limit: int, calls: int) -> bool:
    """Whether a destination with this `maxload` takes no further call: 0 is no limit, a negative one is never met."""
    return limit != 0 and calls >= limit


class Loads:
    """Who of a set has the fewest calls: a heap in which each change is a further entry, outdated ones found on top.

    Args:
        lineup: the members, and who of them can be taken.
        tallies: of each of them.
    """

    __slots__ = ("__weakref__", "_heap", "_size", "lineup", "tallies")

    def __init__(self, lineup: Lineup, tallies: Sequence[Tally]) -> None:
        self.lineup = lineup
        self.tallies = tallies
        self._size = len(tallies)
        self._heap: list[int] = []
        self._rebuild()
        for index, tally in enumerate(tallies):
            tally.tell(self, index)

    def _rebuild(self) -> None:
        size = self._size
        self._heap = [
            tally.calls * size + index for index, tally in enumerate(self.tallies) if self._is_open(index, tally.calls)
        ]
        heapify(self._heap)

    def _is_open(self, index: int, calls: int) -> bool:
        lineup = self.lineup
        return not lineup.flags[index] & health.SKIPPED and not is_full(lineup.members[index].maxload, calls)

    def least(self) -> int:
        """Index of the member with the fewest calls, the first of several; -1 where all are full or can't be taken."""
        heap, size, tallies = self._heap, self._size, self.tallies
        while heap:
            calls, index = divmod(heap[0], size)
            if tallies[index].calls == calls:
                return index
            heappop(heap)
        return -1

    def changed(self, index: int, calls: int) -> None:
        """A member has another number of calls now."""
        if self._is_open(index, calls):
            heappush(self._heap, calls * self._size + index)
            if len(self._heap) > 2 * self._size + _SPARE:
                self._rebuild()


class Call:
    """A call that is counted.

    Attributes:
        began: when, in whole seconds; anew when it goes on to another destination.
        tallies: where it is counted, one for each set.
    """

    __slots__ = ("began", "tallies")

    def __init__(self, began: int, tallies: tuple[Tally, ...]) -> None:
        self.began = began
        self.tallies = tallies


class Calls:
    """The calls that are open.

    Args:
        clock: seconds, never going back.
        expire: `ds_hash_expire`: seconds from its begin after which a call is no longer counted.
        initexpire: `ds_hash_initexpire`: the same for a call that nobody has answered.

    Attributes:
        sets: those in which calls were counted so far.
    """

    def __init__(self, clock: Callable[[], float], *, expire: int = 7200, initexpire: int = 7200) -> None:
        self._clock = clock
        self._expire = expire
        self._initexpire = initexpire
        # Both in the order of beginning. A plain dict is slow to find its first when many before it were deleted.
        self._calls: OrderedDict[bytes, Call] = OrderedDict()
        self._early: OrderedDict[bytes, Call] = OrderedDict()
        self.sets: set[int] = set()

    def __len__(self) -> int:
        return len(self._calls)

    def tally(self, member: Destination) -> Tally:
        """What counts the calls of a destination."""
        return member.condition.tally

    def tallies_of(self, call_id: bytes) -> tuple[Tally, ...]:
        """Where a call is counted; empty where it is not known."""
        call = self._calls.get(call_id)
        return call.tallies if call is not None else ()

    def add(self, call_id: bytes, member: Destination) -> bool:
        """Count a call.

        Returns:
            False when nothing was counted: it is counted in this set already, or the destination has no `duid`.
        """
        tally = member.condition.tally
        if not member.duid:
            return False
        call = self._calls.get(call_id)
        if call is None:
            self._calls[call_id] = self._early[call_id] = Call(int(self._clock()), (tally,))
        elif _counted_in(tally.group, call.tallies):
            return False
        else:
            call.tallies += (tally,)
        tally.add(1)
        self.sets.add(tally.group)
        return True

    def move(self, call_id: bytes, member: Destination) -> bool:
        """Count a call on another destination of the set, as one that begins now; False when it is not known."""
        call = self._calls.get(call_id)
        if call is None:
            return False
        call.tallies = _moved(call.tallies, member.condition.tally)
        call.began = int(self._clock())
        self._calls.move_to_end(call_id)
        self._early[call_id] = call
        self._early.move_to_end(call_id)
        return True

    def confirm(self, call_id: bytes) -> None:
        """It was answered: from now on `expire` counts, not `initexpire`."""
        self._early.pop(call_id, None)

    def remove(self, call_id: bytes) -> tuple[Tally, ...]:
        """It has ended.

        Returns:
            Where it was counted; empty when it was not known.
        """
        call = self._calls.pop(call_id, None)
        if call is None:
            return ()
        self._early.pop(call_id, None)
        for tally in call.tallies:
            tally.add(-1)
        return call.tallies

    def expire(self, most: int = 1000) -> bool:
        """Let go of calls that are past their time.

        Args:
            most: how many, so that this does not take long.

        Returns:
            Whether there may be more; ask again soon.
        """
        now = int(self._clock())
        for calls, seconds in ((self._early, self._initexpire), (self._calls, self._expire)):
            while calls:
                call_id, call = next(iter(calls.items()))
                if call.began + seconds >= now:
                    break
                if not most:
                    return True
                most -= 1
                self.remove(call_id)
        return False

    def opened(self) -> Iterator[tuple[bytes, float, bool, tuple[Tally, ...]]]:
        """The calls that are open, in any order: Call-ID, age in seconds, not answered yet, where counted."""
        now = int(self._clock())
        # In the order of the OrderedDict it would take 25 ms for 100,000 calls.
        for call_id in list(dict.keys(self._calls)):
            call = self._calls.get(call_id)
            if call is not None:
                yield call_id, now - call.began, call_id in self._early, call.tallies

    def reopen(self, call_id: bytes, age: float, tallies: tuple[Tally, ...], *, is_early: bool) -> None:
        """Count a call that began before the start, later than those that were reopened before."""
        call = self._calls[call_id] = Call(int(self._clock() - age), tallies)
        if is_early:
            self._early[call_id] = call
        for tally in tallies:
            tally.add(1)
            self.sets.add(tally.group)

    def trial(self) -> Trial:
        """To try what would be counted where, without counting it."""
        return Trial(self)


class Trial:
    """What would be counted from now on, beside what is.

    Args:
        real: what is; a trial can go on from another one.
    """

    def __init__(self, real: Calls | Trial) -> None:
        self._real = real
        self._calls: dict[bytes, tuple[Tally, ...]] = {}
        self._tallies: dict[Tally, Tally] = {}

    def tally(self, member: Destination) -> Tally:
        """A copy of what counts the calls of a destination, always the same one."""
        return self._copy(self._real.tally(member))

    def _copy(self, real: Tally) -> Tally:
        copy = self._tallies.get(real)
        if copy is None:
            copy = self._tallies[real] = Tally(real.group, real.calls)
        return copy

    def tallies_of(self, call_id: bytes) -> tuple[Tally, ...]:
        """Where a call would be counted."""
        tried = self._calls.get(call_id)
        return tried if tried is not None else tuple([self._copy(one) for one in self._real.tallies_of(call_id)])

    def add(self, call_id: bytes, member: Destination) -> bool:
        """As `Calls.add`."""
        tallies = self.tallies_of(call_id)
        tally = self.tally(member)
        if not member.duid or _counted_in(tally.group, tallies):
            return False
        self._calls[call_id] = (*tallies, tally)
        tally.add(1)
        return True

    def move(self, call_id: bytes, member: Destination) -> bool:
        """As `Calls.move`."""
        tallies = self.tallies_of(call_id)
        if not tallies:
            return False
        self._calls[call_id] = _moved(tallies, self.tally(member))
        return True

    def trial(self) -> Trial:
        """One that goes on from here."""
        return Trial(self)


def _counted_in(group: int, tallies: tuple[Tally, ...]) -> bool:
    return any(tally.group == group for tally in tallies)


def _moved(tallies: tuple[Tally, ...], to: Tally) -> tuple[Tally, ...]:
    """The places of a call that goes on to another destination of a set."""
    for tally in tallies:
        if tally.group == to.group:
            tally.add(-1)
    to.add(1)
    return (*[tally for tally in tallies if tally.group != to.group], to)
