"""A domain for tests: what its server would say, and a walk through the steps."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.names import dns

from dispatch.transport.names.records import NOTHING, Answer, Naptr, Outcome, Question, Srv
from dispatch.transport.names.steps import Ability, Found, steps
from dispatch.transport.names.target import Want

Zone = Mapping[tuple[str, int], Answer]
DENIED = Answer(Outcome.DENIED)


def addresses(*found: str, ttl: float = 60.0) -> Answer:
    return Answer(Outcome.FOUND, found, ttl=ttl)


def services(*found: Srv, ttl: float = 60.0) -> Answer:
    return Answer(Outcome.FOUND, services=found, ttl=ttl)


def pointers(*found: Naptr, ttl: float = 60.0) -> Answer:
    return Answer(Outcome.FOUND, pointers=found, ttl=ttl)


def walk(want: Want, zone: Zone, ability: Ability) -> tuple[Found, list[str]]:
    """What a host stands for, and what was asked: ``SRV _sip._udp.example.com``."""
    asked: list[str] = []
    asking = steps(want, ability)
    answer: Answer | None = None
    while True:
        try:
            question: Question = next(asking) if answer is None else asking.send(answer)
        except StopIteration as end:
            return end.value, asked
        asked.append(f"{dns.QUERY_TYPES[question.kind]} {question.name}")
        answer = zone.get((question.name, question.kind), NOTHING)
