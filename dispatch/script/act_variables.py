"""The variables that a script of the Kamailio kind has beside those of `dispatch.script.variables`.

They read and write the act that runs: numbers are numbers, ``$var`` belongs to the process, replies have a status.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.balance.destination import find_socket
from dispatch.script import stored, variables
from dispatch.script.act import Act
from dispatch.script.scene import Variable
from dispatch.script.values import Value, integer, text
from dispatch.sip import address
from dispatch.sip import uri as sip_uri
from dispatch.sip.message import Message
from dispatch.sip.reader import COMPACT

Read = Callable[[Act], Value]
Write = Callable[[Act, Value], None]


@dataclass(frozen=True, slots=True)
class ActVariable:
    """As `dispatch.script.scene.Variable`, of an act."""

    read: Read
    write: Write | None = None


# --- of the Request-URI

_USUAL_PORTS: Final = (b"5060", b"5061")


def _request_only(read: Read) -> Read:
    """Null in a reply."""
    return lambda act: read(act) if act.message.is_request else None


def _as_number(variable: Variable) -> Read:
    def read(act: Act) -> Value:
        value = variable.read(act)
        return int(value) if isinstance(value, bytes) and value.isdigit() else value

    return read


def _rebuilt(act: Act, change: Callable[[sip_uri.Uri], None]) -> None:
    """The Request-URI with a part of it changed; one that can't be read stays as it is."""
    uri = sip_uri.parse(act.uri)
    if uri is not None:
        change(uri)
        act.uri = written(uri)


def written(uri: sip_uri.Uri) -> bytes:
    """A URI of its parts."""
    user = b"" if uri.user is None else uri.user + (b":" + uri.password if uri.password is not None else b"") + b"@"
    port = b"" if uri.port is None else b":" + uri.port
    tail = (b";" + uri.params if uri.params else b"") + (b"?" + uri.headers if uri.headers else b"")
    return b"%b:%b%b%b%b" % (uri.scheme, user, uri.host, port, tail)


def _write_user(act: Act, value: Value) -> None:
    if isinstance(value, int):
        raise ValueError("$rU takes a string, not a number")

    def change(uri: sip_uri.Uri) -> None:
        uri.user = value
        uri.password = None if value is None else uri.password

    _rebuilt(act, change)


def _write_host(act: Act, value: Value) -> None:
    host = text(value)
    if host:

        def change(uri: sip_uri.Uri) -> None:
            uri.host = host

        _rebuilt(act, change)


def _write_port(act: Act, value: Value) -> None:
    def change(uri: sip_uri.Uri) -> None:
        uri.port = text(value) or None

    _rebuilt(act, change)


def _write_uri(act: Act, value: Value) -> None:
    if value is not None:
        act.uri = text(value)


def _write_destination(act: Act, value: Value) -> None:
    act.destination_uri = text(value) if value is not None else None


# --- of From and To


def _address_writer(name: bytes, change: Callable[[sip_uri.Uri, bytes], None] | None) -> Write:
    """Another URI (no `change`), or another part of it, in the address that is sent on; the tag stays."""

    def write(act: Act, value: Value) -> None:
        line = act.message.reader.spans(name)[0]
        text_ = act.message.raw[line.value : line.stop]
        found = address.read(text_)
        if found is None or value is None:
            return
        new = text(value)
        uri = sip_uri.parse(found.uri)
        if change is not None and uri is not None:
            change(uri, new)
            new = written(uri)
        at = line.value + text_.index(found.uri, len(found.display))
        act.replace(at, at + len(found.uri), new)

    return write


def _display_writer(name: bytes) -> Write:
    def write(act: Act, value: Value) -> None:
        line = act.message.reader.spans(name)[0]
        bracket = act.message.raw.find(b"<", line.value, line.stop)
        if bracket >= 0:
            act.replace(line.value, bracket, text(value) + b" " if value is not None else b"")

    return write


def _set_user(uri: sip_uri.Uri, value: bytes) -> None:
    uri.user = value


def _set_host(uri: sip_uri.Uri, value: bytes) -> None:
    uri.host = value


def _addresses(letter: str, header: bytes) -> dict[str, ActVariable]:
    return {
        f"{letter}u": ActVariable(_OVER[f"{letter}u"].read, _address_writer(header, None)),
        f"{letter}U": ActVariable(_OVER[f"{letter}U"].read, _address_writer(header, _set_user)),
        f"{letter}d": ActVariable(_OVER[f"{letter}d"].read, _address_writer(header, _set_host)),
        f"{letter}n": ActVariable(_OVER[f"{letter}n"].read, _display_writer(header)),
    }


