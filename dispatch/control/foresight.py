"""What can be known beforehand: what would become of a request, and of the spread of calls over a set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.forecast import Goals
from dispatch.balance.roster import Roster
from dispatch.script.rehearsal import Rehearsal
from dispatch.sip.message import Message


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that somebody thinks about: one of list, state and weight.

    Attributes:
        set: id of the set.
        calls: how many are made up.
        algorithm: number or name; None for the one of ``[route]``.
        list: text of a list file.
        uri: the destination whose state or weight would be another.
        flags: state bits that a command would give it.
        weight: its weight.
    """

    set: int
    calls: int
    algorithm: int | str | None = None
    list: bytes | None = None
    uri: bytes = b""
    flags: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Where calls go, before and after a change.

    Attributes:
        algorithm: that spreads them.
        roster: the list that would be in force, where one is given; it may have errors.
        before: where each call goes now.
        after: where it would go.
        usable: the destinations that the set would have, and whether they would take calls.
    """

    algorithm: Algorithm
    roster: Roster | None
    before: Goals
    after: Goals
    usable: Mapping[bytes, bool]


class Foresight(Protocol):
    """What the service can tell beforehand; nothing is changed by it."""

    def rehearse(
        self, message: Message, source: str | None, group: int | None, algorithm: int | str | None
    ) -> Rehearsal:
        """What would become of a request that came now.

        Args:
            message: the request.
            source: where from, as ``udp:192.0.2.9:5060``; None for where its Via says.
            group: set to take a destination from; None for what the route says.
            algorithm: number or name; None for what the route says.

        Raises:
            BadValue: nothing can come from there.
        """

    def spread(self, plan: Plan) -> Any:
        """Deferred of the `Spread` that a change would bring; the set is there, and so is the algorithm."""
