"""`explain`: where a request would go now, and why; nothing is changed by asking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dispatch.balance.destination import Destination
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.balance.trial import Asked
from dispatch.control.command import Argument, BadValue, Command, Control, Door
from dispatch.control.finding import NUMBER, no_set
from dispatch.control.foresight import Foresight
from dispatch.control.text import printable, to_bytes, to_text
from dispatch.errors import ParseError, UnknownDestination
from dispatch.script.rehearsal import Rehearsal, Sent
from dispatch.sip.host import host_port
from dispatch.sip.message import Message

_MOST: Final = 50  # texts of a kind in an answer
_HEAD: Final = 7000  # bytes of a message that are shown
_BREAK: Final = re.compile(rb"[\r\n]")
_NEWLINE: Final = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class Explained:
    """What would become of a request.

    Attributes:
        outcome: ``forwarded``; ``answered`` by ourselves; ``dropped``.
        set: that was asked, the last one; -1 where the route asked none.
        algorithm: number and name.
        destination: its URI; empty where the request goes to none.
        reason: why there is none, or why the request is refused; empty where all is well.
        key: texts that were hashed.
        raw: the number that the algorithm gave: the hash, the cursor ...; -1 for none.
        start: the index that this number means; -1 for none.
        index: the index that was taken; -1 for none.
        default: the last one of the set, taken as no other could be (`use_default`).
        passed: how many were passed over.
        skipped: the first of them, each as ``uri: reason``.
        failed: those that were picked and can't be sent to, likewise.
        candidates: how many destinations the failover list has then, the one in use included.
        failover: those behind it.
        parallel: those that get the request at the same time (algorithm 12).
        status: of our own answer; 0 where we have none.
        sent_from: our socket: ``udp:192.0.2.1:5060``; empty where nothing is sent.
        sent_to: address and port; a name whose address is not known yet.
        head: start line and headers of what would be sent, a line each.
    """

    outcome: str
    set: int
    algorithm: str
    destination: str
    reason: str
    key: tuple[str, ...]
    raw: int
    start: int
    index: int
    default: bool
    passed: int
    skipped: tuple[str, ...]
    failed: tuple[str, ...]
    candidates: int
    failover: tuple[str, ...]
    parallel: tuple[str, ...]
    status: int
    sent_from: str
    sent_to: str
    head: tuple[str, ...]


def run(control: Control, **given: Any) -> Explained:
    """Rehearse the request with what the service has; see `explain`."""
    return explain(control.dispatcher, control.foresight, **given)


def explain(
    dispatcher: Dispatcher,
    foresight: Foresight,
    message: bytes | None = None,
    set: int | None = None,
    algorithm: str | None = None,
    source: str | None = None,
    method: str | None = None,
    uri: str | None = None,
    from_uri: str | None = None,
    to_uri: str | None = None,
    call_id: str | None = None,
) -> Explained:
    """Rehearse the request, given whole or by what matters of it.

    Raises:
        BadValue: it is no request, or an argument is no such value.
        UnknownDestination: there is no such set.
    """
    parts = {"method": method, "uri": uri, "from_uri": from_uri, "to_uri": to_uri, "call_id": call_id}
    given = {name: to_bytes(value) for name, value in parts.items() if value is not None}
    if message is not None and given:
        raise BadValue(f"a message has its own {', '.join(given)}; leave out one or the other")
    if message is None and not given:
        raise BadValue("there is no request; give a message, or a uri and what else matters")
    if set is not None and set not in dispatcher.groups:
        raise no_set(dispatcher, set)
    request = read(message) if message is not None else made_up(**given)
    return explained(foresight.rehearse(request, source, set, algorithm_of(algorithm)))


def algorithm_of(text: str | None) -> int | str | None:
    """The number or name of an algorithm.

    Raises:
        BadValue: there is none of that name.
    """
    if text is None:
        return None
    wanted = int(text) if NUMBER.fullmatch(text) else text
    try:
        find_algorithm(wanted)
    except ValueError as error:
        raise BadValue(printable(str(error))) from None
    return wanted


def read(data: bytes) -> Message:
    """The request in a file; lines may end as an editor ends them, and the empty line at the end may be missing.

    Raises:
        BadValue: it is none; says where in the file.
    """
    if b"\r\n" not in data:
        data = _NEWLINE.sub(b"\r\n", data)
    if b"\r\n\r\n" not in data:
        data = data.rstrip(b"\r\n") + b"\r\n\r\n"
    try:
        message = Message(data)
        if not message.is_request:
            raise BadValue(f"the message is a response, {message.status}; give the request that it answers")
        message.via, message.from_tag, message.to_tag, message.call_id, message.cseq  # noqa: B018 - they raise
    except ParseError as error:
        line = data.count(b"\n", 0, error.offset) + 1
        raise BadValue(f"the message can't be read: line {line}, byte {error.offset}: {error}") from None
    return message


def made_up(
    method: bytes = b"INVITE",
    uri: bytes = b"",
    from_uri: bytes = b"sip:anonymous@anonymous.invalid",
    to_uri: bytes = b"",
    call_id: bytes = b"explain",
) -> Message:
    """A request of which no more is known.

    Raises:
        BadValue: it can't be one.
    """
    uri = uri or to_uri
    if not uri:
        raise BadValue("argument 'uri' is missing: the Request-URI")
    for name, value in (
        ("method", method),
        ("uri", uri),
        ("from_uri", from_uri),
        ("to_uri", to_uri),
        ("call_id", call_id),
    ):
        if _BREAK.search(value):
            raise BadValue(f"{name!r} has a line break in it")
    text = (
        b"%b %b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKexplain\r\nMax-Forwards: 70\r\n"
        b"From: %b;tag=explain\r\nTo: %b\r\nCall-ID: %b\r\nCSeq: 1 %b\r\nContent-Length: 0\r\n\r\n"
    )
    return read(text % (method, uri, _bracketed(from_uri), _bracketed(to_uri or uri), call_id, method))


def _bracketed(uri: bytes) -> bytes:
    return uri if b"<" in uri else b"<%b>" % uri


def explained(rehearsal: Rehearsal) -> Explained:
    """A rehearsal in words and numbers."""
    asked = rehearsal.asked[-1] if rehearsal.asked else None
    chosen = asked.selection if asked is not None else None
    requests = [one for one in rehearsal.sent if not one.data.startswith(b"SIP/2.0 ")]
    finals = [one for one in rehearsal.sent if one.data.startswith(b"SIP/2.0 ") and one.data[8:9] != b"1"]
    shown = next(iter((*requests, *finals)), None)
    why = chosen.why() if chosen is not None else None
    records = chosen.records if chosen is not None else ()
    reason = rehearsal.fault or (asked.reason if asked is not None else "")
    return Explained(
        outcome="forwarded" if requests else "answered" if finals else "dropped",
        set=asked.group if asked is not None else -1,
        algorithm=_algorithm(asked),
        destination=to_text(chosen.destination.uri) if chosen is not None and requests else "",
        reason=reason,
        key=tuple(map(to_text, asked.key or ())) if asked is not None else (),
        raw=why.raw if why is not None else -1,
        start=why.start if why is not None else -1,
        index=why.index if why is not None else -1,
        default=why is not None and why.default,
        passed=len(asked.passed) if asked is not None else 0,
        skipped=_with_reasons(asked.passed if asked is not None else ()),
        failed=_with_reasons(rehearsal.failed),
        candidates=len(records) or int(chosen is not None),
        failover=tuple(to_text(one.uri) for one in records[1 : _MOST + 1]),
        parallel=_parallel(chosen),
        status=int(finals[0].data[8:11]) if finals and not requests else 0,
        sent_from=_socket(shown) if shown is not None else "",
        sent_to=host_port(*shown.flow.remote) if shown is not None else "",
        head=_head(shown.data) if shown is not None else (),
    )


def _algorithm(asked: Asked | None) -> str:
    if asked is None:
        return ""
    row = asked.algorithm
    return row.name if row.number is None else f"{row.number} {row.name}"


def _with_reasons(members: Sequence[tuple[Destination, str]]) -> tuple[str, ...]:
    return tuple(f"{to_text(member.uri)}: {reason}" for member, reason in members[:_MOST])


def _parallel(chosen: Selection | None) -> tuple[str, ...]:
    return tuple(to_text(one.uri) for one in chosen.parallel[:_MOST]) if chosen is not None else ()


def _socket(sent: Sent) -> str:
    listener = sent.flow.listener
    return f"{listener.transport.name.decode().lower()}:{host_port(listener.host, listener.port)}"


def _head(data: bytes) -> tuple[str, ...]:
    return tuple(to_text(data.partition(b"\r\n\r\n")[0][:_HEAD]).split("\r\n"))


def sentence(one: Explained) -> str:
    """For people."""
    lines = [_first(one)]
    if one.raw >= 0:
        hashed = " and ".join(f"'{printable(part)}'" for part in one.key)
        made = f" of {hashed}" if hashed else ""
        lines.append(f"  {one.algorithm} in set {one.set} gave {one.raw}{made}: index {one.start}")
        lines += [f"  passed over: {printable(text)}" for text in _with_rest(one.skipped, one.passed)]
        if one.index != one.start:
            lines.append(f"  so index {one.index}" + (", the default, as no other can be taken" if one.default else ""))
    elif one.set >= 0:
        lines.append(f"  {one.algorithm} in set {one.set} gave nothing")
        lines += [f"  out: {printable(text)}" for text in _with_rest(one.skipped, one.passed)]
    lines += [f"  tried before: {printable(text)}" for text in one.failed]
    lines += [f"  at once with: {printable(text)}" for text in one.parallel[1:]]
    behind = _with_rest(one.failover, one.candidates - 1)
    if behind:
        lines.append("  if it fails: " + ", ".join(map(printable, behind)))
    if one.head:
        lines += [f"  {one.sent_from} -> {one.sent_to}", "", *(f"    {printable(line)}" for line in one.head)]
    return "\n".join(lines)


def _first(one: Explained) -> str:
    why = f": {printable(one.reason)}" if one.reason else ""
    if one.outcome == "forwarded":
        where = one.destination or f"{one.sent_to}, inside its dialog"
        return f"goes to {printable(where)}{why}"
    return f"is answered with {one.status}{why}" if one.outcome == "answered" else f"goes nowhere{why}"


def _with_rest(texts: tuple[str, ...], count: int) -> list[str]:
    return [*texts, f"and {count - len(texts)} more"] if count > len(texts) else list(texts)


def _option(name: str, kind: type[int] | type[str], help: str) -> Argument:
    return Argument(name, kind, help, optional=True, option=True)


EXPLAIN: Final = Command(
    names={Door.AMP: "explain", Door.CTL: "explain"},
    help="say where a request would go now, and why",
    arguments=(
        Argument("message", bytes, "a file with the SIP request; - for standard input", optional=True),
        _option("set", int, "to take a destination from, in place of what the route says"),
        _option("algorithm", str, "number or name, in place of what the route says"),
        Argument(
            "source", str, "where it comes from: udp:192.0.2.9:5060; else its Via says", optional=True, option=True
        ),
        _option("method", str, "of a request made up in place of a message; INVITE"),
        _option("uri", str, "its Request-URI"),
        _option("from_uri", str, "URI of its From"),
        _option("to_uri", str, "URI of its To; the Request-URI"),
        _option("call_id", str, "its Call-ID"),
    ),
    run=run,
    answer=Explained,
    errors=(UnknownDestination,),
    sentence=sentence,
)
