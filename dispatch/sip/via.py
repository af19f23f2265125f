"""Via: the way that the response goes back (RFC 3261 §20.42, RFC 3581)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip import basic_rules
from dispatch.sip.basic_rules import Param

_SLASH: Final = 0x2F
_COLON: Final = 0x3A
_BRACKET: Final = 0x5B
_HOST: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._")
_ADDRESS: Final = frozenset(b"0123456789ABCDEFabcdef:.")
_DIGITS: Final = frozenset(b"0123456789")
_HIGHEST_PORT: Final = 65535


@dataclass(slots=True)
class Via:
    """One Via value, and where things are in it.

    Attributes:
        start: offset of the value.
        stop: offset just past it, parameters included.
        cut_start: from here ...
        cut_stop: ... to here must go to remove this value only; the whole line when it is the only one in it.
        transport: upper case.
        host: of sent-by, lower case; IPv6 in brackets.
        port: of sent-by; 0 where it has none.
        branch: empty without one.
        rport: empty for ``;rport`` alone, as in a request; None without it.
        received: an address, IPv6 with or without brackets (RFC 5118 §4.5); None without it.
        rport_span: from the semicolon to past the value of ``;rport``; None without it.
        received_span: the same of ``;received``.
    """

    start: int
    stop: int
    cut_start: int
    cut_stop: int
    transport: bytes
    host: bytes
    port: int
    branch: bytes
    rport: bytes | None
    received: bytes | None
    rport_span: tuple[int, int] | None
    received_span: tuple[int, int] | None

    @property
    def sent_by(self) -> bytes:
        """Host, and port where it has one."""
        return self.host + b":%d" % self.port if self.port else self.host


# Via = ( "Via" / "v" ) HCOLON via-parm *(COMMA via-parm)
def read(raw: bytes, start: int, stop: int, line: tuple[int, int]) -> list[Via]:
    """The values of one line.

    Args:
        raw: the message.
        start: offset of the first value.
        stop: where the last one ends.
        line: from the header's name to past its line end.

    Raises:
        ParseError: something between the commas is no Via value.
    """
    found = [_read_one(raw, start, stop)]
    while not basic_rules.is_list_end(raw, found[-1].stop, stop):
        found.append(_read_one(raw, basic_rules.skip_comma(raw, found[-1].stop, stop), stop))
    spans = [(one.start, one.stop) for one in found]
    for index, one in enumerate(found):
        one.cut_start, one.cut_stop = basic_rules.cut_span(line, spans, index)
    return found


def read_first(raw: bytes, start: int, stop: int, line: tuple[int, int]) -> Via:
    """The first value of a line; what stands behind its comma is not looked at.

    Raises:
        ParseError: it is no Via value.
    """
    found = _read_one(raw, start, stop)
    if basic_rules.is_list_end(raw, found.stop, stop):
        found.cut_start, found.cut_stop = line
    else:
        found.cut_stop = basic_rules.skip_comma(raw, found.stop, stop)
    return found


# via-parm      = sent-protocol LWS sent-by *( SEMI via-params )
# sent-protocol = protocol-name SLASH protocol-version SLASH transport, all tokens
# sent-by       = host [ COLON port ]
def _read_one(raw: bytes, start: int, stop: int) -> Via:
    at = basic_rules.skip_token(raw, start, stop)
    at = basic_rules.skip_token(raw, basic_rules.skip_mark(raw, at, stop, _SLASH), stop)
    name = basic_rules.skip_mark(raw, at, stop, _SLASH)
    at = basic_rules.skip_token(raw, name, stop)
    transport = raw[name:at].upper()
    name = basic_rules.skip_lws(raw, at, stop)
    if name == at:
        raise ParseError("no blank behind the transport", offset=at)
    at = _skip_host(raw, name, stop)
    host = raw[name:at].lower()
    port = 0
    if basic_rules.is_mark(raw, at, stop, _COLON):
        name = basic_rules.skip_mark(raw, at, stop, _COLON)
        at = basic_rules.skip_bytes(raw, name, stop, _DIGITS)
        port = _read_port(raw, name, at)
    params, at = basic_rules.read_params(raw, at, stop)
    branch, rport, received = (_find(params, name) for name in (b"branch", b"rport", b"received"))
    if rport is not None and rport.value:
        _read_port(raw, rport.stop - len(rport.value), rport.stop)
    return Via(
        start=start,
        stop=at,
        cut_start=start,
        cut_stop=at,
        transport=transport,
        host=host,
        port=port,
        branch=(branch and branch.value) or b"",
        rport=rport and (rport.value or b""),
        received=received and (received.value or b""),
        rport_span=rport and (rport.start, rport.stop),
        received_span=received and (received.start, received.stop),
    )


# host = hostname / IPv4address / IPv6reference;  IPv6reference = "[" IPv6address "]"
def _skip_host(raw: bytes, at: int, stop: int) -> int:
    if at < stop and raw[at] == _BRACKET:
        end = basic_rules.skip_bytes(raw, at + 1, stop, _ADDRESS)
        if end > at + 1 and raw[end : end + 1] == b"]":
            return end + 1
    else:
        end = basic_rules.skip_bytes(raw, at, stop, _HOST)
        if end > at:
            return end
    raise ParseError(f"{raw[at : at + 40]!r} is no host", offset=at)


def _read_port(raw: bytes, start: int, stop: int) -> int:
    return basic_rules.read_number(raw, start, stop, _HIGHEST_PORT)


# via-params = via-ttl / via-maddr / via-received / via-branch / via-extension;  response-port = "rport" [EQUAL 1*DIGIT]
def _find(params: list[Param], name: bytes) -> Param | None:
    """The parameter of that name.

    Raises:
        ParseError: there are several, so that nobody can say which one counts.
    """
    found = [param for param in params if param.name == name]
    if len(found) > 1:
        raise ParseError(f"Via has several {name.decode()!r}", offset=found[1].start)
    return found[0] if found else None
