"""Name and address, as From, To and Route have them (RFC 3261 §20.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatch.errors import ParseError
from dispatch.sip import basic_rules
from dispatch.sip.basic_rules import Param

_QUOTE: Final = 0x22
# Not in the grammar, but much used in display names: UTF-8 without quotes.
_NAME: Final = basic_rules.TOKEN | frozenset(range(0x80, 0x100))
_NOT_IN_BRACKETS: Final = frozenset(b'<" \t\r\n\v\f')
_NOT_BARE: Final = frozenset(b'<>"\v\f')
_BARE_END: Final = frozenset(b"; \t\r\n")


@dataclass(slots=True)
class NameAddr:
    """An address with its parameters.

    Attributes:
        start: offset of the display name, or of the address where it has none.
        stop: offset just past the last parameter.
        uri: without brackets, as written.
        params: those of the header, not of the URI.
    """

    start: int
    stop: int
    uri: bytes
    params: list[Param]

    @property
    def tag(self) -> bytes | None:
        """The first ``tag`` parameter; None without one, or where it is empty."""
        for param in self.params:
            if param.name == b"tag" and param.value:
                return param.value
        return None


# From = ( "From" / "f" ) HCOLON ( name-addr / addr-spec ) *( SEMI from-param );  To likewise
# from-param = tag-param / generic-param;  tag-param = "tag" EQUAL token
def read(raw: bytes, start: int, stop: int) -> NameAddr:
    """A From or To value.

    Without brackets all parameters are the header's, none the URI's.

    Raises:
        ParseError: it is no address, or something follows it.
    """
    bracket = _find_bracket(raw, start, stop)
    found = _read_bare(raw, start, stop) if bracket < 0 else _read_bracketed(raw, start, bracket, stop)
    basic_rules.expect_end(raw, found.stop, stop)
    return found


# name-addr = [ display-name ] LAQUOT addr-spec RAQUOT
def read_name_addr(raw: bytes, start: int, stop: int) -> NameAddr:
    """The address in brackets that begins here, with its parameters; what follows it is left.

    Raises:
        ParseError: there is none.
    """
    bracket = _find_bracket(raw, start, stop)
    if bracket < 0:
        raise ParseError(f"{raw[start : start + 40]!r} is no address in <>", offset=start)
    return _read_bracketed(raw, start, bracket, stop)


# display-name = *( token LWS ) / quoted-string
def _find_bracket(raw: bytes, start: int, stop: int) -> int:
    """Offset of the ``<`` behind the display name; -1 where the address has no brackets."""
    if start < stop and raw[start] == _QUOTE:
        at = basic_rules.skip_lws(raw, basic_rules.skip_quoted(raw, start, stop), stop)
        if raw[at : at + 1] != b"<" or at >= stop:
            raise ParseError("no address behind the display name", offset=at)
        return at
    at = raw.find(b"<", start, stop)
    if at < 0 or raw.find(b";", start, at) >= 0:
        return -1
    word = start
    while word < at:
        end = basic_rules.skip_lws(raw, basic_rules.skip_bytes(raw, word, at, _NAME), at)
        if end == word:
            raise ParseError(f"{raw[word : word + 20]!r} can't stand in a display name without quotes", offset=word)
        word = end
    return at


def _read_bracketed(raw: bytes, start: int, bracket: int, stop: int) -> NameAddr:
    close = raw.find(b">", bracket, stop)
    uri = raw[bracket + 1 : close]
    if close < 0 or not uri or not _NOT_IN_BRACKETS.isdisjoint(uri):
        raise ParseError(f"{raw[bracket : bracket + 40]!r} is no address in <>", offset=bracket)
    params, end = basic_rules.read_params(raw, close + 1, stop)
    return NameAddr(start, end, uri, params)


def _read_bare(raw: bytes, start: int, stop: int) -> NameAddr:
    end = start
    while end < stop and raw[end] not in _BARE_END:
        end += 1
    uri = raw[start:end]
    if not uri or not _NOT_BARE.isdisjoint(uri):
        raise ParseError(f"{raw[start : start + 40]!r} is no address", offset=start)
    params, end = basic_rules.read_params(raw, end, stop)
    return NameAddr(start, end, uri, params)
