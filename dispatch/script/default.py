"""The built-in route: used when the operator brings none, and an example of how one is written."""

from __future__ import annotations

from typing import Protocol

from dispatch.balance.algorithms import Algorithm
from dispatch.script.route import Request


class Settings(Protocol):
    """What the built-in route reads: ``[route]``, see docs/configuration.md."""

    @property
    def set(self) -> int:
        """Group that destinations are taken from."""

    @property
    def mode(self) -> str:
        """``dst`` or ``domain``."""

    @property
    def limit(self) -> int:
        """Destinations kept for one request, at most; 0 keeps all."""

    @property
    def relay(self) -> str:
        """``stateful`` or ``stateless``."""

    @property
    def failover_on(self) -> tuple[int, ...]:
        """Responses that send a request to the next destination."""

    @property
    def failover_attempts(self) -> int:
        """Destinations tried for one request, at most."""

    @property
    def failover_time(self) -> float:
        """Seconds after which no further destination is tried."""


class DefaultRoute:
    """Dispatch what begins, follow the Route inside dialogs.

    Args:
        settings: ``[route]``.
        algorithm: how to pick.
        failover: whether a failed request goes to the next destination (``flags`` bit 2).
        counts_calls: whether there is a call load to be told what becomes of calls.
    """

    def __init__(self, settings: Settings, algorithm: Algorithm, *, failover: bool, counts_calls: bool = False) -> None:
        self._set = settings.set
        self._algorithm = algorithm
        self._mode = settings.mode
        self._limit = settings.limit
        self._counts_calls = counts_calls and algorithm.counts_calls
        self._is_stateless = settings.relay == "stateless"
        self._has_failover = failover
        self._failover_on = frozenset(settings.failover_on)
        self._attempts = settings.failover_attempts
        self._time = settings.failover_time

    def __call__(self, request: Request) -> None:
        """The route."""
        method = request.method
        if method == "CANCEL" and not self._is_stateless:
            return request.reply(481)
        if self._counts_calls:
            self._follow_call(request)
        if request.is_in_dialog and not self._is_ack_of_refusal(request):
            return request.follow(stateless=self._is_stateless)
        if method == "ACK" and not self._is_stateless:
            return None  # it acknowledges nothing of ours
        if method == "OPTIONS" and (request.is_for_us or request.hops == 0):
            return request.answer(200)
        return self._dispatch(request, method)

    def _follow_call(self, request: Request) -> None:
        """A stranger's BYE ends no call that is counted. Without memory it is the ACK that tells what became of it."""
        if request.method == "CANCEL" or (request.method == "BYE" and request.is_ours_to_carry):
            request.load_update()
        elif request.method == "ACK" and self._is_stateless:
            request.load_acknowledged()

    def _is_ack_of_refusal(self, request: Request) -> bool:
        """Without memory, it must take the way of its INVITE, whose Route, if any, was not followed."""
        return self._is_stateless and request.method == "ACK" and not request.is_ours

    def _dispatch(self, request: Request, method: str) -> None:
        if not request.select(self._set, self._algorithm, mode=self._mode, limit=self._limit):
            if self._counts_calls and request.destination is not None:
                request.forget_load()  # It was counted before it turned out that another one has no duid.
            return request.reply(503, "No destination available")
        if method in ("INVITE", "SUBSCRIBE", "REFER"):
            request.record_route()
        if self._counts_calls:
            request.follow_load()
        if self._is_stateless:
            return request.forward()
        if self._has_failover:
            request.on_failure(self._try_next, self._failover_on)
        return request.relay()

    def _try_next(self, request: Request) -> None:
        if request.attempts < self._attempts and request.age < self._time and request.next(mode=self._mode):
            request.relay()
