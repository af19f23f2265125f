"""The state of a destination: its bits, their letters, and what is counted beside them."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from dispatch.balance.admin import Admin
from dispatch.balance.conduct import Conduct
from dispatch.balance.counts import Counts
from dispatch.balance.history import Entry
from dispatch.balance.latency import Latency
from dispatch.balance.tally import Tally

INACTIVE: Final = 1
TRYING: Final = 2
DISABLED: Final = 4
PROBING: Final = 8
NO_DNS: Final = 16
EJECTED: Final = 1 << 32  # by live traffic; never in the flags of a destination, which have 32 bits, only in a lineup

# Ours, above the 32 bits that a list can give: what a person decides apart from health.
DRAINED: Final = 1 << 40  # takes no new calls
UNPROBED: Final = 1 << 41  # is not to be probed, whatever else its state says
ADMINISTERED: Final = DRAINED | UNPROBED

_DOWN: Final = INACTIVE | DISABLED  # what the original calls down
# Nothing else keeps a destination from being picked.
SKIPPED: Final = _DOWN | DRAINED | EJECTED
# What a command replaces; bits above stay as the list had them.
_REPLACED: Final = INACTIVE | TRYING | DISABLED | PROBING | NO_DNS

_COMMANDED: Final = {
    b"0": INACTIVE,
    b"i": INACTIVE,
    b"1": 0,
    b"a": 0,
    b"2": DISABLED,
    b"d": DISABLED,
    b"3": TRYING,
    b"t": TRYING,
}
_MARKED: Final = {ord("i"): INACTIVE, ord("t"): TRYING, ord("d"): DISABLED, ord("p"): PROBING}
_ACTIVE_LETTER: Final = ord("a")


class Overload(NamedTuple):
    """What a destination that has too much to do asks for (RFC 7339).

    Attributes:
        rate: percent of its turns at which it is passed over.
        until: seconds, as the clock of the dispatcher goes.
        sequence: of two such wishes the one with the higher number is the later.
    """

    rate: int
    until: float
    sequence: int


class Condition:
    """What changes about a destination while its line in the list stays.

    Attributes:
        flags: state bits, and whatever higher bits the list gave.
        failed: failures (or, while inactive, successes) counted towards the next threshold.
        selected: requests it was picked for, failover included.
        failovers: those of them that came after another destination.
        failures: requests that failed there.
        ejected: how often live traffic has taken it out.
        last_failure: what the latest of them was, in words.
        tally: the calls that are open there.
        latency: how fast it answers probes.
        share: what congestion has made of its `rweight`; None where that stands as listed.
        overload: how much of its share it wants to be spared, and until when; None where it takes all.
        admin: what a person decided about it, apart from its health; None for nothing.
        history: its latest changes; None until there is one.
        changed: when its state changed last, in seconds since 1970; 0 where that is not known.
        conduct: what live traffic has told of it; None where nobody listens.
        counts: what became of its requests; None where nobody counts, or there were none.
    """

    __slots__ = (
        "admin",
        "changed",
        "conduct",
        "counts",
        "ejected",
        "failed",
        "failovers",
        "failures",
        "flags",
        "history",
        "last_failure",
        "latency",
        "overload",
        "selected",
        "share",
        "tally",
    )

    def __init__(self, flags: int, tally: Tally, latency: Latency) -> None:
        self.flags = flags
        self.failed = 0
        self.selected = 0
        self.failovers = 0
        self.failures = 0
        self.ejected = 0
        self.last_failure = ""
        self.tally = tally
        self.latency = latency
        self.share: int | None = None
        self.overload: Overload | None = None
        self.admin: Admin | None = None
        self.history: deque[Entry] | None = None
        self.changed = 0.0
        self.conduct: Conduct | None = None
        self.counts: Counts | None = None

    @property
    def standing(self) -> int:
        """The flags, and `EJECTED` beside them while live traffic keeps it out."""
        conduct = self.conduct
        return self.flags if conduct is None or not conduct.out_until else self.flags | EJECTED


def letters(flags: int) -> str:
    """The two letters of listings: ``AX``, ``IP``, ``TX``, ``DX`` ..."""
    state = "I" if flags & INACTIVE else "D" if flags & DISABLED else "T" if flags & TRYING else "A"
    return state + ("P" if flags & PROBING else "X")


def reason(flags: int) -> str:
    """Why a destination with these flags is skipped; empty where it is not."""
    if flags & DRAINED:
        return "drained"
    if flags & INACTIVE:
        return "inactive"
    return "disabled" if flags & DISABLED else "ejected" if flags & EJECTED else ""


def commanded(state: bytes) -> int:
    """The bits that `dispatcher.set_state` means by its text: the first letter decides, a ``p`` then asks for probes.

    Raises:
        ValueError: the first letter names no state.
    """
    first = state[:1].lower()
    bits = _COMMANDED.get(first)
    if bits is None:
        raise ValueError(f"state {state!r} is unknown; write a, i, d or t, and p behind it for probing")
    if state[1:2] in (b"p", b"P") and not bits & DISABLED:
        bits |= PROBING
    return bits


def replaced(flags: int, bits: int) -> int:
    """`flags` after a command set `bits`: all five state bits anew, the rest as it was."""
    return flags & ~_REPLACED | bits


def marked(state: bytes, probing_mode: int = 0) -> int:
    """The bits that `ds_mark_dst` means by its text: letters add up, an ``a`` takes back what stands before it.

    Args:
        state: the letters; none stand for inactive.
        probing_mode: `ds_probing_mode`; in mode 1 no letters stand for probing too.

    Raises:
        ValueError: a letter names no state.
    """
    if not state:
        return INACTIVE | PROBING if probing_mode == 1 else INACTIVE
    bits = 0
    for letter in state.lower():
        if letter == _ACTIVE_LETTER:
            bits = 0
        elif letter in _MARKED:
            bits |= _MARKED[letter]
        else:
            raise ValueError(f"state {state!r} is unknown; write letters of a, i, d, t and p")
    return bits


def update(condition: Condition, requested: int, *, probing_threshold: int, inactive_threshold: int) -> int:
    """The flags after traffic or a probe asked for a state; moves the count towards the thresholds, not the flags.

    Args:
        condition: of the destination.
        requested: bits asked for.
        probing_threshold: failures that make it inactive.
        inactive_threshold: successes that make it active again.
    """
    before = condition.flags
    wanted = requested
    if requested & TRYING and before & INACTIVE:
        wanted = wanted & ~TRYING | INACTIVE
    after = before & ~_REPLACED | (DISABLED if wanted & DISABLED else wanted)
    if wanted & TRYING:
        condition.failed += 1
        if condition.failed < probing_threshold:
            return after
        after = after & ~TRYING | INACTIVE
    elif before & INACTIVE and not requested & TRYING:
        condition.failed += 1
        if condition.failed < inactive_threshold:
            return after | INACTIVE | before & PROBING
    condition.failed = 0
    return after


def event(before: int, after: int) -> str:
    """Which event a change of flags is: ``down``, ``up``, or none, which is empty; drained or not does not matter."""
    if bool(before & _DOWN) == bool(after & _DOWN):
        return ""
    return "down" if after & _DOWN else "up"
