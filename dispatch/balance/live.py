"""What live traffic tells of destinations, and what follows from it: ejection, Retry-After, overload, slow start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from dispatch.balance import ejection, health
from dispatch.balance.change import CALLS, EJECTED, RETURNED, Change, Observer
from dispatch.balance.conduct import Conduct, Memory
from dispatch.balance.destination import Destination
from dispatch.balance.ejection import Ejection
from dispatch.balance.group import Group
from dispatch.sip import overload
from dispatch.sip.message import Message

_SILENT: Final = 408
_BUSY: Final = 503


class Live:
    """Listens to what becomes of requests, and acts on the lineups of their sets.

    Args:
        clock: seconds, never going back.
        settings: what ejects, and for how long.
        slow_start: seconds in which a destination that is new or comes back gets a growing share; 0: none.
        retry_after: seconds that a 503 with Retry-After keeps a destination out, at most; 0: it does not.
        overload_control: whether `oc` parameters in Via are honoured (RFC 7339).

    Attributes:
        groups: the sets in force; whoever changes them says so here.
        observer: told of every ejection and its end; may not raise. None where nobody wants to know.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        settings: Ejection,
        *,
        slow_start: float = 0.0,
        retry_after: float = 0.0,
        overload_control: bool = False,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._failures = frozenset(settings.codes)
        self._slow_start = slow_start
        self._retry_after = retry_after
        self._overload_control = overload_control
        self._next_look = clock() + settings.interval
        self._heard: dict[Conduct, Destination] = {}  # with calls in this interval, or ejections to make up for
        self._out: dict[Conduct, Destination] = {}
        self._warm: dict[Conduct, Destination] = {}
        self._spared: dict[Conduct, Destination] = {}
        self.groups: Mapping[int, Group] = {}
        self.observer: Observer | None = None

    def heard(self, destination: Destination, status: int, response: Message | None = None) -> None:
        """A request to a destination has come to an end.

        Args:
            destination: from a selection; it may have left the list since.
            status: of the final answer; 408 without one, 503 where the network refused.
            response: the answer; None where there was none.
        """
        conduct = _conduct(destination)
        if response is not None:
            if self._overload_control:
                self._spare(destination, conduct, response)
            if status == _BUSY and self._retry_after and self._wait(destination, conduct, response):
                return
            is_failure = status in self._failures
        elif not (self._settings.timeouts if status == _SILENT else self._settings.unreachable):
            return
        else:
            is_failure = True
        if conduct.out_until or not self._settings.is_on:
            return
        self._heard[conduct] = destination
        if ejection.note(conduct, self._settings, is_failure=is_failure):
            self._eject(
                destination, conduct, f"{conduct.in_a_row} failures in a row, the last: {_words(status, response)}"
            )

    def _wait(self, destination: Destination, conduct: Conduct, response: Message) -> bool:
        """It is out as long as it said itself (RFC 3261 §20.33); False where it said nothing."""
        asked = overload.retry_after(response)
        if not asked:
            return False
        seconds = min(float(asked), self._retry_after)
        until = self._clock() + seconds
        if until > conduct.out_until:
            self._keep_out(destination, conduct, seconds, "503 with Retry-After")
        return True

    def _eject(self, destination: Destination, conduct: Conduct, reason: str) -> None:
        group = self.groups.get(destination.group)
        if group is None:
            return
        # One that has left the list may be out still, but it is none of the set.
        out = sum(one.group == group.number and group.find(one.uri) is not None for one in self._out.values())
        if ejection.may_eject(out, len(group.members), self._settings):
            self._keep_out(destination, conduct, ejection.eject(conduct, self._settings), reason)

    def _keep_out(self, destination: Destination, conduct: Conduct, seconds: float, reason: str) -> None:
        was_out = conduct.is_out
        conduct.out_until = self._clock() + seconds
        conduct.reason = reason
        conduct.warm_since = None
        self._out[conduct] = destination
        if not was_out:
            self._renew(destination)
            self._tell(destination, EJECTED, f"for {seconds:g} seconds: {reason}")

    def _spare(self, destination: Destination, conduct: Conduct, response: Message) -> None:
        """It wants fewer requests, or says that it no longer does."""
        wish = overload.read(response)
        condition = destination.condition
        if wish is None or (condition.overload is not None and wish.sequence <= condition.overload.sequence):
            return
        condition.overload = health.Overload(wish.rate, self._clock() + wish.seconds, wish.sequence)
        is_spared = wish.rate > 0 and wish.seconds > 0
        if is_spared:
            self._spared[conduct] = destination
        if is_spared is not conduct.is_spared:
            conduct.is_spared = is_spared
            self._renew(destination)

    def returned(self, destination: Destination) -> None:
        """It can be taken again, or is new, so that its set is about to line up anew: its slow start begins."""
        if not self._slow_start:
            return
        conduct = destination.condition.conduct
        if conduct is None:
            conduct = destination.condition.conduct = Conduct()
        elif conduct.out_until:
            return
        conduct.warm_since, conduct.warm_for = self._clock(), self._slow_start
        self._warm[conduct] = destination

    def added(self, destinations: Iterable[Destination]) -> None:
        """A new list has brought them into sets that were there before."""
        for destination in destinations:
            if not destination.flags & health.SKIPPED:
                self.returned(destination)

    def lift(self, destination: Destination) -> None:
        """A person wants it taken: nothing that traffic told keeps it out any more."""
        conduct = destination.condition.conduct
        if conduct is not None and conduct.is_out:
            self._end(destination, conduct, "a command ended its ejection")

    def memory(self, destination: Destination) -> Memory | None:
        """What is to outlive a restart; None for nothing."""
        conduct, now = destination.condition.conduct, self._clock()
        if conduct is None or not (conduct.is_out or conduct.ejections or conduct.warm_since is not None):
            return None
        warm = now - conduct.warm_since if conduct.warm_since is not None else None
        return Memory(max(0.0, conduct.out_until - now), conduct.reason, conduct.ejections, warm)

    def resume(self, destination: Destination, memory: Memory | None, away: float) -> None:
        """Go on with it after a restart, as far as the settings still want that; nobody is told anew.

        Args:
            destination: in a list that is not in use yet.
            memory: None for nothing.
            away: seconds since it was written down.
        """
        conduct = _conduct(destination)
        conduct.warm_since = None
        if memory is not None:
            now, left = self._clock(), memory.out - away
            if self._settings.is_on and memory.ejections:
                conduct.ejections = memory.ejections
                self._heard[conduct] = destination
            if left > 0 and self._longest:
                conduct.out_until, conduct.reason = now + min(left, self._longest), memory.reason
                self._out[conduct] = destination
            warm = -left if memory.out else memory.warm + away if memory.warm is not None else self._slow_start
            if left <= 0 and warm < self._slow_start:
                conduct.warm_since, conduct.warm_for = now - warm, self._slow_start
                self._warm[conduct] = destination
        self._renew(destination)

    @property
    def _longest(self) -> float:
        """Seconds that anything keeps a destination out."""
        settings = self._settings
        return max(self._retry_after, settings.max_time, settings.base_time) if settings.is_on else self._retry_after

    def tick(self) -> None:
        """What time brings; to be called once a second or so."""
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + self._settings.interval
            self._look()
        for conduct, destination in list(self._out.items()):
            if conduct.out_until <= now:
                self._end(destination, conduct, "its ejection is over")
        for conduct, destination in list(self._warm.items()):
            if conduct.warm_since is None or conduct.warm_since + conduct.warm_for <= now:
                conduct.warm_since = None
                del self._warm[conduct]
                self._renew(destination)
        for conduct, destination in list(self._spared.items()):
            wish = destination.condition.overload
            if not conduct.is_spared or wish is None or wish.until <= now:
                conduct.is_spared = False
                del self._spared[conduct]
                self._renew(destination)

    def _end(self, destination: Destination, conduct: Conduct, reason: str) -> None:
        conduct.out_until, conduct.reason, conduct.in_a_row = 0.0, "", 0
        self._out.pop(conduct, None)
        group = self.groups.get(destination.group)
        if group is None or all(member.condition is not destination.condition for member in group.members):
            return  # it has left the list
        group.renew()
        self._tell(destination, RETURNED, reason)
        if not destination.flags & health.SKIPPED:
            self.returned(destination)

    def _look(self) -> None:
        """An interval is over: compare success rates, and count anew."""
        sets: dict[int, list[Conduct]] = {}
        for conduct, destination in self._heard.items():
            sets.setdefault(destination.group, []).append(conduct)
        for conducts in sets.values():
            for conduct, rate, least in ejection.outliers(conducts, self._settings):
                self._eject(self._heard[conduct], conduct, f"success rate {rate:.1%}, below {least:.1%} of its set")
        for conduct in self._heard:
            ejection.begin_interval(conduct)
        self._heard = {one: destination for one, destination in self._heard.items() if one.ejections}

    def _renew(self, destination: Destination) -> None:
        group = self.groups.get(destination.group)
        if group is not None:
            group.renew()

    def _tell(self, destination: Destination, event: str, reason: str) -> None:
        if self.observer is not None:
            self.observer(Change(destination, destination.flags, destination.flags, reason, CALLS, event))


def _conduct(destination: Destination) -> Conduct:
    condition = destination.condition
    conduct = condition.conduct
    if conduct is None:
        conduct = condition.conduct = Conduct()
    return conduct


def _words(status: int, response: Message | None) -> str:
    if response is not None:
        return f"answered {status}"
    return "gave no answer" if status == _SILENT else "could not be reached"
