"""The destination that a caller names."""

from __future__ import annotations

from dispatch.balance.destination import Destination
from dispatch.balance.group import Group
from dispatch.control.command import Control
from dispatch.control.text import printable, to_bytes
from dispatch.errors import UnknownDestination


def find_set(control: Control, set: int) -> Group:
    """A set in force.

    Raises:
        UnknownDestination: there is none.
    """
    groups = control.dispatcher.groups
    if set not in groups:
        known = ", ".join(map(str, sorted(groups)[:20])) or "none"
        raise UnknownDestination(f"there is no set {set}; sets in force: {known}")
    return groups[set]


def find(control: Control, set: int, uri: str) -> Destination:
    """The first of that URI in a set, letters compared without case.

    Raises:
        UnknownDestination: there is none.
    """
    group = control.dispatcher.groups.get(set)
    destination = group.find(to_bytes(uri)) if group is not None else None
    if destination is None:
        raise UnknownDestination(f"set {set} has no '{printable(uri[:200])}'; 'list' shows what there is")
    return destination


def find_duid(control: Control, set: int, duid: str) -> Destination:
    """The first with that `duid` in a set.

    Raises:
        UnknownDestination: there is none.
    """
    group, wanted = control.dispatcher.groups.get(set), to_bytes(duid)
    for member in group.members if group is not None and wanted else ():
        if member.duid == wanted:
            return member
    raise UnknownDestination(f"set {set} has no duid '{printable(duid[:200])}'; 'list' shows what there is")
