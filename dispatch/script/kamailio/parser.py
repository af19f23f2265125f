"""The tokens of a `kamailio.cfg` made into its tree.

What is wrong is noted and passed over up to the next statement or block, so that all of it is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from dispatch.script.kamailio import tokens
from dispatch.script.kamailio.lexer import Lexer
from dispatch.script.kamailio.statements import Statements
from dispatch.script.kamailio.stream import Mistake, Stream
from dispatch.script.kamailio.tokens import Token, TokenKind
from dispatch.script.kamailio.tree import (
    Block,
    Kind,
    LoadModule,
    Modparam,
    Number,
    Problem,
    Script,
    Setting,
    Text,
    Word,
)

_WITHOUT_SIGN: Final = ("cfgengine",)
_BLOCKS: Final = {
    "route": Kind.ROUTE,
    "request_route": Kind.REQUEST,
    "branch_route": Kind.BRANCH,
    "failure_route": Kind.FAILURE,
    "onreply_route": Kind.ONREPLY,
    "reply_route": Kind.REPLY,
    "onsend_route": Kind.ONSEND,
    "event_route": Kind.EVENT,
}


def parse_file(
    path: Path, *, environment: Mapping[str, str] | None = None, read: Callable[[Path], str] | None = None
) -> Script:
    """Read a file, and all that it includes; what is wrong stands in `Script.problems`.

    Args:
        path: of the file.
        environment: in place of the process's.
        read: gives the text of a file.
    """
    lexer = Lexer(read or _read, environment)
    script = Script(path)
    stream = Stream(lexer.tokens(path))
    _Parser(stream, script).run()
    script.defines = lexer.defines
    script.problems += lexer.problems
    script.problems.sort(key=lambda one: (str(one.at.file), one.at.line, one.at.column))
    return script


def _read(path: Path) -> str:
    # Bytes that are no UTF-8 stand in strings and comments only; they stay what they are.
    return path.read_text(encoding="utf-8", errors="surrogateescape")


class _Parser:
    def __init__(self, stream: Stream, script: Script) -> None:
        self._stream = stream
        self._script = script
        self._statements = Statements(stream, script.problems)
        self._names: set[tuple[Kind, str]] = set()

    def run(self) -> None:
        stream = self._stream
        while stream.token.kind is not TokenKind.END:
            try:
                self._one()
            except Mistake as mistake:
                self._script.problems.append(Problem(mistake.at, str(mistake)))
                self._pass_over()
            except RecursionError:
                self._script.problems.append(Problem(stream.token.at, "too much within one another; write routes"))
                self._pass_over()

    def _pass_over(self) -> None:
        """Up to what can begin anew: the next thing that stands first on its line outside all blocks."""
        stream, depth = self._stream, self._statements.depth
        while stream.token.kind is not TokenKind.END:
            token = stream.token
            if token.raw == "{":
                depth += 1
            elif token.raw == "}":
                depth = max(depth - 1, 0)
                if not depth:
                    stream.take()
                    break
            elif token.is_first and not depth:
                break
            stream.take()
        self._statements.depth = 0

    def _one(self) -> None:
        stream = self._stream
        token = stream.take()
        if token.raw == ";":
            return
        if token.kind is not TokenKind.WORD:
            raise Mistake(token.at, f"{token.raw!r} can't stand here; a setting, a module or a route is expected")
        if token.raw in ("loadmodule", "loadmodulex"):
            name = stream.string("the name of a module in quotes")
            self._script.modules.append(LoadModule(token.at, name.text.rpartition("/")[2].removesuffix(".so")))
        elif token.raw in ("modparam", "modparamx"):
            self._modparam(token)
        elif token.raw in _BLOCKS and stream.token.raw in ("{", "["):
            self._block(token)
        else:
            self._setting(token)

    def _modparam(self, token: Token) -> None:
        stream = self._stream
        stream.mark("(")
        modules = stream.string("the name of a module in quotes")
        stream.mark(",")
        name = stream.string("the name of a parameter in quotes")
        stream.mark(",")
        value = self._constant()
        stream.mark(")")
        self._script.modparams.append(
            Modparam(token.at, modules.text, name.text, value, is_expanded=token.raw.endswith("x"))
        )

    def _constant(self) -> Number | Text:
        stream = self._stream
        token = stream.take()
        if token.raw == "-":
            number = stream.take()
            if number.kind is TokenKind.NUMBER:
                return Number(token.at, -tokens.number(number.raw))
        elif token.kind is TokenKind.NUMBER:
            return Number(token.at, tokens.number(token.raw))
        elif token.kind in (TokenKind.TEXT, TokenKind.RAW_TEXT):
            return Text(token.at, token.text, token.kind is TokenKind.RAW_TEXT)
        elif token.raw.lower() in tokens.SPELLED:
            return Number(token.at, tokens.SPELLED[token.raw.lower()])
        raise Mistake(token.at, f"{token.raw!r} is no value; write a number, or a string in quotes")

    def _block(self, token: Token) -> None:
        kind, name = _BLOCKS[token.raw], ""
        stream = self._stream
        if stream.token.raw == "[":
            stream.take()
            name = stream.run(("]",)).strip('"')
            stream.mark("]")
        elif kind is Kind.ROUTE:
            kind = Kind.REQUEST
        elif kind is Kind.ONREPLY:
            kind = Kind.REPLY
        if not name and kind in (Kind.BRANCH, Kind.FAILURE, Kind.EVENT):
            raise Mistake(token.at, f"{token.raw} needs a name: {token.raw}[NAME]")
        if (kind, name) in self._names:
            self._script.problems.append(Problem(token.at, f"{_called(token.raw, name)} is there already; rename one"))
        self._names.add((kind, name))
        self._script.blocks.append(Block(token.at, kind, name, self._statements.block()))

    def _setting(self, token: Token) -> None:
        stream = self._stream
        name = token.raw
        while stream.token.raw == "." and not stream.token.is_spaced:
            stream.take()
            name += "." + stream.take().raw
        if name in _WITHOUT_SIGN and stream.token.kind in (TokenKind.TEXT, TokenKind.RAW_TEXT):
            pass
        elif stream.token.raw != "=":
            raise Mistake(token.at, f"{name!r} is no setting and no route; write {name} = VALUE, or remove it")
        else:
            stream.take()
        values = tuple(self._values())
        if not values:
            raise Mistake(token.at, f"{name} has no value")
        self._script.settings.append(Setting(token.at, name, values))

    def _values(self) -> Iterator[Number | Text | Word]:
        stream = self._stream
        is_begun = False
        while stream.token.kind is not TokenKind.END and stream.token.raw != ";":
            token = stream.token
            if token.is_first and is_begun:
                return
            is_begun = True
            if token.kind in (TokenKind.TEXT, TokenKind.RAW_TEXT):
                stream.take()
                yield Text(token.at, token.text, token.kind is TokenKind.RAW_TEXT)
                continue
            raw = stream.run((";",))
            low = raw.lower()
            if low in tokens.SPELLED:
                yield Number(token.at, tokens.SPELLED[low])
            elif tokens.NUMBER.fullmatch(raw.removeprefix("-")):
                value = tokens.number(raw.removeprefix("-"))
                yield Number(token.at, -value if raw.startswith("-") else value)
            else:
                yield Word(token.at, raw)


def _called(keyword: str, name: str) -> str:
    return f"{keyword}[{name}]" if name else keyword
