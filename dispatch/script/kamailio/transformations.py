"""Transformations: ``$(hdr(X){s.substr,2,3}{s.toupper})``. A table, name to what it makes of a value."""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from dispatch.balance.hashing import hash_of
from dispatch.script.kamailio.posix import Substitution
from dispatch.script.values import Value, integer, text, whole_number
from dispatch.sip import address
from dispatch.sip import uri as sip_uri

Change = Callable[[bytes, Sequence[bytes]], Value]
"""Gets the value as a string, and the arguments."""

# What stands in the user part of a URI as it is (RFC 3261 §25.1: unreserved, user-unreserved).
_IN_USER: Final = "-_.!~*'()&=+$,;?/"


# --- strings


def _substr(value: bytes, arguments: Sequence[bytes]) -> Value:
    offset, length = _number(arguments, 0), _number(arguments, 1)
    start = max(len(value) + offset, 0) if offset < 0 else offset
    end = len(value) if length == 0 else start + length if length > 0 else len(value) + length
    return value[start : max(end, start)]


def _select(value: bytes, arguments: Sequence[bytes]) -> Value:
    # A comma as separator leaves two empty arguments.
    between = arguments[1][:1] if len(arguments) > 1 and arguments[1] else b","
    parts, index = value.split(between), _number(arguments, 0)
    return parts[index] if -len(parts) <= index < len(parts) else b""


