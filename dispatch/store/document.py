"""The records that are kept: what each of them says, written and read. docs/health.md describes them for operators."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from dispatch.balance.admin import DRAIN, MAINTENANCE, Admin
from dispatch.balance.conduct import Memory
from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.group import Group
from dispatch.balance.live import Live
from dispatch.balance.reconcile import Identity, identities
from dispatch.balance.tally import Tally
from dispatch.store.broken import BrokenState

FORMAT: Final = "dispatch state"
VERSION: Final = 1
_BITS: Final = 0xFFFFFFFF  # those of a list; what is above them is written as `admin`, or is not for long
_SLOTS: Final = 100
_MOST: Final = 1 << 53

Record = Mapping[str, object]
Kind = TypeVar("Kind")


@dataclass(slots=True)
class KeptSet:
    """What is known of a set.

    Attributes:
        number: its id.
        cursor: whose turn it is, as an index of `members`.
        shares: slot of algorithm 11 that is next.
        slot: slot of algorithm 9 that is next.
        table: its slots.
        members: its destinations, in order.
    """

    number: int
    cursor: int
    shares: int
    slot: int
    table: tuple[int, ...]
    members: list[KeptDestination] = field(default_factory=list)


@dataclass(slots=True)
class KeptDestination:
    """What is known of a destination; names as in `Destination` and `Condition`.

    Attributes:
        name: its `listed_uri`.
        traffic: what live traffic had told of it.
    """

    identity: Identity
    uri: bytes
    name: bytes
    weight: bytes | None
    listed: int
    flags: int
    admin: Admin | None
    failed: int
    selected: int
    failures: int
    last_failure: str
    changed: float
    traffic: Memory | None


@dataclass(slots=True)
class KeptCall:
    """A call that was counted.

    Attributes:
        call_id: its Call-ID.
        age: seconds, when it was written.
        is_early: nobody had answered it.
        at: where it is counted.
    """

    call_id: bytes
    age: float
    is_early: bool
    at: tuple[KeptDestination, ...]


@dataclass(slots=True)
class Document:
    """All of it.

    Attributes:
        written: when, in seconds since 1970.
        sets: by number.
        calls: in the order of beginning.
    """

    written: float
    sets: dict[int, KeptSet] = field(default_factory=dict)
    calls: list[KeptCall] = field(default_factory=list)


def write(dispatcher: Dispatcher, now: float) -> Iterator[bytes]:
    """The records of all that is to be kept, a line of JSON each; what changes meanwhile is as of then.

    Args:
        dispatcher: whose state.
        now: seconds since 1970.
    """
    return (json.dumps(record, separators=(",", ":")).encode() for record in _describe(dispatcher, now))


def _describe(dispatcher: Dispatcher, now: float) -> Iterator[Record]:
    yield {"format": FORMAT, "version": VERSION, "written": now}
    count = 1
    number_of: dict[Tally, int] = {}
    for group in dispatcher.groups.values():
        yield _set(group)
        count += 1
        name_of = {id(member): identity for identity, member in identities(group.members).items()}
        for member in group.members:
            number_of[member.condition.tally] = len(number_of)
            yield _destination(member, name_of[id(member)], dispatcher.live)
            count += 1
    if dispatcher.calls is not None:
        for call_id, age, is_early, tallies in dispatcher.calls.opened():
            at = [number_of[tally] for tally in tallies if tally in number_of]
            if at:
                yield {"call": _text(call_id), "age": age, "early": is_early, "at": at}
                count += 1
    yield {"records": count}


def _set(group: Group) -> Record:
    turn = group.turn
    return {
        "set": group.number,
        "cursor": turn.cursor,
        "shares": turn.shares.cursor,
        "slot": turn.weights.cursor,
        "table": list(turn.weights.table) if any(turn.weights.table) else [],
    }


def _destination(member: Destination, identity: Identity, live: Live | None) -> Record:
    condition = member.condition
    traffic = live.memory(member) if live is not None else None
    weight = member.attributes.get(b"weight")
    return {
        "uri": _text(member.uri),
        "duid": _text(member.duid),
        "occurrence": identity[3],
        **({"name": _text(member.listed_uri), "slot": member.slot} if member.listed_uri != member.uri else {}),
        "weight": _text(weight) if weight is not None else None,
        "listed": member.listed,
        "flags": condition.flags & _BITS,
        "admin": condition.admin._asdict() if condition.admin is not None else None,
        "failed": condition.failed,
        "selected": condition.selected,
        "failures": condition.failures,
        "last_failure": condition.last_failure,
        "changed": condition.changed,
        "traffic": traffic._asdict() if traffic is not None else None,
    }


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def read(lines: Sequence[bytes]) -> Document:
    """What lines say.

    Raises:
        BrokenState: they are not as `write` makes them.
    """
    if not lines:
        raise BrokenState(0, "it is empty")
    records = [_parse(number, line) for number, line in enumerate(lines, 1)]
    head = _Reader(1, records[0])
    if records[0].get("format") != FORMAT:
        raise BrokenState(1, f"it is no state of ours: 'format' is not {FORMAT!r}")
    version = head.take("version", int)
    if version != VERSION:
        raise BrokenState(1, f"it has version {version}, and this program reads version {VERSION}")
    if records[-1].get("records") != len(records) - 1:
        raise BrokenState(len(records), "it ends too early")
    document = Document(head.number("written"))
    known: list[KeptDestination] = []
    for number, record in enumerate(records[1:-1], 2):
        one = _Reader(number, record)
        if "set" in record:
            made = _read_set(one)
            document.sets[made.number] = made
        elif "uri" in record:
            if not document.sets:
                raise BrokenState(number, "a destination stands before its set")
            kept = next(reversed(document.sets.values()))
            known.append(_read_destination(one, kept.number))
            kept.members.append(known[-1])
        else:
            document.calls.append(_read_call(one, known))
    document.calls.sort(key=lambda call: -call.age)
    return document


def _parse(number: int, line: bytes) -> Record:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise BrokenState(number, f"{line[:40]!r} is no JSON") from None
    if not isinstance(record, dict):
        raise BrokenState(number, f"{line[:40]!r} is no JSON object")
    return record


class _Reader:
    """Takes values of a record, and says which one is wrong."""

    def __init__(self, number: int, record: Record) -> None:
        self._number = number
        self._record = record

    def wrong(self, name: str) -> BrokenState:
        return BrokenState(self._number, f"{name!r} is {self._record.get(name)!r:.60}")

    def take(self, name: str, kind: type[Kind]) -> Kind:
        value = self._record.get(name)
        if type(value) is not kind:  # a bool is an int to Python
            raise self.wrong(name)
        return value

    def count(self, name: str, most: int = _MOST) -> int:
        value = self.take(name, int)
        if not 0 <= value <= most:
            raise self.wrong(name)
        return value

    def number(self, name: str) -> float:
        value = self._record.get(name)
        if type(value) not in (int, float) or not 0 <= value < 1e12:  # type: ignore[operator]  # it is a number
            raise self.wrong(name)
        return float(value)  # type: ignore[arg-type]  # likewise

    def raw(self, name: str) -> bytes:
        try:
            return self.take(name, str).encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise self.wrong(name) from None

    def is_null(self, name: str) -> bool:
        return name in self._record and self._record[name] is None

    def has(self, name: str) -> bool:
        """Whether it is there, and not null; files from before a field was added have it not."""
        return self._record.get(name) is not None

    def inner(self, name: str) -> _Reader:
        return _Reader(self._number, self.take(name, dict))


def _read_set(one: _Reader) -> KeptSet:
    table = one.take("table", list)
    if table and (len(table) != _SLOTS or not all(type(index) is int and index >= 0 for index in table)):
        raise one.wrong("table")
    return KeptSet(
        one.take("set", int),
        one.count("cursor"),
        one.count("shares", _SLOTS - 1),
        one.count("slot", _SLOTS - 1),
        tuple(table),
    )


def _read_destination(one: _Reader, group: int) -> KeptDestination:
    uri, duid = one.raw("uri"), one.raw("duid")
    name = one.raw("name") if one.has("name") else uri
    slot = one.count("slot") if one.has("slot") else 0
    return KeptDestination(
        identity=(group, bool(duid), duid or name.lower(), one.count("occurrence"), slot),
        uri=uri,
        name=name,
        weight=None if one.is_null("weight") else one.raw("weight"),
        listed=one.count("listed", _BITS),
        flags=one.count("flags", _BITS),
        admin=None if one.is_null("admin") else _read_admin(one.inner("admin")),
        failed=one.count("failed"),
        selected=one.count("selected"),
        failures=one.count("failures"),
        last_failure=one.take("last_failure", str),
        changed=one.number("changed"),
        traffic=_read_traffic(one.inner("traffic")) if one.has("traffic") else None,
    )


def _read_admin(one: _Reader) -> Admin:
    mode = one.take("mode", str)
    if mode not in (DRAIN, MAINTENANCE):
        raise one.wrong("mode")
    return Admin(mode, one.number("since"), one.number("until"), one.take("is_done", bool))


def _read_traffic(one: _Reader) -> Memory:
    return Memory(
        one.number("out"),
        one.take("reason", str),
        one.count("ejections"),
        None if one.is_null("warm") else one.number("warm"),
    )


def _read_call(one: _Reader, known: Sequence[KeptDestination]) -> KeptCall:
    at = one.take("at", list)
    if not all(type(number) is int and 0 <= number < len(known) for number in at):
        raise one.wrong("at")
    places = tuple(known[number] for number in at)
    return KeptCall(one.raw("call"), one.number("age"), one.take("early", bool), places)
