"""URIs: read in place, ask for their parts, compare.

What counts as a URI follows the program that we stand in for, which is more liberal than RFC 3261 §19.1 in some places
(the host of a URI without user may be anything) and stricter in others (one ``@`` only).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SCHEMES: Final = frozenset((b"sip", b"sips", b"tel", b"urn"))
_SHORTEST: Final = 5  # of a whole URI
_LONGEST_PORT: Final = 5  # digits, leading zeros counted
_HIGHEST_PORT: Final = 65535

_DIGITS: Final = frozenset(b"0123456789")
_ALPHANUM: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_HOST: Final = _ALPHANUM | frozenset(b".-")
_RESERVED: Final = frozenset(b";/?:@&=+$,")  # RFC 2396 §2.2: not the same as their escape
_HEX: Final = frozenset(b"0123456789ABCDEFabcdef")
_NEVER_IGNORED: Final = frozenset((b"user", b"ttl", b"method", b"maddr", b"transport"))

# SIP-URI  = "sip:" [ userinfo ] hostport uri-parameters [ headers ];  userinfo = user [ ":" password ] "@"
# hostport = host [ ":" port ];  uri-parameters = *( ";" uri-parameter )
# Here what nearly all of them look like: no password, no headers, nothing that could be taken for something else.
_USUAL: Final = re.compile(
    rb"(sips?):(?:([^@:;?\[\]]+)@)?([A-Za-z0-9][A-Za-z0-9.\-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,4}))?(?:;([^@?]*))?"
)


@dataclass(slots=True)
class Uri:
    """The parts of a URI, as written: nothing unescaped, no case changed but that of the scheme.

    Attributes:
        scheme: lower case: ``sip``, ``sips``, ``tel`` or ``urn``.
        user: before the ``@``, without password; of a ``tel`` URI its number; None where there is none.
        password: None where there is none.
        host: IPv6 in its brackets; empty in a ``tel`` URI.
        port: its digits, maybe none (``sip:a.com:``); None without a colon.
        params: URI parameters, without the first semicolon.
        headers: without the question mark.
    """

    scheme: bytes
    user: bytes | None
    password: bytes | None
    host: bytes
    port: bytes | None
    params: bytes
    headers: bytes

    @property
    def port_number(self) -> int:
        """The port; 0 where the URI has none."""
        return int(self.port or 0)

    @property
    def usual_port(self) -> int:
        """The port; where the URI has none, that of its transport (RFC 3261 §18.2.2, §19.1.2)."""
        return int(self.port or 0) or (5061 if self.scheme == b"sips" or self.transport == b"tls" else 5060)

    @property
    def transport(self) -> bytes:
        """The ``transport`` parameter, lower case; empty without one."""
        return (param(self, b"transport") or b"").lower() if self.params else b""

    @property
    def is_phone(self) -> bool:
        """Whether it stands for a telephone number: ``tel:``, or ``user=phone`` in just that case."""
        return self.scheme == b"tel" or (self.scheme != b"urn" and param(self, b"user") == b"phone")

    @property
    def user_name(self) -> bytes:
        """The user without the telephone parameters in it; empty where there is none."""
        user = self.user or b""
        return user.partition(b";")[0] if self.is_phone else user


def parse(text: bytes) -> Uri | None:
    """The parts of a URI; None when the text is none."""
    found = _USUAL.fullmatch(text)
    if found is None:
        return read(text)
    scheme, user, host, port, params = found.groups()
    return Uri(scheme, user, None, host, port, params or b"", b"")


def read(text: bytes) -> Uri | None:
    """As `parse`, without the pattern for the usual form."""
    scheme, _, rest = text.partition(b":")
    scheme = scheme.lower()
    if scheme not in _SCHEMES or not rest or len(text) < _SHORTEST:
        return None
    uri = _read_behind_scheme(scheme, rest)
    if uri is None:
        return None
    if scheme == b"tel":
        uri.user, uri.host = uri.host, b""
    elif scheme != b"urn" and (uri.host[:1] == b"@" or (uri.user is not None and uri.is_phone and not uri.user_name)):
        return None
    return uri


def _read_behind_scheme(scheme: bytes, rest: bytes) -> Uri | None:
    """The user ends at an ``@``, but ``:``, ``;`` and ``?`` may stand in it: look which of them comes first."""
    first = rest[:1]
    if first in (b"]", b":"):
        return None
    if first == b"[":
        return _read_bracket(scheme, rest)
    at = _find_any(rest, b"@:;?[]", 1)
    mark = rest[at : at + 1]
    if mark == b"@":
        return _read_host(scheme, rest[:at], None, rest[at + 1 :])
    if mark == b":":
        return _read_colon(scheme, rest, at)
    if mark in (b";", b"?"):
        return _read_open(scheme, rest, at)
    return None if mark else Uri(scheme, None, None, rest, None, b"", b"")


def _read_bracket(scheme: bytes, rest: bytes) -> Uri | None:
    """An address came first: it is the host, unless an ``@`` in the parameters makes all before that the user."""
    end = rest.find(b"]") + 1
    mark = _end_of(rest, _DIGITS, end + 1) if rest[end : end + 1] == b":" else end
    as_host = _read_host(scheme, None, None, rest[:mark])
    if as_host is not None and rest[mark : mark + 1] in (b";", b"?") and rest.find(b"@", mark) >= 0:
        return _read_open(scheme, rest, mark)
    return _read_host(scheme, None, None, rest)


def _read_colon(scheme: bytes, rest: bytes, colon: int) -> Uri | None:
    """A colon came first: what follows is a port if digits lead to the end of the host, else a password."""
    stop = _end_of(rest, _DIGITS, colon + 1)
    digits = rest[colon + 1 : stop]
    if not _is_port_value(digits):
        return None
    if rest[stop : stop + 1] in (b"", b";", b"?"):
        return _finish(scheme, None, None, rest[:colon], digits, rest[stop:])
    at = _find_any(rest, b"@:;?[]", stop)
    if rest[at : at + 1] == b"@":
        return _read_host(scheme, rest[:colon], rest[colon + 1 : at], rest[at + 1 :])
    if at == len(rest) and scheme == b"urn":
        return Uri(scheme, rest[:colon], None, rest[colon + 1 :], None, b"", b"")
    return None


def _read_open(scheme: bytes, rest: bytes, mark: int) -> Uri | None:
    """A semicolon or question mark came first: all that was still the user if there is a fitting ``@`` behind it."""
    at = rest.find(b"@", mark)
    if at < 0:
        return _finish(scheme, None, None, rest[:mark], None, rest[mark:])
    user, colon, password = rest[mark:at].partition(b":")
    if _find_any(password, b":;?", 0) < len(password):
        return None
    return _read_host(scheme, rest[:mark] + user, password if colon else None, rest[at + 1 :])


def _read_host(scheme: bytes, user: bytes | None, password: bytes | None, text: bytes) -> Uri | None:
    """Host, port and what follows, where it is certain that no user comes any more."""
    if text[:1] == b"[":
        stop = text.find(b"]") + 1
        if not stop or _find_any(text, b"[&@;?", 1) < stop:
            return None
    else:
        stop = _end_of(text, _HOST, 0)
        if not stop or text[0] not in _ALPHANUM:
            return None
    host = text[:stop]
    port = None
    if text[stop : stop + 1] == b":":
        start = stop + 1
        stop = _end_of(text, _DIGITS, start)
        port = text[start:stop]
    return _finish(scheme, user, password, host, port, text[stop:])


def _finish(
    scheme: bytes, user: bytes | None, password: bytes | None, host: bytes, port: bytes | None, tail: bytes
) -> Uri | None:
    """Check the port, and split parameters from headers."""
    if port is not None and (len(port) > _LONGEST_PORT or not _is_port_value(port)):
        return None
    if tail[:1] not in (b"", b";", b"?") or b"@" in tail:
        return None
    params, _, headers = tail.partition(b"?")
    if b";" in headers:
        return None
    return Uri(scheme, user, password, host, port, params[1:], headers)


def _is_port_value(digits: bytes) -> bool:
    digits = digits.lstrip(b"0")
    return len(digits) <= _LONGEST_PORT and int(digits or b"0") <= _HIGHEST_PORT


def _find_any(text: bytes, marks: bytes, start: int) -> int:
    """Where the first of these bytes stands; the length of the text where none does."""
    for at in range(start, len(text)):
        if text[at] in marks:
            return at
    return len(text)


def _end_of(text: bytes, kind: frozenset[int], start: int) -> int:
    """Where the first byte of another kind stands."""
    for at in range(start, len(text)):
        if text[at] not in kind:
            return at
    return len(text)


def param(uri: Uri, name: bytes) -> bytes | None:
    """Value of a URI parameter, as written; of several the last one counts.

    Args:
        uri: where to look.
        name: in lower case.

    Returns:
        Empty for a parameter without value; None where there is none of that name.
    """
    value = None
    if uri.params:
        for one in uri.params.split(b";"):
            found, _, text = one.partition(b"=")
            if found.lower() == name:
                value = text
    return value


def host_port(uri: Uri) -> bytes:
    """The host, and the port as written unless it is the one that would be used without it."""
    port = uri.port
    if port is None:
        return uri.host
    usual = 5061 if uri.scheme == b"sips" and not uri.is_phone else 5060
    return uri.host if port and int(port) == usual else uri.host + b":" + port


def equal(a: Uri, b: Uri) -> bool:
    """Whether they name the same thing: RFC 3261 §19.1.4, for ``tel`` RFC 3966 §4, for ``urn`` RFC 8141 §3.

    It is no equivalence: ``sip:h;x=1`` and ``sip:h;x=2`` each equal ``sip:h``, but not one another.
    """
    if a.scheme != b.scheme:
        return False
    if a.scheme == b"tel":
        return _number(a) == _number(b) and dict(_pairs(a.params, b";")) == dict(_pairs(b.params, b";"))
    if a.scheme == b"urn":
        return _urn(a) == _urn(b)
    return (
        _unescaped(a.user) == _unescaped(b.user)
        and _unescaped(a.password) == _unescaped(b.password)
        and _host(a) == _host(b)
        and (a.port and int(a.port)) == (b.port and int(b.port))
        and _same_params(dict(_pairs(a.params, b";")), dict(_pairs(b.params, b";")))
        and dict(_pairs(a.headers, b"&")) == dict(_pairs(b.headers, b"&"))
    )


def _same_params(a: dict[bytes, bytes], b: dict[bytes, bytes]) -> bool:
    """Those in both must match; those in one only are ignored, but for some.

    The text of §19.1.4 does not count ``transport`` among these; its examples do.
    """
    return all(a.get(name) == b.get(name) for name in a.keys() & b.keys() | (a.keys() ^ b.keys()) & _NEVER_IGNORED)


def _pairs(text: bytes, between: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and values, in a form in which they can be compared."""
    for one in text.split(between):
        name, _, value = one.partition(b"=")
        if name:
            yield (_unescaped(name) or b"").lower(), (_unescaped(value) or b"").lower()


def _unescaped(text: bytes | None) -> bytes | None:
    """An escape and what it stands for made one, but for reserved characters."""
    if text is None or b"%" not in text:
        return text
    first, *others = text.split(b"%")
    parts = [first]
    for one in others:
        if len(one) < 2 or one[0] not in _HEX or one[1] not in _HEX:
            parts += (b"%", one)
        elif (byte := int(one[:2], 16)) in _RESERVED or byte == 0x25:
            parts += (b"%", one[:2].upper(), one[2:])
        else:
            parts += (bytes((byte,)), one[2:])
    return b"".join(parts)


def _host(uri: Uri) -> bytes:
    """Lower case; IPv6 addresses by value, not by spelling (RFC 5954 §4.2)."""
    host = uri.host.lower()
    if host[:1] == b"[":
        try:
            return ipaddress.IPv6Address(host[1:-1].decode("ascii")).packed
        except ValueError:
            return host
    return host


def _number(uri: Uri) -> bytes:
    return (uri.user or b"").translate(None, b"-.()").lower()


def _urn(uri: Uri) -> tuple[bytes, bytes | None, bytes | None, bytes]:
    return (uri.user or b"").lower(), _unescaped(uri.host), uri.port, uri.params
