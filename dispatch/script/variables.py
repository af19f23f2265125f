"""The pseudo-variables: one table, name to what reads and what writes it.

Names and values are those of the original. A value is text; None is what it calls null.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from dispatch.script import stored, values
from dispatch.script.scene import Read, Scene, Variable
from dispatch.script.values import Value
from dispatch.sip import address, credentials
from dispatch.sip import uri as sip_uri
from dispatch.sip.address import Address
from dispatch.sip.host import host_port
from dispatch.sip.message import Message
from dispatch.sip.reader import COMPACT

# variable = "$" name [ "(" inner ")" ] / "$(" name [ "(" inner ")" ] [ "[" index "]" ] ")"
_VARIABLE: Final = re.compile(
    r"\$(?:(?P<name>\?|[A-Za-z_]+)(?:\((?P<inner>[^()$]*)\))?"
    r"|\((?P<long>\?|[A-Za-z_]+)(?:\((?P<within>[^()$]*)\))?(?:\[(?P<index>-?[0-9]{1,9}|\*)\])?(?P<rest>[^()]*)\))"
)


def parse(text: str, start: int = 0) -> tuple[Variable, int]:
    """The variable that begins at `start`, and where what follows it begins.

    Raises:
        ValueError: there is none, and what was probably meant.
    """
    found = _VARIABLE.match(text, start)
    if found is None:
        raise ValueError(
            f"{text[start : start + 20]!r} is no variable; write e.g. $ci, $hdr(X-Key) or $(hdr(X-Key)[1])"
        )
    if found["rest"]:
        raise ValueError(f"{found['rest']!r} in {found[0]!r} is not known; there are no transformations")
    name, inner, index = found["name"] or found["long"], found["inner"], found["index"]
    if inner is None:
        inner = found["within"]
    if name in PLAIN and inner is None and index is None:
        return PLAIN[name], found.end()
    if name in NAMED and inner:
        return NAMED[name](inner, index), found.end()
    if name in PLAIN or name in NAMED:
        raise ValueError(f"${name} is written {_usage(name)}, not {found[0]!r}")
    raise ValueError(f"there is no variable ${name}; {meant(name, (*PLAIN, *NAMED))}")


def meant(name: str, names: Sequence[str]) -> str:
    """A question that names the nearest one."""
    near = difflib.get_close_matches(name, names, 1, cutoff=0.3)
    return f"did you mean {_usage(near[0]) if near else '$ci'}?"


def _usage(name: str) -> str:
    return f"${name}" if name in PLAIN else f"${name}(NAME)"


# --- of the message


def _header(name: bytes) -> Read:
    return lambda scene: _first(scene.message, name)


def _first(message: Message, name: bytes) -> bytes | None:
    """The first header of that name, blanks and folding before it left out, blanks behind it kept.

    Nearly always without the full reader: every call may be hashed by it.
    """
    if not message.usual:
        return _text(message, name, 0)
    found = _line(name).search(message.raw, 0, message.head)
    return message.raw[found.end() : message.raw.find(b"\r\n", found.end())] if found is not None else None


@lru_cache(maxsize=256)
def _line(name: bytes) -> re.Pattern[bytes]:
    """Where a header begins in a message of usual layout, which continues no line; see `dispatch.sip.layout`."""
    names = [re.escape(one) for one in (name, *[short for short, long in COMPACT.items() if long == name])]
    return re.compile(rb"\r\n(?i:%b)[ \t]*:[ \t]*" % b"|".join(names))


def _text(message: Message, name: bytes, index: int) -> bytes | None:
    """As `_first`, of several the one with that index; by the full reader."""
    return values.at(values_of(message, name), index)


def values_of(message: Message, name: bytes) -> list[bytes]:
    """The value of each header of that name, lists not cut."""
    return [message.raw[one.value : one.end - 2] for one in message.reader.spans(name)]


def _contact(scene: Scene) -> Value:
    return _first(scene.message, b"contact") or None


def _cseq_number(scene: Scene) -> Value:
    return b"%d" % scene.message.cseq[0]


def _body(scene: Scene) -> Value:
    return scene.message.body


def _length(scene: Scene) -> Value:
    return b"%d" % len(scene.message.raw)


def _constant(value: Value) -> Read:
    return lambda scene: value


def _header_named(inner: str, index: str | None) -> Variable:
    name, at = inner.strip().lower().encode("latin-1", "replace"), stored.place(index)
    name = COMPACT.get(name, name)
    if at is None:
        return Variable(lambda scene: _joined(scene.message, name))
    if at == 0:
        return Variable(_header(name))
    return Variable(lambda scene: _text(scene.message, name, at))


def _joined(message: Message, name: bytes) -> Value:
    found = values_of(message, name)
    return b",".join(found).lstrip(b",") if found else None


def _headers_counted(inner: str, index: str | None) -> Variable:
    name = inner.strip().lower().encode("latin-1", "replace")
    return Variable(lambda scene: b"%d" % len(scene.message.reader.spans(COMPACT.get(name, name))))


# --- of URIs

Part = Callable[[bytes], Value]


def _whole(text: bytes) -> Value:
    return text


def _readable(text: bytes) -> Value:
    return text if sip_uri.parse(text) is not None else None


def _user(text: bytes) -> Value:
    uri = sip_uri.parse(text)
    return (uri.user_name or None) if uri is not None else None


def _host(text: bytes) -> Value:
    uri = sip_uri.parse(text)
    return (uri.host or None) if uri is not None else None


def _port(text: bytes) -> Value:
    uri = sip_uri.parse(text)
    if uri is None:
        return None
    if uri.port is not None:
        return uri.port  # As written, also where nothing is.
    return b"5061" if uri.transport == b"tls" else b"5060"


def _protocol(text: bytes) -> Value:
    uri = sip_uri.parse(text)
    return (sip_uri.param(uri, b"transport") or b"UDP") if uri is not None else None


def _scheme(text: bytes) -> Value:
    uri = sip_uri.parse(text)
    if uri is None:
        return None
    return b"tel" if uri.is_phone else uri.scheme


def _of_uri(part: Part) -> Read:
    return lambda scene: part(scene.uri)


def _of_received_uri(part: Part) -> Read:
    return lambda scene: part(scene.message.uri)


def _of_destination(part: Part) -> Read:
    return lambda scene: part(scene.destination_uri) if scene.destination_uri is not None else None


def _write_uri(scene: Scene, value: Value) -> None:
    if value is not None:
        scene.uri = values.text(value)


def _write_destination(scene: Scene, value: Value) -> None:
    scene.destination_uri = values.text(value) if value is not None else None


# --- of From and To


def _of_address(header: bytes, part: Callable[[Address], Value]) -> Read:
    def read(scene: Scene) -> Value:
        text = _first(scene.message, header)
        found = address.read(text) if text is not None else None
        return part(found) if found is not None else None

    return read


def _addresses(letter: str, header: bytes) -> dict[str, Variable]:
    """``$fu``, ``$fU`` ... of From; ``$tu``, ``$tU`` ... of To."""
    return {
        f"{letter}u": Variable(_of_address(header, lambda found: found.uri)),
        f"{letter}U": Variable(_of_address(header, lambda found: _user(found.uri))),
        f"{letter}d": Variable(_of_address(header, lambda found: _host(found.uri))),
        f"{letter}n": Variable(_of_address(header, lambda found: found.display or None)),
        f"{letter}t": Variable(_of_address(header, lambda found: found.tag)),
    }


# --- of credentials


def _of_credentials(part: Callable[[bytes], Value]) -> Read:
    """Of Proxy-Authorization where there is one, else of Authorization; never of ACK and CANCEL."""

    def read(scene: Scene) -> Value:
        message = scene.message
        if message.method in (b"ACK", b"CANCEL"):
            return None
        text = _first(message, b"proxy-authorization")
        if text is None:
            text = _first(message, b"authorization")
        return part(text) if text is not None else None

    return read


def _digest_user(text: bytes) -> Value:
    user = credentials.username(text)
    return credentials.user_part(user) if user is not None else None


def _digest_domain(text: bytes) -> Value:
    user = credentials.username(text)
    return credentials.domain_part(user) if user is not None else None


def _digest_realm(text: bytes) -> Value:
    return credentials.parameter(text, b"realm")


# --- of the network


def _source_uri(scene: Scene) -> Value:
    return b"sip:%b" % host_port(*scene.source).encode()


PLAIN: Final[Mapping[str, Variable]] = {
    "null": Variable(_constant(None), lambda scene, value: None),
    "rm": Variable(lambda scene: scene.message.method),
    "ru": Variable(_of_uri(_readable), _write_uri),
    "rU": Variable(_of_uri(_user)),
    "rd": Variable(_of_uri(_host)),
    "rp": Variable(_of_uri(_port)),
    "rP": Variable(_of_uri(_protocol)),
    "rz": Variable(_of_uri(_scheme)),
    "ou": Variable(_of_received_uri(_readable)),
    "oU": Variable(_of_received_uri(_user)),
    "od": Variable(_of_received_uri(_host)),
    "op": Variable(_of_received_uri(_port)),
    "oP": Variable(_of_received_uri(_protocol)),
    "du": Variable(_of_destination(_whole), _write_destination),
    "dd": Variable(_of_destination(_host)),
    "dp": Variable(_of_destination(_port)),
    "dP": Variable(_of_destination(_protocol)),
    **_addresses("f", b"from"),
    **_addresses("t", b"to"),
    "ci": Variable(_header(b"call-id")),
    "cs": Variable(_cseq_number),
    "csb": Variable(_header(b"cseq")),
    "ct": Variable(_contact),
    "cT": Variable(_header(b"content-type")),
    "cl": Variable(_header(b"content-length")),
    "ua": Variable(_header(b"user-agent")),
    "au": Variable(_of_credentials(_digest_user)),
    "aU": Variable(_of_credentials(credentials.username)),
    "ad": Variable(_of_credentials(_digest_domain)),
    "ar": Variable(_of_credentials(_digest_realm)),
    "si": Variable(lambda scene: scene.source[0].encode()),
    "sp": Variable(lambda scene: b"%d" % scene.source[1]),
    "su": Variable(_source_uri),
    "Ri": Variable(lambda scene: scene.received_at[0].encode()),
    "Rp": Variable(lambda scene: b"%d" % scene.received_at[1]),
    "pr": Variable(lambda scene: scene.protocol),
    "proto": Variable(lambda scene: scene.protocol),
    "rb": Variable(_body),
    "mb": Variable(lambda scene: scene.message.raw),
    "ml": Variable(_length),
}
"""Those that are a name and nothing else."""

NAMED: Final[Mapping[str, Callable[[str, str | None], Variable]]] = {
    "hdr": _header_named,
    "hdrc": _headers_counted,
    "avp": stored.avp,
    "xavp": stored.xavp,
    "var": stored.script_variable("var", b"0"),
    "vz": stored.script_variable("vz", b"0"),
    "vn": stored.script_variable("vn", None),
}
"""Those that have a name of the operator's in parentheses; made from that and the index behind it."""
