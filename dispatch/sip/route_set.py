"""Route and Record-Route: lists of addresses, and how to take some of them out (RFC 3261 §20.30, §20.34)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from dispatch.sip import basic_rules, name_addr


class Entry(NamedTuple):
    """One value of a Route or Record-Route header.

    Attributes:
        start: offset of the value.
        stop: offset just past it, parameters included.
        cut_start: from here ...
        cut_stop: ... to here must go to remove this value only; the whole line when it is the only one in it.
        uri: the address, without brackets.
    """

    start: int
    stop: int
    cut_start: int
    cut_stop: int
    uri: bytes


# Route = "Route" HCOLON route-param *(COMMA route-param);  Record-Route likewise
# route-param = name-addr *( SEMI rr-param );  rr-param = generic-param
def read(raw: bytes, start: int, stop: int, line: tuple[int, int]) -> list[Entry]:
    """The values of one line.

    Args:
        raw: the message.
        start: offset of the first value.
        stop: where the last one ends.
        line: from the header's name to past its line end.

    Raises:
        ParseError: something between the commas is no address in brackets.
    """
    found = [name_addr.read_name_addr(raw, start, stop)]
    while not basic_rules.is_list_end(raw, found[-1].stop, stop):
        found.append(name_addr.read_name_addr(raw, basic_rules.skip_comma(raw, found[-1].stop, stop), stop))
    spans = [(one.start, one.stop) for one in found]
    return [
        Entry(one.start, one.stop, *basic_rules.cut_span(line, spans, index), one.uri)
        for index, one in enumerate(found)
    ]


def cuts(raw: bytes, entries: Sequence[Entry], gone: Collection[int]) -> list[tuple[int, int]]:
    """What to delete so that several values are gone: spans that don't overlap, no empty header left behind.

    Args:
        raw: the message.
        entries: every value of every line of that header, in order.
        gone: numbers of those to remove.
    """
    spans = []
    first = 0
    while first < len(entries):
        last = first + 1
        while last < len(entries) and entries[last - 1].cut_stop == entries[last].start:
            last += 1
        spans += _cuts_in_line(raw, entries[first:last], {index - first for index in gone})
        first = last
    return spans


def _cuts_in_line(raw: bytes, line: Sequence[Entry], gone: Collection[int]) -> list[tuple[int, int]]:
    kept = [index for index in range(len(line)) if index not in gone]
    if not kept:
        return [_line(raw, line)]
    # Behind the last one that stays, the comma in front goes; before it, the comma that follows.
    return [
        (one.start, line[index + 1].start) if index < kept[-1] else (line[index - 1].stop, one.stop)
        for index, one in enumerate(line)
        if index in gone
    ]


def _line(raw: bytes, line: Sequence[Entry]) -> tuple[int, int]:
    """From the name to past the line end; in a folded line there are line ends in between."""
    if len(line) == 1:
        return line[0].cut_start, line[0].cut_stop
    start = raw.rfind(b"\r\n", 0, line[0].start) + 2
    while raw[start] in b" \t":
        start = raw.rfind(b"\r\n", 0, start - 2) + 2
    stop = raw.find(b"\r\n", line[-1].stop) + 2
    while raw[stop] in b" \t":
        stop = raw.find(b"\r\n", stop) + 2
    return start, stop
