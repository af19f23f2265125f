"""The steps of RFC 3263 §4, from a host to the machines that answer for it: questions go out, answers come in."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from dispatch.transport.names.records import (
    FAILED,
    NAPTR,
    SRV,
    A,
    Answer,
    Naptr,
    Outcome,
    Question,
    Srv,
)
from dispatch.transport.names.target import Place, Want, place_of, transport_of

# §4.1; a sips URI may go by TLS only.
_BY_SERVICE: Final = {b"SIP+D2U": b"UDP", b"SIP+D2T": b"TCP", b"SIPS+D2T": b"TLS"}
_PREFIXES: Final = {b"UDP": "_sip._udp.", b"TCP": "_sip._tcp.", b"TLS": "_sips._tcp."}
_PREFERENCE: Final = (b"UDP", b"TCP")  # ours, where a domain says nothing

_MOST_SERVICES: Final = 32  # SRV records used of one answer
_MOST_POINTERS: Final = 8
_MOST_ADDRESSES: Final = 16  # of one machine
_MOST_QUESTIONS: Final = 100  # for one host
_MOST_ALIASES: Final = 8


@dataclass(frozen=True, slots=True)
class Ability:
    """What we can send by.

    Attributes:
        transports: of our sockets, upper case.
        kinds: record types of the addresses that they reach.
        asks_naptr: whether the domain is asked which transport it wants.
    """

    transports: frozenset[bytes] = frozenset((b"UDP",))
    kinds: tuple[int, ...] = (A,)
    asks_naptr: bool = True


class Found(NamedTuple):
    """What a host stands for.

    Attributes:
        places: by priority; none where it stands for nothing.
        ttl: seconds that this holds; meaningless without places.
        is_certain: every question on the way was answered.
    """

    places: tuple[Place, ...]
    ttl: float
    is_certain: bool


Asking = Generator[Question, Answer, Found]


def steps(want: Want, ability: Ability) -> Asking:
    """Ask what must be asked about a host that is no address, one question after the other."""
    search = _Search(want, ability)
    places = yield from search.run()
    return Found(tuple(places), search.ttl, search.is_certain)


class _Search:
    """One host.

    Attributes:
        ttl: the shortest of what was used.
        is_certain: see `Found`.
    """

    def __init__(self, want: Want, ability: Ability) -> None:
        self._want = want
        self._ability = ability
        self._left = _MOST_QUESTIONS
        self.ttl = inf
        self.is_certain = True

    def run(self) -> Generator[Question, Answer, list[Place]]:
        want = self._want
        if not want.port:
            is_refused = False
            for transport, name in (yield from self._services()):
                answer = yield from self._ask(Question(name, SRV))
                is_refused = is_refused or any(not one.target for one in answer.services)
                places = yield from self._places(transport, answer.services)
                if places:
                    return places
            if is_refused:  # RFC 2782: decidedly not available
                return []
        addresses = yield from self._addresses(want.host)
        return [place_of(want, addresses)] if addresses else []

    def _services(self) -> Generator[Question, Answer, list[tuple[bytes, str]]]:
        """Transports and the names of their SRV records, the one wanted most first (§4.1)."""
        want, able = self._want, self._ability.transports
        if want.transport or want.secure:
            transports: tuple[bytes, ...] = (transport_of(want),)
        else:
            transports = _PREFERENCE
        if self._ability.asks_naptr and not want.transport:
            answer = yield from self._ask(Question(want.host, NAPTR))
            pointed = [
                (_BY_SERVICE[one.service], one.replacement)
                for one in _in_order(answer.pointers)
                if one.service in _BY_SERVICE and (not want.secure or one.service.startswith(b"SIPS"))
            ]
            pointed = [one for one in pointed if one[0] in able]
            if pointed:
                return pointed
        return [(one, _PREFIXES[one] + want.host) for one in transports if one in able and one in _PREFIXES]

    def _places(self, transport: bytes, services: Iterable[Srv]) -> Generator[Question, Answer, list[Place]]:
        places = []
        known: dict[str, tuple[str, ...]] = {}
        for one in sorted(services, key=lambda one: one.priority)[:_MOST_SERVICES]:
            if one.target and one.target not in known:
                known[one.target] = yield from self._addresses(one.target)
            if one.target and known[one.target]:
                places.append(Place(transport, one.port, known[one.target], one.priority, one.weight))
        return places

    def _addresses(self, host: str) -> Generator[Question, Answer, tuple[str, ...]]:
        addresses: tuple[str, ...] = ()
        for kind in self._ability.kinds:
            answer = yield from self._ask(Question(host, kind))
            addresses += answer.addresses
            if answer.outcome is Outcome.DENIED:
                break
        return addresses[:_MOST_ADDRESSES]

    def _ask(self, question: Question) -> Generator[Question, Answer, Answer]:
        """The answer, also when it stands under another name that a server would not look up for us."""
        ttl = inf
        answer = FAILED
        for _ in range(_MOST_ALIASES):
            if not self._left:
                break
            self._left -= 1
            answer = yield question
            if not answer.alias:
                break
            ttl = min(ttl, answer.ttl)
            question = Question(answer.alias, question.kind)
        else:
            answer = FAILED
        if answer.outcome is Outcome.FOUND:
            self.ttl = min(self.ttl, answer.ttl, ttl)
        elif answer.outcome is Outcome.FAILED:
            self.is_certain = False
        return answer


def _in_order(pointers: Iterable[Naptr]) -> list[Naptr]:
    usable = [one for one in pointers if one.flags == b"S"]
    return sorted(usable, key=lambda one: (one.order, one.preference))[:_MOST_POINTERS]
