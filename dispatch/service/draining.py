"""Looks whether destinations that take no new calls are empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher

log: Final = Logger()

_INTERVAL: Final = 1.0  # seconds
_SIP_PORT: Final = 5060
_STEP: Final = 500


class Draining(Service):
    """Tells the dispatcher of each one that its last call has ended, or that its time is over.

    Where calls are counted, that is their number. Where they are not, a proxy knows nothing of a call that is answered:
    then it is the time that was given, or, without one, that no request waits for an answer there.

    Args:
        dispatcher: whose destinations.
        clock: the reactor.
        now: the time of day.
        waited_for: address of each peer that owes an answer.
        sockets_of: addresses and ports that a destination stands for, as far as they are known.
        run: does what takes long a little at a time.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        clock: Any,
        now: Callable[[], float],
        waited_for: Callable[[], Iterable[tuple[str, int]]],
        sockets_of: Callable[[Destination], Iterable[tuple[str, int]]],
        run: Callable[[Iterator[None]], None],
    ) -> None:
        self._dispatcher = dispatcher
        self._now = now
        self._waited_for = waited_for
        self._sockets_of = sockets_of
        self._run = run
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock

    def startService(self) -> None:
        """Go on with what was drained before a restart."""
        super().startService()
        self.begin()

    def stopService(self) -> None:
        """Leave nothing in the reactor."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()

    def begin(self) -> None:
        """A destination takes no new calls from now on; nothing is looked at while there is none."""
        if self.running and not self._loop.running:
            self._loop.start(_INTERVAL, now=False)

    def _look(self) -> None:
        waiting = [one for one in self._dispatcher.destinations() if _is_draining(one)]
        if not waiting:
            self._loop.stop()
            return
        uncounted = [one for one in waiting if not self._is_settled(one)]
        if uncounted:
            self._run(self._ask(uncounted))

    def _is_settled(self, one: Destination) -> bool:
        """Whether nothing more is to be asked about it now."""
        admin, calls = one.condition.admin, self._dispatcher.calls_at(one)
        assert admin is not None
        if calls == 0:
            self._dispatcher.drained(one, "no call is left")
        elif admin.until and self._now() >= admin.until:
            left = f"calls that are left: {calls}" if calls is not None else "calls are not counted"
            self._dispatcher.drained(one, f"its time is over; {left}")
        return calls is not None or admin.until > 0 or not _is_draining(one)

    def _ask(self, uncounted: Sequence[Destination]) -> Iterator[None]:
        busy: set[tuple[str, int]] = set()
        for number, peer in enumerate(self._waited_for()):
            busy.add(peer)
            if not number % _STEP:
                yield
        for one in uncounted:
            if _is_draining(one) and busy.isdisjoint(self._sockets_of(one)):
                self._dispatcher.drained(one, "no request waits for an answer; calls are not counted")


def _is_draining(one: Destination) -> bool:
    admin = one.condition.admin
    return admin is not None and not admin.is_done
