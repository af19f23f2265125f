r"""The management interface of the original's earlier versions: requests and answers in lines of text.

::

    request = ":" command ":" reply LF *( argument LF ) [LF]
    argument = [name "::"] ( value / DQUOTE value DQUOTE )     ; a quoted one may have line feeds, and \" for a quote
    answer = code SP text LF *( *TAB [name ":: "] value *( SP name "=" value ) LF )
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dispatch.control.text import to_bytes, to_text
from dispatch.control.values import Fault, Node

LONGEST_LINE: Final = 1023
"""Bytes of the first line."""
LARGEST: Final = 8191
"""Bytes of all arguments."""

_FIRST: Final = re.compile(rb":([^:\n]+):([^:\n]*)")
_QUOTED: Final = re.compile(r'(?:[^":\s]+::)?[ \t]*"((?:[^"\\]|\\.)*)"[ \t\r]*(?:\n|\Z)', re.DOTALL)
_NAME: Final = re.compile(r"[^\":\s]*::")
_BEGUN: Final = re.compile(rb'\s*(?:[^":\s]+::)?\s*"')
_QUOTE: Final = re.compile(rb'(?<!\\)"')
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Request:
    """A command.

    Attributes:
        command: its name.
        reply: where the answer is wanted; empty for nowhere, and in datagrams.
    """

    command: str
    reply: str


def first_line(line: bytes) -> Request | None:
    """The first line of a request; None for what is none."""
    found = _FIRST.fullmatch(line.rstrip())
    if found is None or len(line) > LONGEST_LINE:
        return None
    return Request(to_text(found[1]), to_text(found[2]))


class Unreadable(ValueError):
    """The arguments can't be read."""


def arguments(raw: bytes) -> list[str]:
    """What stands below the first line, the names left out.

    Raises:
        Unreadable: it is no list of arguments.
    """
    return list(_arguments(to_text(raw)))


def _arguments(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        quoted = _QUOTED.match(text, at)
        if quoted is not None:
            yield re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
            at = quoted.end()
            continue
        line, _, _ = text[at:].partition("\n")
        at += len(line) + 1
        value = _NAME.sub("", line.strip(), count=1).strip()
        if '"' in value:
            raise Unreadable
        if line.strip():
            yield value


def answer(nodes: Iterable[Node]) -> Iterator[bytes]:
    """The lines of an answer that things went well."""
    yield b"200 OK\n"
    yield from _lines(nodes, b"")


def _lines(nodes: Iterable[Node], indentation: bytes) -> Iterator[bytes]:
    for node in nodes:
        name = f"{node.name}:: " if node.name else ""
        attributes = "".join(f" {name}={value}" for name, value in node.attributes)
        yield indentation + to_bytes(_CONTROL.sub("?", f"{name}{node.value}{attributes}")) + b"\n"
        yield from _lines(node.children, indentation + b"\t")


def refusal(error: Fault) -> bytes:
    """The line of an answer that they did not."""
    return to_bytes(f"{error.code} {_CONTROL.sub('?', error.text)}\n")


def end_of_arguments(raw: bytes) -> int:
    """Where the arguments of a request end, behind the empty line that closes them; -1 as long as it is not there."""
    at, is_open = 0, False
    while (end := raw.find(b"\n", at)) >= 0:
        line = raw[at:end]
        if is_open:
            is_open = not _QUOTE.search(line)
        elif not line.strip():
            return end + 1
        else:
            begun = _BEGUN.match(line)
            is_open = begun is not None and not _QUOTE.search(line, begun.end())
        at = end + 1
    return -1
