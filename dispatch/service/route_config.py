"""``[route]``: what the built-in route does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dispatch.balance.algorithms import BY_NAME, BY_NUMBER
from dispatch.balance.selection import known_algorithms
from dispatch.script.loading import LANGUAGES
from dispatch.service.reading import Place, Reader, expected, file_name, integer, many, near, one_of, optional, seconds


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """``[route]``: what the built-in route does with an initial request.

    Attributes:
        set: group that destinations are taken from.
        algorithm: number or name of one.
        mode: ``dst`` keeps the Request-URI, ``domain`` rewrites its host and port.
        limit: destinations kept for one request, at most; 0 keeps all.
        relay: ``stateful`` or ``stateless``.
        failover_on: answers that send the request to the next destination; silence always does.
        failover_attempts: destinations tried for one request, at most.
        failover_time: seconds after which no further destination is tried.
        script: file of a script that decides in its place; None for none.
        script_language: ``native``, ``kemi`` or ``kamailio``; empty: told by what it contains.
    """

    set: int = 1
    algorithm: int | str = 4
    mode: str = "dst"
    limit: int = 0
    relay: str = "stateful"
    failover_on: tuple[int, ...] = (408, 500, 503)
    failover_attempts: int = 8
    failover_time: float = 90.0
    script: Path | None = None
    script_language: str = ""


def _algorithm(value: object, place: Place) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return expected(f"the number or name of an algorithm: {known_algorithms()}", value, place)
    if value in BY_NAME or value in BY_NUMBER:
        return value
    if isinstance(value, int):
        place.warn(f"{place} is {value}, no algorithm: the first destination gets all; there are {known_algorithms()}")
        return value
    meant = near(value, BY_NAME)
    hint = f"did you mean {meant!r}?" if meant else f"there are {known_algorithms()}"
    return place.wrong(f"{place} is {value!r}; {hint}")


ROUTE_READERS: Final[Mapping[str, Reader]] = {
    "set": integer(0),
    "algorithm": _algorithm,
    "mode": one_of("dst", "domain"),
    "limit": integer(0),
    "relay": one_of("stateful", "stateless"),
    "failover_on": many(integer(300, 599), of=int),  # a 6xx speaks for all (RFC 3261 §16.7 step 5)
    "failover_attempts": integer(1, 32),  # each one nests a few calls in those before
    "failover_time": seconds(0.1),
    "script": optional(file_name),
    "script_language": one_of("", *LANGUAGES),
}