# --- of the network


def _write_socket(act: Act, value: Value) -> None:
    act.socket = find_socket(text(value), act.stage.sockets) if value is not None else None


def _socket(act: Act) -> Value:
    return socket_text(*act.socket) if act.socket is not None else None


def socket_text(proto: str, host: str, port: int) -> bytes:
    """``udp:10.0.0.1:5060``."""
    return f"{proto}:{f'[{host}]' if ':' in host else host}:{port}".encode()


def _source(act: Act) -> Value:
    return socket_text(act.protocol.decode(), *act.source)


def _receiving(act: Act) -> Value:
    return socket_text(act.protocol.decode(), *act.received_at)


# --- of replies and of the transaction


def _status(act: Act) -> Value:
    return act.message.status if not act.message.is_request else None


def _reason(act: Act) -> Value:
    return act.message.reason if not act.message.is_request else None


def _branch_index(act: Act) -> Value:
    return act.branch.index if act.branch is not None else 0


def _reply_reason(act: Act) -> Value:
    reply = act.reply_message
    return reply.reason if reply is not None else None


def _write_message_flags(act: Act, value: Value) -> None:
    act.flags = integer(value)


def _write_branch_flags(act: Act, value: Value) -> None:
    act.branch_flags = integer(value)


def _write_script_flags(act: Act, value: Value) -> None:
    act.stage.flags = integer(value)


def _branches(act: Act) -> Value:
    return b", ".join(one.uri for one in act.asides) or None


def _method(act: Act) -> Value:
    return act.method


def _dset(act: Act) -> Value:
    return b"Contact: " + b", ".join(b"<%b>" % one.uri for one in (act.main, *act.asides)) + b"\r\n"


# --- of the process


def _nothing(act: Act, value: Value) -> None:
    pass


def _null(act: Act) -> Value:
    return None


_STARTED: Final = int(time.time())

_OVER: Final = variables.PLAIN  # those that are the same


def _of_message(name: str) -> ActVariable:
    return ActVariable(_OVER[name].read)


PLAIN: Final[Mapping[str, ActVariable]] = {
    **{name: _of_message(name) for name in _OVER},
    **_addresses("f", b"from"),
    **_addresses("t", b"to"),
    "null": ActVariable(_null, _nothing),
    **{name: ActVariable(_request_only(_OVER[name].read)) for name in ("rP", "rz", "ou", "oU", "od", "oP", "dd", "dP")},
    "ru": ActVariable(_request_only(_OVER["ru"].read), _write_uri),
    "rU": ActVariable(_request_only(_OVER["rU"].read), _write_user),
    "rd": ActVariable(_request_only(_OVER["rd"].read), _write_host),
    "rp": ActVariable(_request_only(_as_number(_OVER["rp"])), _write_port),
    "op": ActVariable(_request_only(_as_number(_OVER["op"]))),
    "du": ActVariable(_request_only(_OVER["du"].read), _write_destination),
    "dp": ActVariable(_request_only(_as_number(_OVER["dp"]))),
    "rm": ActVariable(_method),
    "rs": ActVariable(_status),
    "rr": ActVariable(_reason),
    "rv": ActVariable(lambda act: b"SIP/2.0"),
    "mt": ActVariable(lambda act: 1 if act.message.is_request else 2),
    "ml": ActVariable(lambda act: len(act.message.raw)),
    "rb": ActVariable(lambda act: act.message.body or None),
    "sp": ActVariable(lambda act: act.source[1]),
    "Rp": ActVariable(lambda act: act.received_at[1]),
    "Ru": ActVariable(lambda act: b"sip:%b:%d" % (act.received_at[0].encode(), act.received_at[1])),
    "Rut": ActVariable(
        lambda act: b"sip:%b:%d;transport=%b" % (act.received_at[0].encode(), act.received_at[1], act.protocol)
    ),
    "RAut": ActVariable(lambda act: act.flow.listener.uri),
    "Rn": ActVariable(_null),
    "sas": ActVariable(_source),
    "ras": ActVariable(_receiving),
    "fs": ActVariable(_socket, _write_socket),
    "af": ActVariable(lambda act: 6 if ":" in act.source[0] else 4),
    "rc": ActVariable(lambda act: act.code),
    "retcode": ActVariable(lambda act: act.code),
    "?": ActVariable(lambda act: act.code),
    "mf": ActVariable(lambda act: act.flags, _write_message_flags),
    "mF": ActVariable(lambda act: b"%08x" % act.flags),
    "bf": ActVariable(lambda act: act.branch_flags, _write_branch_flags),
    "bF": ActVariable(lambda act: b"%08x" % act.branch_flags),
    "sf": ActVariable(lambda act: act.stage.flags, _write_script_flags),
    "sF": ActVariable(lambda act: b"%08x" % act.stage.flags),
    "br": ActVariable(_branches),
    "ds": ActVariable(_dset),
    "dset": ActVariable(_dset),
    "pp": ActVariable(lambda act: os.getpid()),
    "mi": ActVariable(lambda act: act.stage.steps),
    "TS": ActVariable(lambda act: int(time.time())),
    "Ts": ActVariable(lambda act: int(time.time())),
    "Tf": ActVariable(lambda act: time.ctime().encode()),
    "Tb": ActVariable(lambda act: _STARTED),
    "T_branch_idx": ActVariable(_branch_index),
    "T_reply_code": ActVariable(lambda act: act.status),
    "T_reply_reason": ActVariable(_reply_reason),
}
"""Those that are a name and nothing else."""


