"""Tables for people: columns side by side, nothing in them that a terminal would act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from dispatch.control.command import Column
from dispatch.control.text import printable

_GAP: Final = "  "
_COLOURS: Final = {"A": "\x1b[32m", "I": "\x1b[31m", "D": "\x1b[31m", "T": "\x1b[33m"}
_PLAIN: Final = "\x1b[0m"


def lines(columns: Sequence[Column], records: Sequence[Any], *, colour: bool = False) -> Iterator[str]:
    """A line of titles, then one for each record; columns in which nothing stands are left out.

    Args:
        colour: show states in colours.
    """
    for cells in _rows(columns, records, colour):
        yield _GAP.join(cells).rstrip()


def _rows(columns: Sequence[Column], records: Sequence[Any], colour: bool) -> Iterator[tuple[str, ...]]:
    filled = [_column(column, [column.cell(one) for one in records], colour) for column in columns]
    return zip(*(cells for cells in filled if cells is not None), strict=True)


def _column(column: Column, values: Sequence[str | int], colour: bool) -> list[str] | None:
    """All cells of a column under each other, equally wide; None where nothing stands in it."""
    cells = [printable(str(value)) for value in values]
    if not any(cells):
        return None
    width = max(len(column.title), *map(len, cells))
    is_number = all(isinstance(value, int) or not value for value in values)
    padded = [cell.rjust(width) if is_number else cell.ljust(width) for cell in (column.title, *cells)]
    if colour and column.is_state:
        padded[1:] = [_painted(cell) for cell in padded[1:]]
    return padded


def _painted(cell: str) -> str:
    return f"{_COLOURS[cell[0]]}{cell}{_PLAIN}" if cell[0] in _COLOURS else cell
