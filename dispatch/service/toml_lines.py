"""Where the keys of a TOML text stand: the standard reader gives values, and no lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

Path = tuple[str | int, ...]

# Strings first, so that what looks like a bracket or a comment in them is none.
_TOKEN: Final = re.compile(
    r'''
      """ (?: \\. | [^\\] )*? "{3,5}
    | \'\'\' .*? \'{3,5}
    | " (?: \\. | [^"\\] )* "
    | ' [^']* '
    | \# [^\n]*
    | \n
    | [\[\]{}=,.]
    | [^\s\[\]{}=,."'\#]+
    ''',
    re.DOTALL | re.VERBOSE,
)
_END: Final = ""


def lines(text: str) -> Mapping[Path, int]:
    """Line, counted from 1, of every table, key and array item of a text that `tomllib` has accepted.

    A table or key is named by its way from the top, an array item by its place in the array:
    ``("sip", "listen", 0)``.
    """
    scan = _Scan(text)
    scan.document()
    return scan.found


class _Scan:
    """One walk over the tokens. The text is known to be right, so nothing is checked."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {(): 1}
        self._tokens: list[tuple[str, int]] = []
        line, at = 1, 0
        for match in _TOKEN.finditer(text):
            line += text.count("\n", at, match.start())
            at = match.start()
            if match[0][0] != "#":
                self._tokens.append((match[0], line))
        self._tokens.append((_END, line))
        self._at = 0

    def document(self) -> None:
        table: Path = ()
        while (token := self._peek()) != _END:
            line = self._tokens[self._at][1]
            if token == "\n":
                self._at += 1
            elif token == "[":
                while self._peek() == "[":
                    self._at += 1
                table = self._key()
                self.found.setdefault(table, line)
                while self._peek() == "]":
                    self._at += 1
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self._tokens[self._at][0]

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at][1]
        key = self._key()
        for depth in range(1, len(key) + 1):
            self.found.setdefault(table + key[:depth], line)
        self._at += 1  # the equals sign
        self._value(table + key)

    def _key(self) -> Path:
        names: list[str] = []
        while True:
            name = self._peek()
            self._at += 1
            names.append(tomllib.loads(f"key = {name}")["key"] if name[0] in "\"'" else name)
            if self._peek() != ".":
                return tuple(names)
            self._at += 1

    def _value(self, path: Path) -> None:
        opening = self._peek()
        if opening == "[":
            self._items(path)
        elif opening == "{":
            self._members(path)
        else:
            while self._peek() not in (",", "]", "}", "\n", _END):
                self._at += 1

    def _items(self, path: Path) -> None:
        self._at += 1
        index = 0
        while (token := self._peek()) != "]":
            if token in ("\n", ","):
                index += token == ","
                self._at += 1
            else:
                self.found[(*path, index)] = self._tokens[self._at][1]
                self._value((*path, index))
        self._at += 1

    def _members(self, path: Path) -> None:
        self._at += 1
        while (token := self._peek()) != "}":
            if token in ("\n", ","):
                self._at += 1
            else:
                self._pair(path)
        self._at += 1