# --- with a name of their own


def _process(kind: str, before: Value) -> Callable[[str, str | None], ActVariable]:
    """Lives with the process: what one request leaves there the next one finds."""

    def make(inner: str, index: str | None) -> ActVariable:
        key = (kind, inner)

        def read(act: Act) -> Value:
            return act.stage.variables.get(key, before)

        def write(act: Act, value: Value) -> None:
            act.stage.variables[key] = before if value is None else value

        return ActVariable(read, write)

    return make


def _stored(make: Callable[[str, str | None], Variable]) -> Callable[[str, str | None], ActVariable]:
    def made(inner: str, index: str | None) -> ActVariable:
        variable = make(inner, index)
        return ActVariable(variable.read, variable.write)

    return made


def _xavp(inner: str, index: str | None) -> ActVariable:
    """A whole root can be taken off: ``$xavp(r) = $null``."""
    if "=>" in inner:
        return _stored(stored.xavp)(inner, index)
    root = inner.partition("[")[0]

    def read(act: Act) -> Value:
        return b"<<xavp:%d>>" % id(act.values.xavps[root]) if root in act.values.xavps else None

    def write(act: Act, value: Value) -> None:
        if value is not None:
            raise ValueError(f"$xavp({inner}) can only be set to $null; write $xavp({root}=>NAME)")
        roots = act.values.xavps.get(root, [])
        del roots[:1]
        if not roots:
            act.values.xavps.pop(root, None)

    return ActVariable(read, write)


def _header_list(inner: str, index: str | None) -> ActVariable:
    """``$hfl``: as ``$hdr``, lists cut at their commas."""
    name = inner.strip().lower().encode("latin-1", "replace")
    name, place = COMPACT.get(name, name), stored.place(index)

    def read(act: Act) -> Value:
        values = [one for line in variables.values_of(act.message, name) for one in _cut(line)]
        if place is None:
            return b", ".join(values) if values else None
        return values[place] if -len(values) <= place < len(values) else None

    return ActVariable(read)


_PIECE: Final = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^",<])+', re.DOTALL)


def _cut(line: bytes) -> list[bytes]:
    return [found.strip() for found in _PIECE.findall(line)]


def _in_other(which: Callable[[Act], Message | None]) -> Callable[[str, str | None], ActVariable]:
    """``$T_req($hdr(X))``: a variable of another message of the transaction."""

    def make(inner: str, index: str | None) -> ActVariable:
        variable = find_text(inner)

        def read(act: Act) -> Value:
            message = which(act)
            if message is None:
                return None
            other = Act(act.stage, act.block, message, act.flow, act.origin)
            if act.origin is not None and message is act.origin.message:
                other.uri, other.destination_uri = act.origin.uri, act.origin.destination_uri
            return variable.read(other)

        return ActVariable(read)

    return make


def _time_part(inner: str, index: str | None) -> ActVariable:
    parts = {"sec": 5, "min": 4, "hour": 3, "mday": 2, "mon": 1, "year": 0, "wday": 6, "yday": 7, "isdst": 8}
    if inner not in parts:
        raise ValueError(f"$time({inner}) is not known; there are {', '.join(parts)}")

    def read(act: Act) -> Value:
        number = time.localtime()[parts[inner]]
        return (number + 1) % 7 + 1 if inner == "wday" else number

    return ActVariable(read)


