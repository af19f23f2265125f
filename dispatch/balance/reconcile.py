"""What a new list keeps of the old one.

A destination is the same when set and `duid` are, or set and URI where it has no `duid`; of several that are equal in
this, the first stays the first. What is the same keeps its counters, and its state unless the list says something new.
The same `duid` with another URI keeps its counters and stays disabled, but its health starts afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.group import Group
from dispatch.balance.health import Condition

Identity = tuple[int, bool, bytes, int]


def hand_on(old: Mapping[int, Group], new: Mapping[int, Group]) -> None:
    """Give `new` the conditions and cursors of `old`; the groups of `new` are not in use yet."""
    for number, group in new.items():
        before = old.get(number)
        if before is not None:
            _hand_on(before, group)


def _hand_on(before: Group, group: Group) -> None:
    known = identities(before.members)
    ours = identities(group.members)
    for identity, destination in ours.items():
        same = known.get(identity)
        if same is not None:
            destination.condition = _carried(same, destination)
    group.lineup = None
    group.turn.cursor = _cursor(before, known, group, ours)


def identities(members: Iterable[Destination]) -> dict[Identity, Destination]:
    """The members by what they are known by, in the order of the list."""
    found: dict[Identity, Destination] = {}
    seen: dict[tuple[bool, bytes], int] = {}
    for member in sorted(members, key=lambda member: member.line):
        name = (True, member.duid) if member.duid else (False, member.uri.lower())
        occurrence = seen.get(name, 0)
        seen[name] = occurrence + 1
        found[(member.group, *name, occurrence)] = member
    return found


def _carried(old: Destination, new: Destination) -> Condition:
    """The condition that a destination goes on with; shared with the old one, whose calls may still fail."""
    condition = old.condition
    if old.uri.lower() != new.uri.lower():
        fresh = Condition(new.listed | condition.flags & health.DISABLED)
        fresh.selected, fresh.failures = condition.selected, condition.failures
        return fresh
    if old.listed != new.listed:
        condition.flags = new.listed
        condition.failed = 0
    return condition


def _cursor(
    before: Group, known: Mapping[Identity, Destination], group: Group, ours: Mapping[Identity, Destination]
) -> int:
    """The index of the member whose turn it was, or of the next one that is still there."""
    index_of = {id(member): index for index, member in enumerate(group.members)}
    identity_of = {id(member): identity for identity, member in known.items()}
    size = len(before.members)
    for step in range(size):
        member = before.members[(before.turn.cursor + step) % size]
        still = ours.get(identity_of[id(member)])
        if still is not None:
            return index_of[id(still)]
    return 0