def _strip_tail(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value[: max(len(value) - _number(arguments, 0), 0)]


def _strip_to(value: bytes, arguments: Sequence[bytes]) -> Value:
    at = value.find(arguments[0][:1])
    return value[at:] if at >= 0 else b""


def _prefixes(value: bytes, arguments: Sequence[bytes]) -> Value:
    most = _number(arguments, 0) if arguments else len(value)
    return b",".join(value[:length] for length in range(1, min(most, len(value)) + 1))


def _remove(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.replace(arguments[0], b"") if arguments[0] else value


def _replace(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.replace(arguments[0], arguments[1]) if arguments[0] else value


def _count(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.count(arguments[0][:1])


def _after(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.partition(arguments[0][:1])[2]


def _before(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.partition(arguments[0][:1])[0]


def _behind_last(value: bytes, arguments: Sequence[bytes]) -> Value:
    _, mark, tail = value.rpartition(arguments[0][:1])
    return tail if mark else b""


def _before_last(value: bytes, arguments: Sequence[bytes]) -> Value:
    head, mark, _ = value.rpartition(arguments[0][:1])
    return head if mark else value


def _unquote(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value[1:-1] if len(value) > 1 and value[:1] == value[-1:] and value[:1] in b"\"'" else value


def _unhexed(value: bytes, arguments: Sequence[bytes]) -> Value:
    try:
        return bytes.fromhex(value.decode("ascii"))
    except ValueError:
        return None


def _unbased(value: bytes, arguments: Sequence[bytes]) -> Value:
    try:
        return base64.b64decode(value)
    except ValueError:
        return None


def _escaped_common(value: bytes, arguments: Sequence[bytes]) -> Value:
    return re.sub(rb"['\"\\\0]", lambda found: b"\\" + (found[0] if found[0] != b"\0" else b"0"), value)


def _unescaped_common(value: bytes, arguments: Sequence[bytes]) -> Value:
    return re.sub(rb"\\(['\"\\0])", lambda found: found[1] if found[1] != b"0" else b"\0", value)


def _hash(value: bytes, arguments: Sequence[bytes]) -> Value:
    size = _number(arguments, 0) if arguments else 0
    number = hash_of(value)
    return b"%d" % (number & (size - 1) if size > 1 and not size & (size - 1) else number)


def _time(value: bytes, arguments: Sequence[bytes]) -> Value:
    return time.strftime(arguments[0].decode("utf-8", "replace"), time.localtime(integer(value))).encode()


# --- URIs


def _of_uri(part: Callable[[sip_uri.Uri], Value]) -> Change:
    def change(value: bytes, arguments: Sequence[bytes]) -> Value:
        uri = sip_uri.parse(value)
        return part(uri) if uri is not None else None

    return change


def _uri_param(value: bytes, arguments: Sequence[bytes]) -> Value:
    uri = sip_uri.parse(value)
    return (sip_uri.param(uri, arguments[0].lower()) or b"") if uri is not None else None


def _named_param(name: bytes) -> Change:
    return lambda value, arguments: _uri_param(value, (name,))


def _to_socket(uri: sip_uri.Uri) -> Value:
    return b"%b:%b:%b" % (uri.transport or b"udp", uri.host, uri.port or b"5060")


# --- parameters


def _parameters(value: bytes, between: bytes) -> list[tuple[bytes, bytes]]:
    rows = []
    quoted = re.findall(rb'(?:"(?:[^"\\]|\\.)*"|[^"%b])+' % re.escape(between), value, re.DOTALL)
    for one in quoted:
        name, _, behind = one.partition(b"=")
        if name.strip():
            rows.append((name.strip(), behind.strip().strip(b'"')))
    return rows


def _between(arguments: Sequence[bytes], at: int) -> bytes:
    return arguments[at][:1] if len(arguments) > at and arguments[at] else b";"


def _param_value(value: bytes, arguments: Sequence[bytes]) -> Value:
    wanted = arguments[0].lower()
    return next((text for name, text in _parameters(value, _between(arguments, 1)) if name.lower() == wanted), b"")


def _param_in(value: bytes, arguments: Sequence[bytes]) -> Value:
    wanted = arguments[0].lower()
    return int(any(name.lower() == wanted for name, _ in _parameters(value, _between(arguments, 1))))


def _param_at(part: int) -> Change:
    def change(value: bytes, arguments: Sequence[bytes]) -> Value:
        rows, index = _parameters(value, _between(arguments, 1)), _number(arguments, 0)
        return rows[index][part] if -len(rows) <= index < len(rows) else b""

    return change


def _param_count(value: bytes, arguments: Sequence[bytes]) -> Value:
    return len(_parameters(value, _between(arguments, 0)))


# --- addresses


def _of_address(part: Callable[[address.Address], Value]) -> Change:
    def change(value: bytes, arguments: Sequence[bytes]) -> Value:
        found = address.read(value)
        return part(found) if found is not None else None

    return change


def _user(found: address.Address) -> Value:
    uri = sip_uri.parse(found.uri)
    return (uri.user or b"") if uri is not None else b""


def _host(found: address.Address) -> Value:
    uri = sip_uri.parse(found.uri)
    return uri.host if uri is not None else b""


def _name(value: bytes, arguments: Sequence[bytes]) -> Value:
    """With its quotes, and the blank behind them."""
    head, bracket, _ = value.partition(b"<")
    return head if bracket else b""


def _address_params(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.rpartition(b">")[2].partition(b";")[2]


# --- the rest


def _line_at(value: bytes, arguments: Sequence[bytes]) -> Value:
    lines, index = value.split(b"\n"), _number(arguments, 0)
    return lines[index].rstrip(b"\r") if -len(lines) <= index < len(lines) else b""


def _line_count(value: bytes, arguments: Sequence[bytes]) -> Value:
    return value.count(b"\n") + (not value.endswith(b"\n")) if value else 0


def _line_beginning(value: bytes, arguments: Sequence[bytes]) -> Value:
    return next((line for line in value.splitlines() if line.startswith(arguments[0])), b"")


def _number(arguments: Sequence[bytes], at: int) -> int:
    return integer(arguments[at]) if len(arguments) > at else 0


def _plain(change: Callable[[bytes], Value]) -> Change:
    return lambda value, arguments: change(value)


CHANGES: Final[Mapping[str, Change]] = {
    "s.int": _plain(whole_number),
    "s.substr": _substr,
    "s.select": _select,
    "s.strip": lambda value, arguments: value[max(_number(arguments, 0), 0) :],
    "s.striptail": _strip_tail,
    "s.stripto": _strip_to,
    "s.prefixes": _prefixes,
    "s.toupper": _plain(bytes.upper),
    "s.tolower": _plain(bytes.lower),
    "s.trim": _plain(bytes.strip),
    "s.ltrim": _plain(bytes.lstrip),
    "s.rtrim": _plain(bytes.rstrip),
    "s.rm": _remove,
    "s.replace": _replace,
    "s.before": _before,
    "s.after": _after,
    "s.rbefore": _before_last,
    "s.rafter": _behind_last,
    "s.count": _count,
    "s.unquote": _unquote,
    "s.numeric": _plain(lambda value: re.sub(rb"[^0-9]", b"", value)),
    "s.md5": _plain(lambda value: hashlib.md5(value, usedforsecurity=False).hexdigest().encode()),
    "s.sha256": _plain(lambda value: hashlib.sha256(value).hexdigest().encode()),
    "s.sha384": _plain(lambda value: hashlib.sha384(value).hexdigest().encode()),
    "s.sha512": _plain(lambda value: hashlib.sha512(value).hexdigest().encode()),
    "s.encode.hexa": _plain(lambda value: value.hex().encode()),
    "s.decode.hexa": _unhexed,
    "s.encode.base64": _plain(base64.b64encode),
    "s.decode.base64": _unbased,
    "s.escape.user": _plain(lambda value: quote_from_bytes(value, safe=_IN_USER).encode()),
    "s.unescape.user": _plain(unquote_to_bytes),
    "s.escape.param": _plain(lambda value: quote_from_bytes(value, safe="-_.!~*'()[]/:&+$").encode()),
    "s.unescape.param": _plain(unquote_to_bytes),
    "s.urlencode.param": _plain(lambda value: quote_from_bytes(value, safe="-_.").replace("%20", "+").encode()),
    "s.urldecode.param": _plain(lambda value: unquote_to_bytes(value.replace(b"+", b" "))),
    "s.escape.common": _escaped_common,
    "s.unescape.common": _unescaped_common,
    "s.corehash": _hash,
    "s.ftime": _time,
    "uri.user": _of_uri(lambda uri: uri.user or b""),
    "uri.host": _of_uri(lambda uri: uri.host),
    "uri.port": _of_uri(lambda uri: uri.port or b""),
    "uri.params": _of_uri(lambda uri: uri.params),
    "uri.headers": _of_uri(lambda uri: uri.headers),
    "uri.passwd": _of_uri(lambda uri: uri.password or b""),
    "uri.scheme": _of_uri(lambda uri: uri.scheme),
    "uri.param": _uri_param,
    "uri.transport": _named_param(b"transport"),
    "uri.maddr": _named_param(b"maddr"),
    "uri.ttl": _named_param(b"ttl"),
    "uri.lr": _named_param(b"lr"),
    "uri.uparam": _named_param(b"user"),
    "uri.r2": _named_param(b"r2"),
    "uri.duri": _of_uri(
        lambda uri: (
            b"%b:%b%b%b"
            % (
                uri.scheme,
                uri.host,
                b":" + uri.port if uri.port else b"",
                b";transport=" + uri.transport if uri.transport else b"",
            )
        )
    ),
    "uri.saor": _of_uri(lambda uri: b"%b:%b%b" % (uri.scheme, uri.user + b"@" if uri.user else b"", uri.host)),
    "uri.suri": _of_uri(
        lambda uri: (
            b"%b:%b%b%b"
            % (uri.scheme, uri.user + b"@" if uri.user else b"", uri.host, b":" + uri.port if uri.port else b"")
        )
    ),
    "uri.tosocket": _of_uri(_to_socket),
    "param.value": _param_value,
    "param.in": _param_in,
    "param.name": _param_at(0),
    "param.valueat": _param_at(1),
    "param.count": _param_count,
    "nameaddr.uri": _of_address(lambda found: found.uri),
    "nameaddr.name": _name,
    "nameaddr.len": _plain(len),
    "tobody.uri": _of_address(lambda found: found.uri),
    "tobody.user": _of_address(_user),
    "tobody.host": _of_address(_host),
    "tobody.tag": _of_address(lambda found: found.tag or b""),
    "tobody.display": _of_address(lambda found: found.display),
    "tobody.params": _address_params,
    "line.count": _line_count,
    "line.at": _line_at,
    "line.sw": _line_beginning,
}
"""Those of a string; of null they make null."""
_OF_NULL: Final[Mapping[str, Callable[[Value], Value]]] = {
    "s.len": lambda value: len(text(value)),
    "val.n0": lambda value: 0 if value is None else value,
    "val.ne": lambda value: b"" if value is None else value,
}
"""Those that make something of null too."""
_ARGUMENTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("s.substr", "s.replace"), 2),
    **dict.fromkeys(("s.select", "s.strip", "s.striptail", "s.stripto", "s.rm", "s.before", "s.after", "s.count"), 1),
    **dict.fromkeys(("s.rbefore", "s.rafter", "s.ftime", "uri.param", "param.value", "param.in", "param.name"), 1),
    **dict.fromkeys(("param.valueat", "line.at", "line.sw"), 1),
}
"""How many arguments are needed, where some are."""
NAMES: Final = (*CHANGES, *_OF_NULL, "re.subst")

_NAME: Final = re.compile(r"\s*([a-z]+\.[a-z0-9]+(?:\.[a-z0-9]+)?)\s*(?:,(.*))?", re.DOTALL)


def make(written: str) -> tuple[str, tuple[str, ...]]:
    """Name and arguments of a transformation as it is written.

    Raises:
        ValueError: there is none like that, and what was probably meant.
    """
    found = _NAME.fullmatch(written)
    name = found[1] if found is not None else written.strip().partition(",")[0]
    if found is None or name not in NAMES:
        meant = difflib.get_close_matches(name, NAMES, 1, cutoff=0.4)
        raise ValueError(
            f"there is no transformation {{{name}}}" + (f"; did you mean {{{meant[0]}}}?" if meant else "")
        )
    if name == "re.subst":
        Substitution((found[2] or "").strip().encode("utf-8", "surrogateescape"))
        return name, ((found[2] or "").strip(),)
    arguments = tuple(one.strip() for one in _arguments(found[2])) if found[2] is not None else ()
    if len(arguments) < _ARGUMENTS.get(name, 0):
        raise ValueError(f"{{{written}}} needs {_ARGUMENTS[name]} arguments: {{{name},...}}")
    return name, arguments


def _arguments(written: str) -> list[str]:
    """Between commas; those in the parentheses of a variable separate nothing."""
    parts, depth = [""], 0
    for letter in written:
        depth += (letter in "({") - (letter in ")}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def function(name: str, arguments: Sequence[bytes]) -> Callable[[Value, Sequence[bytes]], Value]:
    """What does it; substitutions are compiled here, once."""
    if name == "re.subst":
        substitution = Substitution(arguments[0])
        return lambda value, _: substitution.apply(text(value))[0] if value is not None else None
    if name in _OF_NULL:
        of_null = _OF_NULL[name]
        return lambda value, _: of_null(value)
    change = CHANGES[name]
    return lambda value, given: change(text(value), given) if value is not None else None
