"""The tokens of a `kamailio.cfg`, and how each is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from dispatch.script.kamailio.tree import Position, Variable


class TokenKind(IntEnum):
    """What a token is."""

    WORD = 1
    NUMBER = 2
    TEXT = 3
    RAW_TEXT = 4  # in single quotes
    VARIABLE = 5
    SELECT = 6
    MARK = 7  # punctuation and operators
    END = 8


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        raw: as it is written.
        text: of a string, without quotes and escapes; else `raw`.
        at: where it is.
        is_spaced: a blank, a line feed or a comment stands before it.
        is_first: it is the first of its line.
    """

    kind: TokenKind
    raw: str
    text: str
    at: Position
    is_spaced: bool
    is_first: bool


SPELLED: Final = {
    "yes": 1,
    "true": 1,
    "on": 1,
    "enable": 1,
    "no": 0,
    "false": 0,
    "off": 0,
    "disable": 0,
}
"""Words that are numbers."""

NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[01]+[bB](?![0-9A-Za-z_])|[0-9]+")
ADDRESS: Final = re.compile(
    r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}"
)
WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MARK: Final = re.compile(r"&&|\|\||=~|==|!=|<=|>=|<<|>>|[{}()\[\],;:=+\-*/<>!~&|^.@%?]")
STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
RAW_STRING: Final = re.compile(r"'([^']*)'")
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{2,3}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", '"': '"', "\\": "\\", "\n": ""}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\?|\$")


def number(raw: str) -> int:
    """What a number means: decimal, ``0x1f``, octal with a leading 0, ``101b``."""
    low = raw.lower()
    if low.startswith("0x"):
        return int(low, 16)
    if low.endswith("b"):
        return int(low[:-1], 2)
    if low.startswith("0") and len(low) > 1 and not set(low) - set("01234567"):
        return int(low, 8)
    return int(low)


def unescape(text: str) -> str:
    """The text in double quotes; a backslash before any other letter stays."""

    def undo(found: re.Match[str]) -> str:
        code = found[1]
        if code in _ESCAPED:
            return _ESCAPED[code]
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        return chr(int(code, 8) & 0xFF) if code[0] in "01234567" and len(code) > 1 else "\\" + code

    return _ESCAPE.sub(undo, text)


def end_of_variable(text: str, at: int) -> int:
    """Where the variable ends that begins at a dollar sign; -1 where there is none."""
    if text[at + 1 : at + 2] == "(":
        return closing(text, at + 1)
    name = _NAME.match(text, at + 1)
    if name is None:
        return -1
    return closing(text, name.end()) if text[name.end() : name.end() + 1] == "(" else name.end()


def closing(text: str, at: int, pair: str = "()") -> int:
    """Behind the bracket that closes the one at `at`; -1 where none does."""
    depth = 0
    for index in range(at, len(text)):
        if text[index] == pair[0]:
            depth += 1
        elif text[index] == pair[1]:
            depth -= 1
            if depth == 0:
                return index + 1
    return -1


def variable(text: str, at: Position) -> Variable:
    """The parts of a variable, all of which `text` is.

    Raises:
        ValueError: it is none.
    """
    within = text[2:-1] if text.startswith("$(") else text[1:]
    name = _NAME.match(within)
    if name is None:
        raise ValueError(f"{text!r} names no variable; write e.g. $ru, or $(hdr(X)[0]{{s.len}})")
    place = name.end()
    inner = index = None
    transformations = []
    if within[place : place + 1] == "(":
        end = closing(within, place)
        inner, place = within[place + 1 : end - 1], end
    if within[place : place + 1] == "[":
        end = closing(within, place, "[]")
        if end < 0:
            raise ValueError(f"{text!r}: the index has no end; add ]")
        index, place = within[place + 1 : end - 1].strip(), end
    while within[place : place + 1] == "{":
        end = closing(within, place, "{}")
        if end < 0:
            raise ValueError(f"{text!r}: the transformation has no end; add }}")
        transformations.append(within[place + 1 : end - 1])
        place = end
    if place != len(within):
        raise ValueError(f"{text!r}: {within[place:]!r} is too much")
    return Variable(at, name[0], inner, index, tuple(transformations), text)
