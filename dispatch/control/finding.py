"""The destination that a caller names."""

from __future__ import annotations

import re
from typing import Final

from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.group import Group
from dispatch.control.command import Control
from dispatch.control.text import printable, to_bytes, to_text
from dispatch.errors import UnknownDestination

_MOST: Final = 8  # machines that an error names
NUMBER: Final = re.compile("-?[0-9]{1,9}")


def no_set(dispatcher: Dispatcher, set: int) -> UnknownDestination:
    """What is wrong with a set that is not there."""
    sets = sorted(dispatcher.groups)
    there = ", ".join(map(str, sets[:10])) + (" ..." if len(sets) > 10 else "") if sets else "none"
    return UnknownDestination(f"there is no set {set}; sets with destinations: {there}")


def find(control: Control, set: int, uri: str) -> Destination:
    """The first of that URI in a set, letters compared without case.

    Raises:
        UnknownDestination: there is none, or it is a name that each of several machines answers for.
    """
    group, wanted = control.dispatcher.groups.get(set), to_bytes(uri)
    destination = group.find(wanted) if group is not None else None
    if group is None or destination is None:
        _refuse_name(group, set, uri, wanted)
        raise UnknownDestination(f"set {set} has no '{printable(uri[:200])}'; 'list' shows what there is")
    return destination


def find_duid(control: Control, set: int, duid: str) -> Destination:
    """The first with that `duid` in a set, letters compared without case.

    Raises:
        UnknownDestination: there is none.
    """
    group, wanted = control.dispatcher.groups.get(set), to_bytes(duid).lower()
    for member in group.members if group is not None and wanted else ():
        if member.duid.lower() == wanted:
            if member.listed_uri != member.uri:
                _refuse_name(group, set, duid, member.listed_uri)
            return member
    raise UnknownDestination(f"set {set} has no duid '{printable(duid[:200])}'; 'list' shows what there is")


def _refuse_name(group: Group | None, set: int, called: str, listed: bytes) -> None:
    """Say which machines there are, where what is called so is all those that answer for a name of the list."""
    machines = [] if group is None else [one for one in group.members if one.listed_uri.lower() == listed.lower()]
    if any(one.listed_uri != one.uri for one in machines):
        names = ", ".join(printable(to_text(one.uri)) for one in machines[:_MOST])
        more = f" and {len(machines) - _MOST} more" if len(machines) > _MOST else ""
        raise UnknownDestination(
            f"'{printable(called[:200])}' of set {set} is not one destination but each machine that answers for it; "
            f"name one of them: {names}{more}"
        )
