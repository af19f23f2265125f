"""``[health]``: probes beyond what the original can do, and what live traffic tells; all of it off unless asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dispatch.balance.ejection import Ejection
from dispatch.service.reading import Reader, boolean, integer, many, seconds


@dataclass(frozen=True, slots=True)
class HealthConfig:
    """``[health]``: see docs/health.md.

    Attributes:
        timeout_is_failure: a probe that is not answered is a failure, whatever `ds_ping_reply_codes` says of 408.
        probe_timeout: seconds until a probe counts as not answered; a destination then has one at a time. 0 leaves
            `fr_timer`, and a further probe each interval.
        panic_threshold: percent of a set that must be healthy; below it all that no person disabled are used.
        slow_start: seconds in which a destination that is new or comes back gets a growing share.
        retry_after: seconds that a 503 with Retry-After keeps a destination out, at most; 0: it does not.
        overload_control: whether what a destination asks for in Via is honoured (RFC 7339).
        statistics: whether answers and times are counted for each destination.
        ejection: what live traffic takes out.
    """

    timeout_is_failure: bool = False
    probe_timeout: float = 0.0
    panic_threshold: int = 0
    slow_start: float = 0.0
    retry_after: float = 0.0
    overload_control: bool = False
    statistics: bool = False
    ejection: Ejection = field(default_factory=Ejection)

    @property
    def hears_outcomes(self) -> bool:
        """Whether anything is to be learnt from what becomes of requests."""
        return self.ejection.is_on or self.retry_after > 0 or self.overload_control

    @property
    def watches_traffic(self) -> bool:
        """Whether that is so, or anybody is to be eased in."""
        return self.hears_outcomes or self.slow_start > 0


HEALTH_READERS: Final[Mapping[str, Reader]] = {
    "timeout_is_failure": boolean,
    "probe_timeout": seconds(0),
    "panic_threshold": integer(0, 100),
    "slow_start": seconds(0),
    "retry_after": seconds(0),
    "overload_control": boolean,
    "statistics": boolean,
}
EJECTION_READERS: Final[Mapping[str, Reader]] = {
    "consecutive_failures": integer(0),
    "codes": many(integer(300, 699), of=int),
    "timeouts": boolean,
    "unreachable": boolean,
    "success_rate_factor": seconds(0),
    "minimum_calls": integer(1),
    "minimum_destinations": integer(2),
    "interval": seconds(0.1),
    "base_time": seconds(0.1),
    "max_time": seconds(0.1),
    "max_ejected_percent": integer(0, 100),
}
