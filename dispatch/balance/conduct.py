"""What live traffic has told of a destination; beside its flags, never in them."""

from __future__ import annotations

from typing import Final, NamedTuple

_LEAST: Final = 0.1  # of its share that a destination gets at once when it comes back


class Memory(NamedTuple):
    """What of it outlives a restart; times are seconds when it was written down.

    Attributes:
        out: how much longer it is kept out; 0.0 when it is not.
        reason: why, in words.
        ejections: how often it was ejected lately.
        warm: how long its slow start had gone on; None when it had its whole share.
    """

    out: float
    reason: str
    ejections: int
    warm: float | None


class Conduct:
    """How a destination behaves towards calls, and what that has led to.

    Attributes:
        in_a_row: failures since the last success.
        calls: requests in this interval whose outcome is known.
        failed: those of them that failed.
        ejections: how often it was ejected lately.
        out_until: seconds, as the clock of the dispatcher goes, until which it is kept out; 0.0 when it is not.
        reason: why it is kept out, in words.
        warm_since: when its slow start began; None when it has its whole share.
        warm_for: seconds that the slow start takes.
        is_spared: it wants to be spared, and `Condition.overload` says how much.
    """

    __slots__ = (
        "calls",
        "ejections",
        "failed",
        "in_a_row",
        "is_spared",
        "out_until",
        "reason",
        "warm_for",
        "warm_since",
    )

    def __init__(self) -> None:
        self.in_a_row = 0
        self.calls = 0
        self.failed = 0
        self.ejections = 0
        self.out_until = 0.0
        self.reason = ""
        self.warm_since: float | None = None
        self.warm_for = 0.0
        self.is_spared = False

    @property
    def is_out(self) -> bool:
        return self.out_until > 0

    @property
    def is_eased(self) -> bool:
        """Whether it is passed over now and then."""
        return self.warm_since is not None or self.is_spared

    def share(self, now: float) -> float:
        """The part of its turns that it takes, 0.1 to 1.0: it grows evenly over the slow start."""
        if self.warm_since is None:
            return 1.0
        return min(1.0, max(_LEAST, (now - self.warm_since) / self.warm_for))
