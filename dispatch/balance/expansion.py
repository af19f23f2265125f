"""A destination given by name as all the machines that answer for it (``[lists] resolve = "all"``).

Each machine is a destination with its address in the URI. It has a slot of its name, and is the same from one answer to
the next as long as it has it: a machine that stays keeps its slot, one that is new gets one that became free. So what a
person decided stays where an address changes, and health begins anew there, as with a `duid` whose URI changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from dispatch.balance.destination import Destination, LocalSocket, make, transport
from dispatch.balance.group import Group
from dispatch.balance.pace import gently
from dispatch.balance.roster import Roster
from dispatch.sip import uri as sip_uri


class Machine(NamedTuple):
    """One that answers for a name.

    Attributes:
        transport: upper case.
        address: IPv6 without brackets.
        port: of it.
        priority: of its SRV record, the lowest first.
        weight: of its SRV record.
    """

    transport: bytes
    address: str
    port: int
    priority: int = 0
    weight: int = 0


Known = dict[tuple[int, bytes], dict[bytes, int]]
"""By set and listed URI, in lower case: the URI of each machine, and its slot."""


def known(groups: Iterable[Group]) -> Known:
    """The machines in these sets."""
    found: Known = {}
    for group in groups:
        for member in gently(group.members):
            if member.listed_uri != member.uri:
                machines = found.setdefault((member.group, member.listed_uri.lower()), {})
                machines[member.uri.lower()] = member.slot
    return found


def expanded(
    roster: Roster,
    machines_of: Callable[[Destination], Sequence[Machine] | None],
    before: Known,
    sockets: Collection[LocalSocket],
) -> Roster:
    """The list with machines in place of names, all of its destinations made anew.

    Args:
        roster: as read.
        machines_of: who answers for a destination; nobody where it stands for itself, None where that isn't known.
        before: the machines until now; they go on where it isn't known.
        sockets: what we listen on.
    """
    sets = {}
    for number, members in roster.sets.items():
        made: list[Destination] = []
        for member in gently(members):
            slots = before.get((number, member.uri.lower()), {})
            machines = machines_of(member)
            if machines is None:
                machines = [_machine(uri) for uri in slots]
            made += _machines(member, machines, slots, sockets)
        sets[number] = tuple(sorted(made, key=lambda one: -one.priority))
    return replace(roster, sets=sets)


def _machine(uri: bytes) -> Machine:
    parsed = sip_uri.parse(uri)
    assert parsed is not None  # we made it
    return Machine(transport(parsed), parsed.host.strip(b"[]").decode("ascii"), parsed.port_number)


def _machines(
    member: Destination, machines: Sequence[Machine], slots: Mapping[bytes, int], sockets: Collection[LocalSocket]
) -> Iterator[Destination]:
    row = member.row
    if not machines:
        yield make(row, sockets)
        return
    uris = [_uri(member, one) for one in machines]
    chosen = _assigned([uri.lower() for uri in uris], slots)
    ranks = {priority: rank for rank, priority in enumerate(sorted({one.priority for one in machines}))}
    for uri, slot, one in zip(uris, chosen, machines, strict=True):
        weight = _weight(member, one, machines)
        made = make(
            row._replace(uri=uri, priority=row.priority - ranks[one.priority], attrs=row.attrs + weight), sockets
        )
        made.listed_uri, made.slot = member.uri, slot
        yield made


def _assigned(uris: Sequence[bytes], known: Mapping[bytes, int]) -> list[int]:
    """A slot for each: its own, else the lowest that is free."""
    taken = {known[uri] for uri in uris if uri in known}
    free = (slot for slot in count() if slot not in taken)
    return [known[uri] if uri in known else next(free) for uri in uris]


def _uri(member: Destination, machine: Machine) -> bytes:
    parsed = sip_uri.parse(member.uri)
    assert parsed is not None  # or it would be no member
    at = member.uri.lower().index(parsed.host.lower(), len(parsed.scheme) + 1 + _user_length(parsed))
    end = at + len(parsed.host) + (0 if parsed.port is None else 1 + len(parsed.port))
    address = machine.address.encode()
    host = b"[%b]" % address if b":" in address else address
    rest = member.uri[end:]
    if machine.transport != member.transport:  # NAPTR or SRV has said so: the URI has no transport itself
        params, mark, headers = rest.partition(b"?")
        rest = b"%b;transport=%b%b%b" % (params, machine.transport.lower(), mark, headers)
    return b"%b%b:%d%b" % (member.uri[:at], host, machine.port, rest)


def _user_length(parsed: sip_uri.Uri) -> int:
    if parsed.user is None:
        return 0
    return len(parsed.user) + 1 + (0 if parsed.password is None else 1 + len(parsed.password))


def _weight(member: Destination, machine: Machine, machines: Iterable[Machine]) -> bytes:
    """SRV weights as attribute `weight`, hundredths of their priority, where the list gives none."""
    total = sum(one.weight for one in machines if one.priority == machine.priority)
    if not total or b"weight" in member.attributes:
        return b""
    return b"%bweight=%d" % (b";" if member.attrs else b"", max(1, round(100 * machine.weight / total)))