def _time_text(inner: str, index: str | None) -> ActVariable:
    return ActVariable(lambda act: time.strftime(inner).encode())


def _time_value(inner: str, index: str | None) -> ActVariable:
    reads: dict[str, Read] = {
        "s": lambda act: int(time.time()),
        "u": lambda act: time.time_ns() // 1000 % 1_000_000,
        "sn": lambda act: int(time.time()),
        "un": lambda act: time.time_ns() // 1000 % 1_000_000,
        "Sn": lambda act: b"%.6f" % time.time(),
    }
    if inner not in reads:
        raise ValueError(f"$TV({inner}) is not known; there are {', '.join(reads)}")
    return ActVariable(reads[inner])


def _environment(inner: str, index: str | None) -> ActVariable:
    value = os.environb.get(inner.encode())
    return ActVariable(lambda act: value)


def _expires(inner: str, index: str | None) -> ActVariable:
    def read(act: Act) -> Value:
        contact = text(act.header(b"contact"))
        found = [int(one) for one in re.findall(rb"(?i);\s*expires\s*=\s*([0-9]{1,9})", contact)]
        if not found:
            expires = act.header(b"expires")
            return integer(expires) if expires is not None else None
        return min(found) if inner == "min" else max(found)

    return ActVariable(read)


def _branch(inner: str, index: str | None) -> ActVariable:
    parts: dict[str, Callable[[Act, int], Value]] = {
        "uri": lambda act, at: act.asides[at].uri,
        "dst_uri": lambda act, at: act.asides[at].destination_uri,
        "q": lambda act, at: act.asides[at].q,
        "flags": lambda act, at: act.asides[at].flags,
        "count": lambda act, at: len(act.asides),
    }
    if inner not in parts:
        raise ValueError(f"$branch({inner}) is not known; there are {', '.join(parts)}")
    part, at = parts[inner], stored.place(index) or 0
    if inner == "count":
        return ActVariable(lambda act: len(act.asides))
    return ActVariable(lambda act: part(act, at) if -len(act.asides) <= at < len(act.asides) else None)


def _transaction(inner: str, index: str | None) -> ActVariable:
    reads: dict[str, Read] = {
        "id_index": lambda act: id(act.origin) >> 32 & 0x7FFFFFFF,
        "id_label": lambda act: id(act.origin) & 0x7FFFFFFF,
        "branch_index": _branch_index,
        "reply_code": lambda act: act.status,
        "reply_reason": _reply_reason,
        "method": lambda act: act.method,
    }
    if inner not in reads:
        raise ValueError(f"$T({inner}) is not known; there are {', '.join(reads)}")
    return ActVariable(reads[inner])


NAMED: Final[Mapping[str, Callable[[str, str | None], ActVariable]]] = {
    **{name: _stored(variables.NAMED[name]) for name in ("hdr", "hdrc", "avp")},
    "xavp": _xavp,
    "hfl": _header_list,
    "var": _process("var", 0),
    "vz": _process("vz", 0),
    "vn": _process("vn", None),
    "shv": _process("shv", 0),
    "env": _environment,
    "expires": _expires,
    "branch": _branch,
    "time": _time_part,
    "timef": _time_text,
    "TV": _time_value,
    "T": _transaction,
    "T_req": _in_other(lambda act: act.request_message),
    "T_inv": _in_other(lambda act: act.request_message),
    "T_rpl": _in_other(lambda act: act.reply_message),
}
"""Those that have a name of the operator's in parentheses."""


def find(name: str, inner: str | None, index: str | None) -> ActVariable:
    """The variable of that name.

    Raises:
        ValueError: there is none, and what was probably meant.
    """
    if name in PLAIN and inner is None and index in (None, "0"):
        return PLAIN[name]
    if name in NAMED and inner:
        return NAMED[name](inner, index)
    if name in PLAIN or name in NAMED:
        raise ValueError(f"${name} is written ${name}{'' if name in PLAIN else '(NAME)'}")
    raise ValueError(f"there is no variable ${name}; {variables.meant(name, (*PLAIN, *NAMED))}")


def find_text(written: str) -> ActVariable:
    """A variable as it is written, without transformations.

    Raises:
        ValueError: there is none like that.
    """
    found = re.fullmatch(r"\$\(?([A-Za-z_?]+)(?:\((.*?)\))?(?:\[(.*?)\])?\)?", written.strip(), re.DOTALL)
    if found is None:
        raise ValueError(f"{written!r} is no variable; write e.g. $ru")
    return find(found[1], found[2], found[3])
