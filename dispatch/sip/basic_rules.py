"""What every header value is made of: blanks, tokens, quoted strings, parameters (RFC 3261 §25.1).

Each function reads `raw` from an offset up to `stop`, and returns where it came to.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dispatch.errors import ParseError

# token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
TOKEN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~")
_DIGITS: Final = frozenset(b"0123456789")
_BLANKS: Final = frozenset(b" \t")
_SPACES: Final = frozenset(b" \t\r\n\v\f")
_NO_VALUE: Final = frozenset(b';,="') | _SPACES
_QUOTE: Final = 0x22
_BACKSLASH: Final = 0x5C
_SEMICOLON: Final = 0x3B
_COMMA: Final = 0x2C
_EQUAL: Final = 0x3D


class Param(NamedTuple):
    """A parameter: ``;name`` or ``;name=value``.

    Attributes:
        name: lower case.
        value: as written, quotes included; None without ``=``.
        start: offset of its semicolon.
        stop: offset just past it.
    """

    name: bytes
    value: bytes | None
    start: int
    stop: int


# LWS = [*WSP CRLF] 1*WSP;  WSP = SP / HTAB;  SWS = [LWS]
def skip_lws(raw: bytes, at: int, stop: int) -> int:
    """Past blanks and folding; where it is, if there are none."""
    while at < stop:
        if raw[at] in _BLANKS:
            at += 1
        elif raw[at : at + 2] == b"\r\n" and at + 2 < stop and raw[at + 2] in _BLANKS:
            at += 3
        else:
            break
    return at


def trim_lws(raw: bytes, start: int, at: int) -> int:
    """Back from `at`, as far as there are blanks and folding, but not before `start`."""
    while at > start and raw[at - 1] in _BLANKS:
        while at > start and raw[at - 1] in _BLANKS:
            at -= 1
        if at - 2 >= start and raw[at - 2 : at] == b"\r\n":
            at -= 2
    return at


def skip_bytes(raw: bytes, at: int, stop: int, kind: frozenset[int]) -> int:
    """Past all bytes of a kind."""
    while at < stop and raw[at] in kind:
        at += 1
    return at


def skip_token(raw: bytes, at: int, stop: int) -> int:
    """Past a token.

    Raises:
        ParseError: there is none.
    """
    end = skip_bytes(raw, at, stop, TOKEN)
    if end == at:
        raise ParseError(f"a token is missing before {raw[at : at + 20]!r}", offset=at)
    return end


# quoted-string = SWS DQUOTE *(qdtext / quoted-pair ) DQUOTE;  quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F)
def skip_quoted(raw: bytes, at: int, stop: int) -> int:
    """Past a quoted string that begins here.

    Raises:
        ParseError: it has no end.
    """
    end = at + 1
    while end < stop:
        byte = raw[end]
        if byte == _QUOTE:
            return end + 1
        end += 2 if byte == _BACKSLASH else 1
    raise ParseError("a quoted string has no end", offset=at)


def skip_mark(raw: bytes, at: int, stop: int, mark: int) -> int:
    """Past a mark with blanks around it: SLASH, COLON, SEMI, COMMA, EQUAL.

    Raises:
        ParseError: it is not there.
    """
    at = skip_lws(raw, at, stop)
    if at >= stop or raw[at] != mark:
        raise ParseError(f"{chr(mark)!r} is missing before {raw[at : at + 20]!r}", offset=at)
    return skip_lws(raw, at + 1, stop)


def is_mark(raw: bytes, at: int, stop: int, mark: int) -> bool:
    """Whether this mark comes next, blanks before it left aside."""
    at = skip_lws(raw, at, stop)
    return at < stop and raw[at] == mark


# generic-param = token [ EQUAL gen-value ];  gen-value = token / host / quoted-string
def read_params(raw: bytes, at: int, stop: int) -> tuple[list[Param], int]:
    """The parameters ``*( SEMI generic-param )`` from here, and the offset just past the last one.

    A value may have any bytes that don't end it, or none: nobody looks at most of them.

    Raises:
        ParseError: something between semicolons is no parameter.
    """
    params = []
    while is_mark(raw, at, stop, _SEMICOLON):
        start = skip_lws(raw, at, stop)
        name = skip_mark(raw, at, stop, _SEMICOLON)
        at = skip_token(raw, name, stop)
        text = raw[name:at].lower()
        value = None
        if is_mark(raw, at, stop, _EQUAL):
            first = skip_mark(raw, at, stop, _EQUAL)
            at = _skip_value(raw, first, stop)
            value = raw[first:at]
            at = trim_lws(raw, name, at)
        params.append(Param(text, value, start, at))
    return params, at


def _skip_value(raw: bytes, at: int, stop: int) -> int:
    if at < stop and raw[at] == _QUOTE:
        return skip_quoted(raw, at, stop)
    while at < stop and raw[at] not in _NO_VALUE:
        at += 1
    return at


def expect_end(raw: bytes, at: int, stop: int) -> None:
    """See that nothing but blanks is left.

    Raises:
        ParseError: something is.
    """
    at = skip_lws(raw, at, stop)
    if at < stop:
        raise ParseError(f"{raw[at : at + 20]!r} was not expected", offset=at)


def is_list_end(raw: bytes, at: int, stop: int) -> bool:
    """Whether a list ends here; False where a comma says that another value follows.

    Raises:
        ParseError: something else stands here.
    """
    if is_mark(raw, at, stop, _COMMA):
        return False
    expect_end(raw, at, stop)
    return True


def skip_comma(raw: bytes, at: int, stop: int) -> int:
    """To the next value of a list."""
    return skip_mark(raw, at, stop, _COMMA)


# 1*DIGIT
def read_number(raw: bytes, start: int, stop: int, highest: int) -> int:
    """The number that is written from `start` to `stop`.

    Raises:
        ParseError: these are no digits, or the number is higher than `highest`.
    """
    end = skip_bytes(raw, start, stop, _DIGITS)
    if end == start or end < stop:
        raise ParseError(f"{raw[start : start + 20]!r} is no number", offset=start)
    digits = raw[start:stop].lstrip(b"0") or b"0"
    # Length first: Python refuses to convert thousands of digits.
    if len(digits) > len(str(highest)) or (number := int(digits)) > highest:
        raise ParseError(f"{digits[:20]!r} is higher than {highest}", offset=start)
    return number


def cut_span(line: tuple[int, int], spans: list[tuple[int, int]], index: int) -> tuple[int, int]:
    """What to delete so that one value of a list is gone, and a list remains.

    The whole line for an only value; else the value with the comma behind it, for the last one with that before it.
    """
    start, stop = spans[index]
    if len(spans) == 1:
        return line
    if index + 1 < len(spans):
        return start, spans[index + 1][0]
    return spans[index - 1][1], stop
