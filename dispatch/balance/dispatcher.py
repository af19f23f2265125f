"""The one object that holds the groups; what routes and control talk to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Final

from dispatch.balance import health
from dispatch.balance.admin import DRAINED, READY, Admin
from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.change import COMMAND, IDENTITY, TRAFFIC, Change, Changed, Observer, Routed, changes_of
from dispatch.balance.destination import Destination
from dispatch.balance.group import Care, Group
from dispatch.balance.interfaces import RequestView
from dispatch.balance.lineup import Lineup
from dispatch.balance.live import Live
from dispatch.balance.load import Calls
from dispatch.balance.pace import gently
from dispatch.balance.reconcile import Succession
from dispatch.balance.roster import Roster
from dispatch.balance.selection import Selection, choose, known_algorithms
from dispatch.balance.turn import PLAIN, HashKey, Inputs, Turn
from dispatch.errors import UnknownDestination

_USER_ONLY: Final = 1  # bits of `flags`
_FAILOVER: Final = 2
_MISTAKES: Final = 100
_SPARED: Final = 500  # ms


class Dispatcher:
    """The sets in force, and selection from them.

    Args:
        random: where chance comes from.
        flags: module parameter `flags`; bit 1 hashes user parts only, bit 2 makes failover lists.
        use_default: module parameter; the last member of a set is kept for when no other can be used.
        force_dst: module parameter; 0 leaves a request alone that has a destination already.
        hash_key: `hash_pvar`, put to work on a request; None where it is not set.
        clock: seconds, never going back.
        calls: the calls that are counted; None where `ds_hash_size` is 0.
        probing_threshold: `ds_probing_threshold`.
        inactive_threshold: `ds_inactive_threshold`.
        probing_mode: `ds_probing_mode`.
        panic_threshold: percent of a set that must be healthy; below it all that no person disabled are used.
        live: listens to what becomes of requests; None where nobody does.
        warn: told, once for each set and number, that there is no such algorithm.

    Attributes:
        groups: by set id, in the order of listings; another mapping after each `replace`.
        failover: whether selections have further candidates.
        force_dst: as given.
        probing_threshold: as given; another holds from the next failure on.
        inactive_threshold: as given; another holds from the next success on.
        probing_mode: as given.
        calls: as given.
        live: as given.
        observer: told of every change of a state, after it; may not raise. None where nobody wants to know.
        observer_of_many: told of those that come at once in place of it, where there is one; they are made while they
            are read, which may take its time.
    """

    def __init__(
        self,
        random: Random,
        *,
        flags: int = 0,
        use_default: int = 0,
        force_dst: int = 1,
        hash_key: HashKey | None = None,
        clock: Callable[[], float] = PLAIN.clock,
        calls: Calls | None = None,
        probing_threshold: int = 1,
        inactive_threshold: int = 1,
        probing_mode: int = 0,
        panic_threshold: int = 0,
        live: Live | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.groups: Mapping[int, Group] = {}
        self.failover = bool(flags & _FAILOVER)
        self.calls = calls
        self.observer: Observer | None = None
        self.observer_of_many: Callable[[Iterator[Change]], None] | None = None
        self._random = random
        self._inputs = Inputs(bool(flags & _USER_ONLY), hash_key, clock)
        self._use_default = bool(use_default)
        self.force_dst = bool(force_dst)
        self.probing_threshold = probing_threshold
        self.inactive_threshold = inactive_threshold
        self.probing_mode = probing_mode
        self.live = live
        if live is not None:
            live.observer = self._observe
        self._care = Care(panic_threshold, self._panicked, live.returned if live is not None else None)
        self._warn = warn
        self._warned: set[tuple[int, int | None]] = set()

    def select(
        self,
        request: RequestView,
        group: int,
        algorithm: Algorithm,
        limit: int = 0,
        *,
        domain: bool = False,
        has_destination: bool = False,
        earlier: Selection | None = None,
    ) -> Selection | None:
        """A destination for a request (`ds_select_dst`, `ds_select_domain`); None where the original returns -1.

        With algorithms 10 and 13 there is a selection that is no success: see `Selection.has_failed`.

        Args:
            request: what the algorithm looks at.
            group: set id.
            algorithm: a row of the table.
            limit: how many candidates at most, the first one and the default included; 0 or less: all.
            domain: rewrite the Request-URI (`Selection.rewritten`) instead of setting a destination.
            has_destination: the request has a destination URI already.
            earlier: the selection made before for the same request, to go on with when this one is through.
        """
        if has_destination and not self.force_dst and not domain:
            return None
        found = self.groups.get(group)
        if found is None or group < 0:
            return None
        lineup = found.lineup
        if lineup is None:
            lineup = found.line_up()
        if not algorithm.is_known:
            self._warn_of(group, algorithm)
        selection = choose(lineup, found.turn, algorithm, request, self._records(lineup, limit), domain)
        if selection is not None:
            selection.earlier = earlier
            if not selection.is_mere_list:
                selection.destination.condition.selected += 1
        return selection

    def _warn_of(self, group: int, algorithm: Algorithm) -> None:
        """Not for each message, and no more often than there may be honest mistakes."""
        seen = (group, algorithm.number)
        if seen not in self._warned and len(self._warned) < _MISTAKES:
            self._warned.add(seen)
            if self._warn is not None:
                self._warn(
                    f"set {group} is asked for algorithm {algorithm.number}, which does not exist: the first "
                    f"destination gets all; choose one of {known_algorithms()}"
                )

    def _observe(self, change: Change) -> None:
        if self.observer is not None:
            self.observer(change)

    def _panicked(self, group: int, is_panic: bool) -> None:
        if self._warn is not None:
            self._warn(
                f"set {group}: too few destinations are healthy, all that nobody disabled are used"
                if is_panic
                else f"set {group}: enough destinations are healthy again, the others are left out"
            )

    def foretell(
        self,
        request: RequestView,
        group: int,
        algorithm: Algorithm,
        limit: int = 0,
        *,
        domain: bool = False,
        turn: Turn,
    ) -> Selection | None:
        """What `select` would answer, by the same code, moving only `turn`: a clone of the turn of that set."""
        found = self.groups.get(group)
        if found is None or group < 0:
            return None
        lineup = found.look()
        selection = choose(lineup, turn, algorithm, request, self._records(lineup, limit), domain)
        if selection is not None:
            selection.is_foretold = True
        return selection

    def _records(self, lineup: Lineup, limit: int) -> int:
        if not self.failover:
            return 0
        return limit if limit > 0 else len(lineup.members)

    def replace(self, roster: Roster, *, keep_state: bool = True) -> None:
        """Put a list in force; selections that were made before go on with the old one.

        Args:
            roster: without errors.
            keep_state: hand states, counters and cursors on to what stays; False starts them anew, as the original.
        """
        self.succeed(self.prepare(roster, keep_state=keep_state))

    def prepare(self, roster: Roster, *, keep_state: bool = True) -> Succession:
        """The long part of `replace`, which changes nothing: a thread may do it while requests come in."""
        groups = {
            number: Group(
                number,
                members,
                use_default=self._use_default,
                random=self._random,
                inputs=self._inputs,
                calls=self.calls,
                care=self._care,
            )
            for number, members in gently(roster.sets.items())
        }
        return Succession(self.groups, groups, keep_state=keep_state)

    def succeed(self, succession: Succession) -> None:
        """The short part of `replace`.

        Raises:
            ValueError: another list came into force since `prepare`.
        """
        if succession.before is not self.groups:
            raise ValueError("another list came into force meanwhile; prepare this one again")
        changes = succession.settle()
        self.groups = succession.groups
        if self.live is not None:
            self.live.groups = succession.groups
            self.live.added(succession.added)
        self._tell_all(changes)

    def _tell_all(self, changes: Iterator[Change]) -> None:
        if self.observer_of_many is not None:
            self.observer_of_many(changes)
        elif self.observer is not None:
            for change in changes:
                self.observer(change)

    def destinations(self) -> Iterator[Destination]:
        """All of them, in the order of listings."""
        for group in self.groups.values():
            yield from group.members

    def set_state(self, group: int, address: bytes, flags: int) -> None:
        """What a person decides about a destination: its five state bits.

        Args:
            group: set id.
            address: URI as listed, letters compared without case; the first such member is meant.
            flags: see `health.commanded`.

        Raises:
            UnknownDestination: nothing in the set has that address.
        """
        found, destination = self._named(group, address)
        self._set_all(found, (destination,), flags)

    def _named(self, group: int, address: bytes) -> tuple[Group, Destination]:
        found = self.groups.get(group)
        destination = found.find(address) if found is not None else None
        if found is None or destination is None:
            raise UnknownDestination(f"set {group} has no {address!r}")
        return found, destination

    def set_states(self, group: int, flags: int) -> None:
        """The same for every destination of a set; for none where there is no such set."""
        found = self.groups.get(group)
        if found is not None:
            self._set_all(found, found.members, flags)

    def _set_all(self, group: Group, destinations: Sequence[Destination], flags: int) -> None:
        live = self.live
        changed: list[Changed] = []
        for destination in destinations:
            before = destination.condition.flags
            after = health.replaced(before, flags)
            if after != before:
                group.set_flags(destination, after)
                changed.append((destination, before, after))
            conduct = destination.condition.conduct
            if live is not None and conduct is not None and conduct.is_out and not after & health.SKIPPED:
                live.lift(destination)
        self._tell_all(changes_of(changed, "set by a command", COMMAND))

    def administer(self, group: int, address: bytes, admin: Admin | None, reason: str) -> Change:
        """What a person decides about a destination apart from its health.

        Args:
            group: set id.
            address: as in `set_state`.
            admin: from now on; None for nothing: it takes calls as its health has it.
            reason: in words.

        Raises:
            UnknownDestination: nothing in the set has that address.
        """
        found, destination = self._named(group, address)
        before, decided = destination.flags, destination.condition.admin
        found.administer(destination, admin)
        mode = admin.mode if admin is not None else READY
        change = Change(destination, before, destination.flags, reason, COMMAND, mode)
        if self.observer is not None and (admin or decided):  # one that was ready is as it was
            self.observer(change)
        return change

    def drained(self, destination: Destination, reason: str) -> None:
        """The last call of a destination that takes no new ones has ended, or is not waited for any longer."""
        condition = destination.condition
        if condition.admin is None or condition.admin.is_done:
            return
        condition.admin = condition.admin._replace(is_done=True)
        if self.observer is not None:
            self.observer(Change(destination, condition.flags, condition.flags, reason, COMMAND, DRAINED))

    def mark(self, group: int, address: bytes, state: bytes = b"", routed: Routed | None = None) -> Change | None:
        """What a script says about the destination in use (`ds_mark_dst`), the first record of its selection.

        Args:
            group: set id.
            address: URI of it.
            state: letters, see `health.marked`.
            routed: what the script is routing.

        Returns:
            None where the original returns -1: no failover, or the destination has left the list.

        Raises:
            ValueError: a letter names no state.
        """
        requested = health.marked(state, self.probing_mode)
        return self.update(group, address, requested, routed=routed) if self.failover else None

    def find(self, group: int, address: bytes) -> Destination | None:
        """The first member of a set with that URI, letters compared without case."""
        found = self.groups.get(group)
        return found.find(address) if found is not None else None

    def update(
        self,
        group: int,
        address: bytes,
        requested: int,
        reason: str = "marked by the script",
        cause: str = TRAFFIC,
        routed: Routed | None = None,
    ) -> Change | None:
        """Traffic or a probe asks for a state: thresholds count, and the first member with that address is meant.

        Args:
            group: set id.
            address: URI as listed.
            requested: bits asked for.
            reason: why, in words.
            cause: who asks, see `Change`.
            routed: see `mark`.

        Returns:
            None when there is no such member.
        """
        found = self.groups.get(group)
        destination = found.find(address) if found is not None else None
        if found is None or destination is None:
            return None
        before = destination.flags
        after = health.update(
            destination.condition,
            requested,
            probing_threshold=self.probing_threshold,
            inactive_threshold=self.inactive_threshold,
        )
        found.set_flags(destination, after)
        change = Change(destination, before, after, reason, cause, health.event(before, after), routed)
        if self.observer is not None and after != before:
            self.observer(change)
        return change

    def distrust(self, destination: Destination, reason: str) -> None:
        """It did not prove to be who it should be: inactive at once, and probed until it does.

        Args:
            destination: from a list; another may be in force by now.
            reason: in words.
        """
        found = self.groups.get(destination.group)
        if found is None or destination not in found.members:
            return
        before = destination.flags
        if before & (health.DISABLED | health.INACTIVE):
            return
        destination.condition.last_failure = reason
        after = health.replaced(before, health.INACTIVE | health.PROBING)
        found.set_flags(destination, after)
        if self.observer is not None:
            self.observer(Change(destination, before, after, reason, IDENTITY, health.event(before, after)))

    def measured(self, group: int, address: bytes, milliseconds: int, alpha: float) -> bool:
        """A probe was answered (`ds_ping_latency_stats`); False when there is no such destination.

        Args:
            group: set id.
            address: URI as listed.
            milliseconds: from the probe to its answer.
            alpha: weight of what was known before, 0 to 1.
        """
        found = self.groups.get(group)
        destination = found.find(address) if found is not None else None
        if found is None or destination is None:
            return False
        found.measured(destination, milliseconds, alpha)
        return True

    def set_overload(self, group: int, address: bytes, rate: int, milliseconds: int, sequence: int) -> bool:
        """A destination wants to be spared (`ds_oc_set_attrs` of later versions, RFC 7339).

        Args:
            group: set id.
            address: URI as listed.
            rate: percent of its turns at which it is passed over; 0 for none.
            milliseconds: how long; 0 or less is 500 (RFC 7339 §4.3).
            sequence: a wish with a number not above that of the one before is an old one.

        Returns:
            False when there is no such destination, or the wish is an old one.
        """
        found = self.groups.get(group)
        destination = found.find(address) if found is not None else None
        if destination is None:
            return False
        condition = destination.condition
        if condition.overload is not None and sequence <= condition.overload.sequence:
            return False
        seconds = (milliseconds if milliseconds > 0 else _SPARED) / 1000
        condition.overload = health.Overload(min(max(rate, 0), 100), self._inputs.clock() + seconds, sequence)
        return True

    def calls_at(self, destination: Destination) -> int | None:
        """How many calls are open there; None where they are not counted: that takes algorithm 10 and a `duid`."""
        if self.calls is None or not destination.duid or destination.group not in self.calls.sets:
            return None
        return destination.condition.tally.calls

    def load_update(self, call_id: bytes, method: bytes, status: int = 0) -> None:
        """Follow what becomes of a call (`ds_load_update`): BYE and CANCEL end it, a 2xx to INVITE confirms it.

        Args:
            call_id: of the message.
            method: of the request, or of CSeq.
            status: of a response; 0 for a request.
        """
        if self.calls is None:
            return
        if not status and method in (b"BYE", b"CANCEL"):
            self.calls.remove(call_id)
        elif 200 <= status < 300 and method == b"INVITE":
            self.calls.confirm(call_id)

    def load_move(self, call_id: bytes, destination: Destination) -> None:
        """Count a call on another destination of a set that it is counted in: that one has answered it after all."""
        if self.calls is not None:
            self.calls.move(call_id, destination)

    def load_unset(self, call_id: bytes, *, selection: Selection | None = None, is_invite: bool = False) -> bool:
        """The call is over, or never came to be (`ds_load_unset`).

        Args:
            call_id: of the message.
            selection: of the request, where the message is one.
            is_invite: whether the message is an INVITE request: then nothing happens unless the record in use is one
                whose calls are counted.

        Returns:
            False where the original returns -1: the call is not counted.
        """
        if is_invite and (selection is None or not selection.is_counted):
            return True
        if self.calls is None:
            return False
        return any(not tally.is_gone for tally in self.calls.remove(call_id))

    def expire_load(self, most: int = 1000) -> bool:
        """Let go of calls that are past their time, `most` at a time; True when there may be more of them."""
        return self.calls is not None and self.calls.expire(most)

    def report_failure(self, destination: Destination, reason: str) -> None:
        """A request failed there.

        Args:
            destination: from a selection; it may have left the list since.
            reason: in words, for listings.
        """
        condition = destination.condition
        condition.failures += 1
        condition.last_failure = reason
