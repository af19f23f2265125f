"""`health`: how many destinations of each set take calls, and how the others are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.balance import health
from dispatch.balance.admin import MAINTENANCE
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.group import Group
from dispatch.control.command import Column, Command, Control, Door


@dataclass(frozen=True, slots=True)
class SetHealth:
    """A set.

    Attributes:
        set: its id.
        destinations: how many it has.
        usable: how many take new calls; in a panic, or when all that are left are ejected, these too.
        trying: how many of these have failed lately (T).
        inactive: how many are down (I).
        disabled: how many a person or the list has disabled (D).
        drained: how many take no new calls because of `drain`.
        maintenance: the same because of `maintenance`.
        ejected: how many live traffic keeps out.
        probing: how many are to be probed (P).
        calls: open at those where calls are counted.
    """

    set: int
    destinations: int
    usable: int
    trying: int
    inactive: int
    disabled: int
    drained: int
    maintenance: int
    ejected: int
    probing: int
    calls: int


def run(control: Control) -> Iterator[SetHealth]:
    """Set by set."""
    return (_of(control.dispatcher, group) for group in control.dispatcher.groups.values())


def _of(dispatcher: Dispatcher, group: Group) -> SetHealth:
    flags = group.line_up().flags  # without what is overlooked for now, so that it says who is taken
    letters = [health.letters(member.flags) for member in group.members]
    first = [each[0] for each in letters]
    modes = [admin.mode for member in group.members if (admin := member.condition.admin) is not None]
    return SetHealth(
        set=group.number,
        destinations=len(flags),
        usable=sum(not each & health.SKIPPED for each in flags),
        trying=sum(not each & health.SKIPPED and each & health.TRYING > 0 for each in flags),
        inactive=first.count("I"),
        disabled=first.count("D"),
        drained=len(modes) - modes.count(MAINTENANCE),
        maintenance=modes.count(MAINTENANCE),
        ejected=sum(member.condition.standing & health.EJECTED > 0 for member in group.members),
        probing=sum(each[1] == "P" for each in letters),
        calls=sum(dispatcher.calls_at(member) or 0 for member in group.members),
    )


HEALTH: Final = Command(
    names={Door.AMP: "health", Door.CTL: "health"},
    help="show for each set how many destinations take calls, and how the others are",
    run=run,
    answer=SetHealth,
    is_listing=True,
    columns=(
        Column("SET", lambda one: one.set),
        Column("DESTINATIONS", lambda one: one.destinations),
        Column("USABLE", lambda one: one.usable),
        Column("TRYING", lambda one: one.trying),
        Column("INACTIVE", lambda one: one.inactive),
        Column("DISABLED", lambda one: one.disabled),
        Column("DRAINED", lambda one: one.drained),
        Column("MAINTENANCE", lambda one: one.maintenance),
        Column("EJECTED", lambda one: one.ejected),
        Column("PROBING", lambda one: one.probing),
        Column("CALLS", lambda one: one.calls),
    ),
    nothing="no destinations",
)
