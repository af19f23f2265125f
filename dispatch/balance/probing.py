"""Who is probed, and what the answer does to its state; the sending is not done here."""

from __future__ import annotations

from typing import Final, NamedTuple

from dispatch.balance import reply_codes
from dispatch.balance.change import PROBE, Change
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.health import DISABLED, INACTIVE, PROBING, TRYING, UNPROBED

_TIMEOUT: Final = 408
_UNSENT: Final = 500
_UNTOUCHED: Final = DISABLED | UNPROBED  # by a person, so that no probe is sent and no result counts


class Mode(NamedTuple):
    """A row of the table of `ds_probing_mode`.

    Attributes:
        chosen_by: flags that a destination must have to be probed.
        success: state that a good answer asks for.
        failure: state that anything else asks for.
        needs_mark: a result counts only while the destination is marked for probing.
    """

    chosen_by: int
    success: int
    failure: int
    needs_mark: bool = False


# A destination that is disabled is never probed, and no result changes it.
MODES: Final[tuple[Mode, ...]] = (
    Mode(PROBING, 0, TRYING),
    Mode(0, PROBING, TRYING | PROBING),
    Mode(PROBING | INACTIVE, 0, TRYING | PROBING),
    Mode(PROBING, PROBING, TRYING | PROBING, needs_mark=True),
)


class Probing:
    """What the module knows of probing.

    Args:
        dispatcher: the sets.
        mode: `ds_probing_mode`.
        codes: `ds_ping_reply_codes`.
        timeout_is_failure: silence is a failure, whatever `codes` say of 408.
        alpha: weight of what is known of a latency, 0 to 1 (`ds_latency_estimator_alpha`); None where no latency is
            measured (`ds_ping_latency_stats`).

    Attributes:
        active: 0 while nothing is probed (`ping_active`); the original takes any number.
        measures: whether latencies are measured.
        codes: the reply codes in force.

    Raises:
        ValueError: `codes` are no reply codes.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        mode: int = 0,
        codes: bytes = b"",
        timeout_is_failure: bool = False,
        alpha: float | None = None,
    ) -> None:
        self.active = 1
        self.measures = alpha is not None
        self._dispatcher = dispatcher
        self._mode = MODES[mode]
        self.codes = codes
        self._accepted = reply_codes.accepted(codes)
        self._timeout_is_failure = timeout_is_failure
        self._alpha = alpha

    def set_reply_codes(self, text: bytes) -> None:
        """Other `ds_ping_reply_codes`, from the next answer on; empty text leaves those before, as in the original.

        Raises:
            ValueError: they are none, and those before stay.
        """
        if text:
            self._accepted = reply_codes.accepted(text)
            self.codes = text

    @property
    def takes_silence(self) -> bool:
        """Whether no answer is a good one."""
        return _TIMEOUT in self._accepted and not self._timeout_is_failure

    def wants(self, destination: Destination) -> bool:
        """Whether it is to be probed now."""
        flags, chosen_by = destination.flags, self._mode.chosen_by
        return self.active != 0 and not flags & _UNTOUCHED and flags & chosen_by == chosen_by

    def answered(
        self, group: int, uri: bytes, status: int, phrase: str = "", milliseconds: int | None = None
    ) -> Change | None:
        """A destination answered a probe.

        Args:
            group: set id.
            uri: as listed.
            status: final.
            phrase: reason phrase of the answer.
            milliseconds: from the probe to the answer; None where nobody measured.

        Returns:
            What became of it; None where the answer changes nothing: the destination is gone, disabled, or is not
            marked any more in mode 3.
        """
        reason = f"probe answered with {status} {phrase}".rstrip()
        return self._take(group, uri, status, status in self._accepted, reason, milliseconds)

    def timed_out(self, group: int, uri: bytes, reason: str = "probe not answered") -> Change | None:
        """No answer came; see `answered`."""
        return self._take(group, uri, _TIMEOUT, self.takes_silence, reason)

    def not_sent(self, group: int, uri: bytes, reason: str = "probe could not be sent") -> Change | None:
        """There is no way to the destination; see `answered`."""
        return self._take(group, uri, _UNSENT, False, reason)

    def _take(
        self, group: int, uri: bytes, status: int, is_success: bool, reason: str, milliseconds: int | None = None
    ) -> Change | None:
        destination = self._dispatcher.find(group, uri)
        if destination is None or destination.flags & _UNTOUCHED:
            return None
        is_marked = bool(destination.flags & PROBING)
        if self._alpha is not None and is_marked:
            if status == _TIMEOUT:
                destination.condition.latency.timeouts += 1
            elif milliseconds is not None:
                self._dispatcher.measured(group, uri, milliseconds, self._alpha)
        if self._mode.needs_mark and not is_marked:
            return None
        requested = self._mode.success if is_success else self._mode.failure
        return self._dispatcher.update(group, uri, requested, reason, PROBE)
