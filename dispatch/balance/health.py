"""The state of a destination: its bits, their letters, and what is counted beside them."""

from __future__ import annotations

from typing import Final

INACTIVE: Final = 1
TRYING: Final = 2
DISABLED: Final = 4
PROBING: Final = 8
NO_DNS: Final = 16

# Nothing else keeps a destination from being picked.
SKIPPED: Final = INACTIVE | DISABLED
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


class Condition:
    """What changes about a destination while its line in the list stays.

    Attributes:
        flags: state bits, and whatever higher bits the list gave.
        failed: failures (or, while inactive, successes) counted towards the next threshold.
        selected: requests it was picked for, failover included.
        failures: requests that failed there.
        last_failure: what the latest of them was, in words.
    """

    __slots__ = ("failed", "failures", "flags", "last_failure", "selected")

    def __init__(self, flags: int = 0) -> None:
        self.flags = flags
        self.failed = 0
        self.selected = 0
        self.failures = 0
        self.last_failure = ""


def letters(flags: int) -> str:
    """The two letters of listings: ``AX``, ``IP``, ``TX``, ``DX`` ..."""
    state = "I" if flags & INACTIVE else "D" if flags & DISABLED else "T" if flags & TRYING else "A"
    return state + ("P" if flags & PROBING else "X")


def reason(flags: int) -> str:
    """Why a destination with these flags is skipped; empty where it is not."""
    return "inactive" if flags & INACTIVE else "disabled" if flags & DISABLED else ""


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
