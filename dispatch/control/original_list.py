"""`dispatcher.list` as the original answers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from dispatch.balance import attributes, health
from dispatch.balance.destination import Destination
from dispatch.balance.group import Group
from dispatch.control.command import Control
from dispatch.control.text import to_text
from dispatch.control.values import Fault, Node, Parameter, Repeated, Struct, Value
from dispatch.sip import uri as sip_uri

_PROTOCOLS: Final = {b"UDP": 1, b"TCP": 2, b"TLS": 3, b"SCTP": 4, b"WS": 5, b"WSS": 6}


def view(control: Control, answer: Any, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    """The sets with their destinations, the longer the more is asked for: ``short``, nothing, ``full``.

    Raises:
        Fault: there are no sets.
    """
    groups = control.dispatcher.groups
    if not groups:
        raise Fault(500, "No Destination Sets")
    mode = str(parameters[0]) if parameters else ""
    records = Repeated("SET", map(partial(_set, control, mode), groups.values()))
    return (Struct((("NRSETS", len(groups)), ("RECORDS", records))),)


def nodes(control: Control, answer: Any, parameters: Sequence[Parameter]) -> tuple[Node, ...]:
    """The same as MI has it."""
    groups = control.dispatcher.groups
    if not groups:
        return ()
    count = str(len(groups))
    return (Node("SET_NO", count), *(Node("SET", str(one.number), children=_nodes(one)) for one in groups.values()))


def _nodes(group: Group) -> Iterator[Node]:
    for one in group.members:
        letters, priority, attrs = health.letters(one.flags), str(one.priority), to_text(one.attrs)
        yield Node("URI", to_text(one.uri), (("flags", letters), ("priority", priority), ("attrs", attrs)))


def _set(control: Control, mode: str, group: Group) -> Struct:
    targets = Repeated("DEST", (_target(control, mode, one) for one in group.members))
    return Struct((("ID", group.number), ("TARGETS", targets)))


def _target(control: Control, mode: str, one: Destination) -> Struct:
    return Struct(tuple(_members(control, mode, one)))


def _members(control: Control, mode: str, one: Destination) -> Iterator[tuple[str, Value]]:
    yield "URI", to_text(one.uri)
    yield "FLAGS", health.letters(one.flags)
    yield "PRIORITY", one.priority
    if mode == "full":
        yield "HOST", to_text(one.host)
        yield "IPADDR", control.address_of(one.host) or ""
        yield "PORT", one.port
        yield "PROTOID", _protocol(one)
        yield "DNSTIME_SEC", 0
        yield "DNSTIME_USEC", 0
    if mode != "short" and one.attrs:
        yield "ATTRS", Struct(tuple(_attributes(one)))
    if control.probing.measures:
        yield "LATENCY", _latency(one)
    if control.dispatcher.calls is not None:
        yield "RUNTIME", Struct((("DLGLOAD", one.condition.tally.calls),))


def _attributes(one: Destination) -> Iterator[tuple[str, Value]]:
    named = one.attributes
    yield "BODY", to_text(one.attrs.removesuffix(b";"))
    yield "DUID", _text(named, b"duid")
    yield "MAXLOAD", one.maxload
    yield "WEIGHT", attributes.integer(named.get(b"weight", b""))
    yield "RWEIGHT", attributes.integer(named.get(b"rweight", b""))
    yield "SOCKET", _text(named, b"socket")
    yield "SOCKNAME", _text(named, b"sockname")
    yield "OBPROXY", _text(named, b"obproxy")


def _protocol(one: Destination) -> int:
    """0 where the URI names none."""
    parsed = sip_uri.parse(one.uri)
    return _PROTOCOLS.get(parsed.transport.upper(), 0) if parsed is not None else 0


def _text(named: Any, name: bytes) -> str | None:
    return to_text(named[name]) if name in named else None


def _latency(one: Destination) -> Struct:
    known = one.condition.latency
    return Struct(
        (
            ("AVG", float(known.average)),
            ("STD", float(known.deviation)),
            ("EST", float(known.estimate)),
            ("MAX", known.most),
            ("TIMEOUT", known.timeouts),
        )
    )
