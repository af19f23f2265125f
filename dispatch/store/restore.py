"""State that was kept, given back to a list that may have changed meanwhile: by the rules of a reload."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.balance import health
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.expansion import Known
from dispatch.balance.group import Group
from dispatch.balance.live import Live
from dispatch.balance.reconcile import Identity, identities
from dispatch.balance.tally import Tally
from dispatch.store.document import Document, KeptDestination, KeptSet


def restore(dispatcher: Dispatcher, document: Document, now: float) -> int:
    """Let the dispatcher go on where the document ends.

    Args:
        dispatcher: with its list in force, not in use yet.
        document: what was kept.
        now: seconds since 1970.

    Returns:
        How many destinations were known.
    """
    away = max(0.0, now - document.written)
    tallies: dict[Identity, Tally] = {}
    for number, group in dispatcher.groups.items():
        kept = document.sets.get(number)
        if kept is not None:
            _restore_set(group, kept, tallies)
            if dispatcher.live is not None:
                _restore_traffic(dispatcher.live, group, kept, away)
    if dispatcher.calls is not None:
        for call in document.calls:
            places = tuple(tallies[kept.identity] for kept in call.at if kept.identity in tallies)
            if places:
                dispatcher.calls.reopen(call.call_id, call.age + away, places, is_early=call.is_early)
    return len(tallies)


def machines(document: Document) -> Known:
    """The machines that answered for names when the document was written."""
    found: Known = {}
    for kept in document.sets.values():
        for one in kept.members:
            if one.name != one.uri:
                found.setdefault((kept.number, one.name.lower()), {})[one.uri.lower()] = one.identity[4]
    return found


def _restore_set(group: Group, kept: KeptSet, tallies: dict[Identity, Tally]) -> None:
    ours = identities(group.members)
    for one in kept.members:
        member = ours.get(one.identity)
        if member is not None:
            _restore_member(group, member, one)
            tallies[one.identity] = member.condition.tally
    turn = group.turn
    turn.cursor = _cursor(group, kept, ours)
    turn.shares.cursor = kept.shares
    if kept.table and max(kept.table) < len(group.members) and _weights(group, ours) == _kept_weights(kept):
        turn.weights.table, turn.weights.cursor = kept.table, kept.slot


def _restore_member(group: Group, member: Destination, kept: KeptDestination) -> None:
    condition = member.condition
    if not _is_same(member, kept) or kept.listed != member.listed:
        group.set_flags(member, member.listed | kept.flags & ~kept.listed & health.DISABLED)
    else:
        group.set_flags(member, kept.flags)
        condition.failed = kept.failed
        condition.last_failure = kept.last_failure
    group.administer(member, kept.admin)
    condition.selected, condition.failures, condition.changed = kept.selected, kept.failures, kept.changed


def _restore_traffic(live: Live, group: Group, kept: KeptSet, away: float) -> None:
    """After the states: one that these bring back has its whole share, as all have at the start, or what it had."""
    ours = identities(group.members)
    for one in kept.members:
        member = ours.get(one.identity)
        if member is not None:
            live.resume(member, one.traffic if _is_same(member, one) else None, away)


def _is_same(member: Destination, kept: KeptDestination) -> bool:
    """Whether it is not another machine under the `duid` of one before."""
    return kept.uri.lower() == member.uri.lower()


def _cursor(group: Group, kept: KeptSet, ours: Mapping[Identity, Destination]) -> int:
    """The index of the member whose turn it was, or of the next that is still there."""
    index_of = {id(member): index for index, member in enumerate(group.members)}
    for one in kept.members[kept.cursor :] + kept.members[: kept.cursor]:
        member = ours.get(one.identity)
        if member is not None:
            return index_of[id(member)]
    return 0


def _weights(group: Group, ours: Mapping[Identity, Destination]) -> list[tuple[Identity, bytes | None]]:
    identity_of = {id(member): identity for identity, member in ours.items()}
    return [(identity_of[id(member)], member.attributes.get(b"weight")) for member in group.members]


def _kept_weights(kept: KeptSet) -> list[tuple[Identity, bytes | None]]:
    return [(one.identity, one.weight) for one in kept.members]
