"""What a new list keeps of the old one.

A destination is the same when set and `duid` are, or set and URI where it has no `duid`; of several that are equal in
this, the first stays the first. What is the same keeps its counters, and its state unless the list says something new.
The same `duid` with another URI keeps its counters and stays disabled, but its health starts afresh. What a person
decided apart from health (drain, maintenance) stays with what is the same, even where nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatch.balance import change, health
from dispatch.balance.destination import Destination
from dispatch.balance.group import Group
from dispatch.balance.pace import gently
from dispatch.balance.tally import Tally

Identity = tuple[int, bool, bytes, int, int]
"""Set, whether it has a `duid`, that or its listed URI, which of several equal ones, and slot (see `expansion`)."""


class Succession:
    """A list that is to come into force: its groups, and what they take over, worked out ahead.

    Making one takes long for a long list and changes nothing in use, so that a thread may do it; conditions are shared,
    and a state that changes meanwhile counts. `settle` is short.

    Args:
        before: the groups in force.
        groups: of the new list, not in use yet.
        keep_state: whether they take anything over.

    Attributes:
        before: as given.
        groups: as given.
        added: what is new in a set that was there before, where they take something over.
    """

    def __init__(self, before: Mapping[int, Group], groups: Mapping[int, Group], *, keep_state: bool) -> None:
        self.before = before
        self.groups = groups
        follows = _Heir if keep_state else _Stranger
        self._heirs = [follows(before[number], group) for number, group in groups.items() if number in before]
        self._lost = [group for number, group in before.items() if number not in groups]
        self.added = [destination for heir in self._heirs for destination in heir.added]

    def settle(self) -> Iterator[change.Change]:
        """Let the groups begin where those before are now; which states that has changed."""
        changed: list[change.Changed] = []
        for heir in self._heirs:
            changed += heir.settle()
        for group in self._lost:
            for member in group.members:
                member.condition.tally.leave()
        return change.changes_of(changed, "the list was read again", change.LIST)


def _lose(before: Mapping[Identity, Destination], now: Mapping[Identity, Destination]) -> list[Tally]:
    """What counts the calls of members that the new list has no more."""
    return [member.condition.tally for identity, member in gently(before.items()) if identity not in now]


class _Stranger:
    """A group that starts anew: calls that are open end in it, but are not counted, as in the original."""

    __slots__ = ("_group", "_kept", "_lost", "_pairs")

    added: Final = ()

    def __init__(self, before: Group, group: Group) -> None:
        known = identities(before.members)
        ours = identities(group.members)
        self._group = group
        self._lost = _lose(known, ours)
        self._pairs = [(known[identity], new) for identity, new in ours.items() if identity in known]
        self._kept = [(new.condition, old.condition.tally) for old, new in self._pairs if new.duid]

    def settle(self) -> list[change.Changed]:
        changed: list[change.Changed] = []
        for tally in self._lost:
            tally.leave()
        for condition, tally in self._kept:
            condition.tally = tally
            tally.calls = 0
        for old, new in self._pairs:
            before, condition = old.condition, new.condition
            condition.admin, condition.history, condition.changed = before.admin, before.history, before.changed
            condition.flags |= before.flags & health.ADMINISTERED
            if condition.flags != before.flags:
                changed.append((new, before.flags, condition.flags))
        self._group.renew()
        return changed


class _Heir:
    """A group and the one before it."""

    __slots__ = ("_before", "_cursors", "_group", "_lost", "_renewed", "_same_weights", "added")

    def __init__(self, before: Group, group: Group) -> None:
        self._before = before
        self._group = group
        self._renewed: list[tuple[Destination, Destination]] = []
        self.added: list[Destination] = []
        known = identities(before.members)
        ours = identities(group.members)
        for identity, destination in gently(ours.items()):
            same = known.get(identity)
            if same is None:
                self.added.append(destination)
                continue
            if _moved(same, destination):
                destination.condition.tally = same.condition.tally  # it has a condition of its own, made ahead
            else:
                destination.condition = same.condition
            if _says_something_new(same, destination):
                self._renewed.append((same, destination))
        self._lost = _lose(known, ours)
        self._cursors = _cursors(before, known, group, ours)
        self._same_weights = _weights(before, known) == _weights(group, ours)

    def settle(self) -> list[change.Changed]:
        changed: list[change.Changed] = []
        for same, destination in self._renewed:
            before, condition = same.condition, destination.condition
            flags = before.flags
            condition.flags = _renewed_flags(flags, same.listed, destination.listed)
            condition.failed = 0
            if condition is not before:
                condition.selected, condition.failures = before.selected, before.failures
                condition.admin, condition.history, condition.changed = before.admin, before.history, before.changed
            if condition.flags != flags:
                changed.append((destination, flags, condition.flags))
        for tally in self._lost:
            tally.leave()
        group, old = self._group, self._before.turn
        turn = group.turn
        group.renew()  # states may have changed since it was lined up
        turn.cursor = self._cursors[old.cursor]
        turn.shares.cursor = old.shares.cursor
        if self._same_weights:
            turn.weights, turn.smooth, turn.tier = old.weights, old.smooth, old.tier
        return changed


def identities(members: Iterable[Destination]) -> dict[Identity, Destination]:
    """The members by what they are known by, in the order of the list."""
    found: dict[Identity, Destination] = {}
    seen: dict[tuple[bool, bytes, int], int] = {}
    for member in gently(sorted(members, key=lambda member: member.line)):
        has_duid, name = bool(member.duid), member.duid or member.listed_uri.lower()
        occurrence = seen.get((has_duid, name, member.slot), 0)
        seen[has_duid, name, member.slot] = occurrence + 1
        found[member.group, has_duid, name, occurrence, member.slot] = member
    return found


def _says_something_new(old: Destination, new: Destination) -> bool:
    return old.listed != new.listed or _moved(old, new)


def _moved(old: Destination, new: Destination) -> bool:
    return old.uri.lower() != new.uri.lower()


def _renewed_flags(flags: int, listed_before: int, listed: int) -> int:
    """The state of a destination of which the list says something new: what a person decided stays."""
    return listed | flags & (health.ADMINISTERED | ~listed_before & health.DISABLED)


def _weights(group: Group, known: Mapping[Identity, Destination]) -> list[tuple[Identity, bytes | None]]:
    """Who is in it, in which order, with which weight: while that is the same, all that goes by weight can go on."""
    identity_of = {id(member): identity for identity, member in gently(known.items())}
    return [(identity_of[id(member)], member.attributes.get(b"weight")) for member in gently(group.members)]


def _cursors(
    before: Group, known: Mapping[Identity, Destination], group: Group, ours: Mapping[Identity, Destination]
) -> list[int]:
    """By index of the member whose turn it was: the index of the same one, or of the next that is still there."""
    index_of = {id(member): index for index, member in gently(enumerate(group.members))}
    identity_of = {id(member): identity for identity, member in gently(known.items())}
    stayed = [ours.get(identity_of[id(member)]) for member in gently(before.members)]
    following = next((index_of[id(still)] for still in stayed if still is not None), 0)
    cursors = [0] * len(stayed)
    for index in gently(range(len(stayed) - 1, -1, -1)):
        still = stayed[index]
        if still is not None:
            following = index_of[id(still)]
        cursors[index] = following
    return cursors


class FieldChange(NamedTuple):
    """Something that a list says otherwise about a destination."""

    name: str
    before: bytes | int
    after: bytes | int


@dataclass(frozen=True, slots=True)
class Change:
    """What a new list does to a destination.

    Attributes:
        kind: ``added``, ``removed``, ``changed``, or ``reordered`` for a set: what stays comes in another order.
        group: id of the set.
        before: the destination in force; None where it is added or `kind` is ``reordered``.
        after: the one that takes its place; None where it is removed or `kind` is ``reordered``.
        fields: what the list says otherwise.
        next_flags: the state that it will have; 0 where it is removed.
        keeps: its counters go on.
    """

    kind: str
    group: int
    before: Destination | None = None
    after: Destination | None = None
    fields: tuple[FieldChange, ...] = ()
    next_flags: int = 0
    keeps: bool = False


def differences(
    before: Mapping[int, Group], sets: Mapping[int, Sequence[Destination]], *, keep_state: bool
) -> list[Change]:
    """What would change if `sets` came into force now, set by set; changes nothing, and a thread may do it.

    Args:
        before: the groups in force.
        sets: members by set id, of a new list.
        keep_state: whether a reload keeps states.
    """
    changes: list[Change] = []
    for number in sorted({*before, *sets}):
        members = before[number].members if number in before else ()
        changes += _changes(number, members, sets.get(number, ()), keep_state)
    return changes


def _changes(
    number: int, members: Sequence[Destination], after: Sequence[Destination], keep_state: bool
) -> Iterator[Change]:
    known, ours = identities(members), identities(after)
    for identity, old in gently(known.items()):
        new = ours.get(identity)
        if new is None:
            yield Change("removed", number, old)
            continue
        flags = new.listed | old.flags & health.ADMINISTERED
        if keep_state:
            is_new = _says_something_new(old, new)
            flags = _renewed_flags(old.flags, old.listed, new.listed) if is_new else old.flags
        fields = _field_changes(old, new)
        if fields or flags != old.flags:
            yield Change("changed", number, old, new, fields, flags, keep_state)
    for identity, new in gently(ours.items()):
        if identity not in known:
            yield Change("added", number, None, new, next_flags=new.listed)
    if _order(members, known, ours) != _order(after, ours, known):
        yield Change("reordered", number)


def _field_changes(old: Destination, new: Destination) -> tuple[FieldChange, ...]:
    pairs = (
        FieldChange("uri", old.uri, new.uri),
        FieldChange("flags", old.listed, new.listed),
        FieldChange("priority", old.priority, new.priority),
        FieldChange("attributes", old.attrs, new.attrs),
    )
    return tuple([pair for pair in pairs if pair.before != pair.after])


def _order(
    members: Sequence[Destination], ours: Mapping[Identity, Destination], theirs: Mapping[Identity, Destination]
) -> list[Identity]:
    """The identities that both lists have, in the order in which they are picked."""
    identity_of = {id(member): identity for identity, member in ours.items()}
    return [identity for member in members if (identity := identity_of[id(member)]) in theirs]
