"""Rows of a database table, read as the original reads them.

The order of the rows is what the order of the lines is in a file. A number that is NULL is 0, attributes that are NULL
are none. There is no grammar: numbers may be negative, and blanks and ``#`` belong to what they stand in. What the
original could not use either, or would cut, is a bad destination: no text for a URI, no number of 32 bits for a
number, and CR, LF or NUL, which would end a header line of a request.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from dispatch.balance.destination import LocalSocket, Row
from dispatch.balance.pace import gently
from dispatch.balance.roster import Roster, RosterBuilder

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,10}")
_FORBIDDEN: Final = re.compile(rb"[\r\n\0]")


def parse(
    rows: Iterable[Sequence[object]],
    source: str,
    table: str,
    columns: Sequence[str],
    sockets: Collection[LocalSocket],
    *,
    strict: bool = False,
) -> Roster:
    """The destinations of a table.

    Args:
        rows: values as a driver gives them: set, URI, and as far as they are read flags, priority, attributes.
        source: the database, for the problems.
        table: its name, for the problems.
        columns: names of what a row has, for the problems.
        sockets: what we listen on, for ``socket=``.
        strict: `ds_load_mode` 1.
    """
    builder = RosterBuilder(source, sockets, strict=strict)
    for number, values in gently(enumerate(rows, 1)):
        # Some drivers give numbers as text; nobody wants to see that.
        label = f"{table} row {number} ({_unquoted(values[0])}, {_shown(values[1])})"
        try:
            row = _row(values, columns, number)
        except ValueError as error:
            builder.refuse(number, str(error), label)
        else:
            builder.add(row, label)
    return builder.finish()


def _row(values: Sequence[object], columns: Sequence[str], number: int) -> Row:
    named = zip(columns, values, strict=True)
    group = _number(*next(named))
    uri = _text(*next(named))
    flags, priority = (_number(*next(named, ("", 0))) for _ in range(2))
    return Row(group, uri, flags, priority, _text(*next(named, ("", b""))), number)


def _number(column: str, value: object) -> int:
    if value is None:
        return 0
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if not _NUMBER.fullmatch(text) or not -0x80000000 <= int(text) <= 0x7FFFFFFF:
        raise ValueError(f"column {column!r} has {_shown(value)}; write a whole number of 32 bits")
    return int(text)


def _text(column: str, value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if not isinstance(value, bytes):
        raise ValueError(f"column {column!r} has {_shown(value)}; write text")
    if found := _FORBIDDEN.search(value):
        name = {b"\r": "CR", b"\n": "LF", b"\0": "NUL"}[found[0]]
        raise ValueError(f"column {column!r} has {name} at byte {found.start() + 1}; remove it")
    return value


def _shown(value: object) -> str:
    """A value for a person, cut short."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        value = value[:60].decode("utf-8", "backslashreplace")
    return repr(value)[:70] if isinstance(value, str) else str(value)[:70]


def _unquoted(value: object) -> str:
    return _shown(value).strip("'")
