"""The text of a `kamailio.cfg` cut into tokens, with its directives carried out.

Directives work on tokens, not on lines: a define replaces an identifier wherever one stands, and never inside strings;
a substitution changes strings and nothing else. What a condition leaves out is not looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from dispatch.script.kamailio import tokens
from dispatch.script.kamailio.tokens import Token, TokenKind
from dispatch.script.kamailio.tree import Position, Problem

_DEPTH: Final = 10  # files in files
_EXPANSIONS: Final = 32  # defines in defines
_LONGEST: Final = 4 * 1024 * 1024  # characters of all files
_BLANK: Final = re.compile(r"[ \t\r\n\f\v]+")
_DIRECTIVE: Final = re.compile(
    r"[#!]!(def|define|trydef|trydefine|redef|redefine|ifdef|ifndef|else|endif|subst|substdef|substdefs|defenv|defenvs|"
    r"trydefenv|trydefenvs|include_file|import_file)(?![A-Za-z_0-9])[ \t]*((?:[^\n\\]|\\\n|\\.)*)"
)
_SKIPPED: Final = re.compile(r"^[ \t]*[#!]!(ifdef|ifndef|else|endif)(?![A-Za-z_0-9])[^\n]*", re.MULTILINE)
_DEFINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t]*(.*)", re.DOTALL)
_INCLUDE: Final = re.compile(r"(include_file|import_file)[ \t]+\"([^\"\n]*)\"")
_SELECT: Final = re.compile(r"@[A-Za-z_][A-Za-z0-9_.\[\]\"-]*")
_KEYWORDS: Final = frozenset(
    (
        *("name", "alias", "port", "user", "group", "version_table", "status", "uri", "method", "proto", "af", "debug"),
        *(
            "log",
            "error",
            "mod",
            "eq",
            "ne",
            "prefix",
            "strip",
            "flags",
            "desc",
            "if",
            "else",
            "while",
            "switch",
            "case",
        ),
        *("default", "return", "exit", "drop", "break", "route", "request_route"),
    )
)

Edit = Callable[[str], str]


class Lexer:
    """Reads a file, and those that it includes.

    Args:
        read: gives the text of a file; OSError where it can't be read.
        environment: for ``#!defenv``.
        defined: names that are defined from the start, with their texts.

    Attributes:
        defines: text of each define so far.
        problems: what is wrong with directives.
    """

    def __init__(
        self,
        read: Callable[[Path], str],
        environment: Mapping[str, str] | None = None,
        defined: Mapping[str, str] | None = None,
    ) -> None:
        self._read = read
        self._environment = os.environ if environment is None else environment
        self.defines: dict[str, str] = dict(defined or {})
        self.problems: list[Problem] = []
        self._edits: list[Edit] = []
        self._length = 0

    def tokens(self, path: Path) -> Iterator[Token]:
        """All of a file, with a token `END` behind it."""
        last: Token | None = None
        for token in self._file(path, Position(path, 1, 1), 0, must=True):
            if last is not None and last.kind is token.kind is TokenKind.TEXT:
                last = replace(last, raw=last.raw + token.raw, text=last.text + token.text)
                continue
            if last is not None:
                yield last
            last = token
        if last is not None:
            yield last
        yield Token(TokenKind.END, "", "", last.at if last else Position(path, 1, 1), True, True)

    def _problem(self, at: Position, message: str) -> None:
        self.problems.append(Problem(at, message))

    def _file(self, path: Path, at: Position, depth: int, *, must: bool) -> Iterator[Token]:
        if depth > _DEPTH:
            self._problem(at, f"files include one another more than {_DEPTH} deep; does {path} include itself?")
            return
        try:
            text = self._read(path)
        except OSError as error:
            if must:
                self._problem(at, f"{path} can't be read: {error.strerror}")
            return
        self._length += len(text)
        if self._length > _LONGEST:
            self._problem(at, f"more than {_LONGEST} characters in all files")
            return
        yield from _Text(self, path, text, depth).tokens()

    # -- what directives do

    def define(self, at: Position, text: str, *, anew: bool = False, unless: bool = False) -> None:
        """``#!define``, ``#!redefine`` (`anew`), ``#!trydefine`` (`unless`)."""
        found = _DEFINE.fullmatch(text.strip())
        if found is None:
            self._problem(at, "a define needs a name: letters, digits and _, e.g. #!define WITH_X")
            return
        name, value = found[1], found[2].replace("\\\n", "").strip()
        if name in _KEYWORDS:
            self._problem(at, f"{name!r} is a keyword, and can't be defined; take another name")
        elif name in self.defines and not anew:
            if not unless:
                self._problem(at, f"{name} is defined already; write #!redefine, or #!trydefine")
        else:
            self.defines[name] = value

    def define_from_environment(self, at: Position, text: str, *, quoted: bool, unless: bool) -> None:
        """``#!defenv ID=VARIABLE`` and its like."""
        name, _, variable = text.strip().partition("=")
        value = self._environment.get((variable or name).strip())
        if value is None:
            if not unless:
                self._problem(
                    at, f"the environment has no {(variable or name).strip()!r}; set it, or write #!trydefenv"
                )
            return
        self.define(at, f"{name.strip()} " + (f'"{value}"' if quoted else value), unless=unless)

    def substitute(self, at: Position, text: str, kind: str) -> None:
        """``#!subst "/re/text/flags"``; ``#!substdef`` defines as well, ``#!substdefs`` with quotes."""
        text = text.strip().removeprefix('"').removesuffix('"')
        parts = text[1:].split(text[:1]) if text else []
        if len(parts) != 3:
            self._problem(at, f'{kind} is written #!{kind} "/EXPRESSION/TEXT/FLAGS"')
            return
        pattern, text, flags = parts
        try:
            compiled = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
        except re.error as error:
            self._problem(at, f"{pattern!r} is no regular expression: {error}")
            return
        count = 0 if "g" in flags else 1
        self._edits.append(lambda value: compiled.sub(lambda found: found.expand(_template(text)), value, count=count))
        if kind != "subst":
            self.define(at, f"{pattern} " + (f'"{text}"' if kind == "substdefs" else text), anew=True)

    def edited(self, text: str) -> str:
        """A string with all substitutions so far."""
        for edit in self._edits:
            text = edit(text)
        return text

    def include(self, at: Position, name: str, beside: Path, depth: int, *, must: bool) -> Iterator[Token]:
        """The tokens of another file."""
        return self._file(beside.parent / name, at, depth + 1, must=must)


