"""What a DNS server says, as far as we need it and believe it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, NamedTuple, cast

from twisted.names import dns

from dispatch.transport.names.target import NAME

A: Final = dns.A
AAAA: Final = dns.AAAA
SRV: Final = dns.SRV
NAPTR: Final = dns.NAPTR

_MOST_RECORDS: Final = 512  # looked at in one answer
_MOST_ALIASES: Final = 8
_SIGN: Final = 1 << 31  # a TTL with this bit is 0 (RFC 2181 §8)
_BROADCAST: Final = IPv4Address("255.255.255.255")


class Question(NamedTuple):
    """What is asked for.

    Attributes:
        name: lower case, without the last dot.
        kind: number of the record type.
    """

    name: str
    kind: int


class Srv(NamedTuple):
    """A SRV record (RFC 2782); `target` is empty where the service is decidedly not to be had."""

    priority: int
    weight: int
    port: int
    target: str


class Naptr(NamedTuple):
    """A NAPTR record (RFC 3403), as far as RFC 3263 §4.1 asks for it; flags and service are upper case."""

    order: int
    preference: int
    flags: bytes
    service: bytes
    replacement: str


class Outcome(Enum):
    """How an answer is meant."""

    FOUND = "found"
    NONE = "none"  # the name has no such record
    DENIED = "denied"  # there is no such name
    FAILED = "failed"  # nobody who knows has answered


class Answer(NamedTuple):
    """What came of a question.

    Attributes:
        outcome: how it is meant.
        addresses: of A and AAAA, in the usual spelling.
        services: of SRV.
        pointers: of NAPTR.
        ttl: seconds that it holds.
        alias: another name that is to be asked for instead; empty where there is none.
    """

    outcome: Outcome
    addresses: tuple[str, ...] = ()
    services: tuple[Srv, ...] = ()
    pointers: tuple[Naptr, ...] = ()
    ttl: float = 0.0
    alias: str = ""


NOTHING: Final = Answer(Outcome.NONE)
FAILED: Final = Answer(Outcome.FAILED)


def decoded(data: bytes, question: Question, number: int | None = None) -> dns.Message | None:
    """The message that bytes are; None where they are none, or no answer to this question.

    Args:
        number: of the question; None where the connection tells.
    """
    message = dns.Message()
    try:
        message.fromStr(data)
    except Exception:  # The decoder raises whatever its pieces raise.
        return None
    asked = [(_name(one.name), one.type) for one in message.queries]
    is_ours = message.answer and asked == [question] and number in (None, message.id)
    return message if is_ours else None


def read(message: dns.Message, question: Question) -> Answer:
    """The answer in a message: what stands there for other names, or can't be used, is passed over.

    Args:
        message: from a server.
        question: what it was asked for.
    """
    if message.rCode == dns.ENAME:
        return Answer(Outcome.DENIED)
    if message.rCode != dns.OK:
        return FAILED
    records = [one for one in message.answers[:_MOST_RECORDS] if one.cls == dns.IN]
    aliases = {_name(one.name): one for one in records if isinstance(one.payload, dns.Record_CNAME)}
    name, ttls = question.name, []
    for _ in range(_MOST_ALIASES):
        alias = aliases.get(name)
        if alias is None:
            break
        ttls.append(_ttl(alias))
        name = _name(cast(dns.Record_CNAME, alias.payload).name)
    else:
        return FAILED  # a loop, or as good as one
    found = [one for one in records if one.type == question.kind and _name(one.name) == name]
    values = [(value, one) for one in found if (value := _READERS[question.kind](one.payload)) is not None]
    if not values:
        if name == question.name or not NAME.fullmatch(name):
            return NOTHING
        return Answer(Outcome.NONE, alias=name, ttl=min(ttls))
    ttl = float(min([*ttls, *(_ttl(one) for _, one in values)]))
    kinds = [value for value, _ in values]
    return Answer(
        Outcome.FOUND,
        tuple(dict.fromkeys(value for value in kinds if isinstance(value, str))),
        tuple(value for value in kinds if isinstance(value, Srv)),
        tuple(value for value in kinds if isinstance(value, Naptr)),
        ttl,
    )


def _name(name: dns.Name | None) -> str:
    return name.name.decode("latin-1").lower().rstrip(".") if name is not None else ""


def _ttl(header: dns.RRHeader) -> int:
    return header.ttl if 0 <= header.ttl < _SIGN else 0


def _a(payload: dns.Record_A) -> str | None:
    address = IPv4Address(payload.address)
    return None if address.is_unspecified or address.is_multicast or address == _BROADCAST else str(address)


def _aaaa(payload: dns.Record_AAAA) -> str | None:
    address = IPv6Address(payload.address)
    odd = address.is_unspecified or address.is_multicast or address.ipv4_mapped is not None or address.is_link_local
    return None if odd else str(address)


def _srv(payload: dns.Record_SRV) -> Srv | None:
    target = _name(payload.target)
    if target and (not NAME.fullmatch(target) or not payload.port):
        return None
    return Srv(payload.priority, payload.weight, payload.port, target)


def _naptr(payload: dns.Record_NAPTR) -> Naptr | None:
    replacement = _name(payload.replacement)
    if not NAME.fullmatch(replacement):
        return None
    flags, service = payload.flags.string.upper(), payload.service.string.upper()
    return Naptr(payload.order, payload.preference, flags, service, replacement)


_READERS: Final[dict[int, Callable[[Any], str | Srv | Naptr | None]]] = {A: _a, AAAA: _aaaa, SRV: _srv, NAPTR: _naptr}