def _template(text: str) -> str:
    return text.replace("\\0", "\\g<0>")


class _Text:
    """Cuts one text."""

    def __init__(self, lexer: Lexer, path: Path, text: str, depth: int, at: Position | None = None) -> None:
        self._lexer = lexer
        self._path = path
        self._text = text
        self._depth = depth
        self._fixed = at  # of a define, which stands where it is used
        self._at = 0
        self._line = 1
        self._counted = 0  # how far line feeds are counted
        self._begin = 0  # of the line
        self._conditions: list[tuple[Position, bool]] = []

    def _here(self) -> Position:
        if self._fixed is not None:
            return self._fixed
        count = self._text.count("\n", self._counted, self._at)
        if count:
            self._line += count
            self._begin = self._text.rfind("\n", 0, self._at) + 1
        self._counted = self._at
        return Position(self._path, self._line, self._at - self._begin + 1)

    def tokens(self, expansions: int = 0) -> Iterator[Token]:
        is_spaced = is_first = True
        while True:
            spaced, first, included = self._skip()
            is_spaced, is_first = is_spaced or spaced, is_first or first
            if included is not None:
                yield from included
                is_first = True
                continue
            if self._at >= len(self._text):
                break
            token = self._next(is_spaced, is_first)
            is_spaced = is_first = False
            if token is None:
                continue
            if token.kind is TokenKind.WORD and token.raw in self._lexer.defines:
                yield from self._expanded(token, expansions)
            else:
                yield token
        for at, _ in self._conditions:
            self._lexer._problem(at, "the condition has no end; add #!endif")

    def _expanded(self, token: Token, expansions: int) -> Iterator[Token]:
        if expansions >= _EXPANSIONS:
            self._lexer._problem(token.at, f"{token.raw} is defined by itself")
            return
        within = _Text(self._lexer, self._path, self._lexer.defines[token.raw], self._depth, token.at)
        for index, one in enumerate(within.tokens(expansions + 1)):
            spaced, first = (token.is_spaced, token.is_first) if index == 0 else (one.is_spaced, False)
            yield replace(one, is_spaced=spaced, is_first=first)

    def _skip(self) -> tuple[bool, bool, Iterator[Token] | None]:
        """Pass over blanks, comments and directives: whether there were any, and a line feed; and what is included."""
        text, begin, first = self._text, self._at, False
        while self._at < len(text):
            blank = _BLANK.match(text, self._at)
            if blank is not None:
                first = first or "\n" in blank[0]
                self._at = blank.end()
                continue
            directive = _DIRECTIVE.match(text, self._at)
            if directive is not None:
                included = self._directive(directive)
                if included is not None:
                    return True, True, included
                continue
            named = _INCLUDE.match(text, self._at) if first or not self._at else None
            if named is not None:
                here, self._at = self._here(), named.end()
                must = named[1] == "include_file"
                return True, True, self._lexer.include(here, named[2], self._path, self._depth, must=must)
            if text.startswith("/*", self._at):
                self._at = self._end_of_comment()
            elif text[self._at] == "#" or text.startswith("//", self._at):
                end = text.find("\n", self._at)
                self._at = end if end >= 0 else len(text)
            else:
                break
        return self._at > begin, first, None

    def _end_of_comment(self) -> int:
        """They nest."""
        at, depth = self._at, 0
        for found in re.finditer(r"/\*|\*/", self._text[at:]):
            depth += 1 if found[0] == "/*" else -1
            if depth == 0:
                return at + found.end()
        self._lexer._problem(self._here(), "the comment has no end; add */")
        return len(self._text)

    def _next(self, is_spaced: bool, is_first: bool) -> Token | None:
        text, at, here = self._text, self._at, self._here()

        def made(kind: TokenKind, end: int, value: str | None = None) -> Token:
            self._at = end
            raw = text[at:end]
            return Token(kind, raw, raw if value is None else value, here, is_spaced, is_first)

        letter = text[at]
        if letter == '"' or letter == "'":
            return self._string(letter, made)
        if letter == "$":
            end = tokens.end_of_variable(text, at)
            if end > 0:
                return made(TokenKind.VARIABLE, end)
        elif letter == "@":
            found = _SELECT.match(text, at)
            if found is not None:
                return made(TokenKind.SELECT, found.end(), found[0][1:])
        for kind, pattern in _KINDS:
            found = pattern.match(text, at)
            if found is not None:
                return made(kind, found.end())
        self._lexer._problem(here, f"{letter!r} is nothing that can stand here; remove it")
        self._at = at + 1
        return None

    def _string(self, quote: str, made: Callable[..., Token]) -> Token:
        pattern = tokens.STRING if quote == '"' else tokens.RAW_STRING
        found = pattern.match(self._text, self._at)
        if found is None:
            self._lexer._problem(self._here(), f"the string has no end; add {quote}")
            return made(TokenKind.TEXT, len(self._text), "")
        if quote == "'":
            return made(TokenKind.RAW_TEXT, found.end(), self._lexer.edited(found[1]))
        return made(TokenKind.TEXT, found.end(), self._lexer.edited(tokens.unescape(found[1])))

    def _directive(self, found: re.Match[str]) -> Iterator[Token] | None:
        here, name, rest = self._here(), found[1], found[2]
        self._at = found.end()
        lexer = self._lexer
        if name in ("def", "define", "trydef", "trydefine", "redef", "redefine"):
            lexer.define(here, rest, anew=name.startswith("re"), unless=name.startswith("try"))
        elif name.endswith(("defenv", "defenvs")):
            lexer.define_from_environment(here, rest, quoted=name.endswith("s"), unless=name.startswith("try"))
        elif name.startswith("subst"):
            lexer.substitute(here, rest, name)
        elif name in ("include_file", "import_file"):
            quoted = tokens.STRING.match(rest.strip())
            if quoted is None:
                lexer._problem(here, f'write {name} "FILE"')
                return None
            return lexer.include(here, quoted[1], self._path, self._depth, must=name == "include_file")
        elif name in ("ifdef", "ifndef"):
            self._conditions.append((here, True))
            if (rest.strip() in lexer.defines) != (name == "ifdef"):
                self._leave_out()
        elif not self._conditions:
            lexer._problem(here, f"#!{name} without #!ifdef before it")
        elif name == "else":
            self._leave_out()
        else:
            self._conditions.pop()
        return None

    def _leave_out(self) -> None:
        """Up to the ``#!else`` or ``#!endif`` of the innermost condition."""
        depth = 0
        while True:
            found = _SKIPPED.search(self._text, self._at)
            if found is None:
                self._at = len(self._text)
                return
            self._at = found.end()
            if found[1] in ("ifdef", "ifndef"):
                depth += 1
            elif found[1] == "endif" and depth:
                depth -= 1
            elif not depth:
                if found[1] == "endif":
                    self._conditions.pop()
                return


_KINDS: Final = (
    (TokenKind.WORD, tokens.ADDRESS),
    (TokenKind.NUMBER, tokens.NUMBER),
    (TokenKind.WORD, tokens.WORD),
    (TokenKind.MARK, tokens.MARK),
)
