"""The statements of a route."""

from __future__ import annotations

from typing import Final

from dispatch.script.kamailio import tokens
from dispatch.script.kamailio.expressions import Expressions
from dispatch.script.kamailio.stream import Mistake, Stream, shown
from dispatch.script.kamailio.tokens import TokenKind
from dispatch.script.kamailio.tree import (
    Assign,
    Break,
    Call,
    Case,
    Do,
    Drop,
    Exit,
    If,
    Number,
    Problem,
    Return,
    Statement,
    Switch,
    Text,
    While,
)

# Core commands that may stand without parentheses.
_BARE: Final = frozenset(
    ("force_rport", "add_local_rport", "force_tcp_alias", "revert_uri", "forward", "append_branch")
)


class Statements:
    """Reads them.

    Args:
        stream: of tokens.
        problems: gets what is wrong; the rest of the statement is passed over.

    Attributes:
        depth: of braces that are open.
    """

    def __init__(self, stream: Stream, problems: list[Problem]) -> None:
        self._stream = stream
        self._problems = problems
        self._expressions = Expressions(stream, problems)
        self.depth = 0

    def block(self) -> tuple[Statement, ...]:
        """``{ ... }``."""
        stream = self._stream
        opening = stream.mark("{")
        self.depth += 1
        body: list[Statement] = []
        while stream.token.raw != "}":
            if stream.token.kind is TokenKind.END:
                raise Mistake(opening.at, "the block has no end; add }")
            one = self._recovering()
            if one is not None:
                body.append(one)
        stream.take()
        self.depth -= 1
        return tuple(body)

    def _recovering(self) -> Statement | None:
        depth = self.depth
        try:
            return self._statement()
        except Mistake as mistake:
            self._problems.append(Problem(mistake.at, str(mistake)))
            self._pass_over(depth)
            return None

    def _pass_over(self, depth: int) -> None:
        """Up to the end of the statement that went wrong."""
        stream = self._stream
        while stream.token.kind is not TokenKind.END:
            raw = stream.token.raw
            if raw == "}" and self.depth == depth:
                return
            self.depth += (raw == "{") - (raw == "}")
            stream.take()
            if self.depth == depth and raw in (";", "}"):
                return

    def _statement(self) -> Statement | None:
        stream = self._stream
        token = stream.token
        if token.raw == ";":
            stream.take()
            return None
        if token.kind is TokenKind.VARIABLE:
            return self._assignment()
        if token.kind is TokenKind.WORD:
            if token.raw == "if":
                return self._if()
            if token.raw == "while":
                stream.take()
                condition = self._expressions.condition()
                return While(token.at, condition, self._branch())
            if token.raw == "switch":
                return self._switch()
            return self._simple()
        raise Mistake(token.at, f"{shown(token)} begins no statement")

    def _assignment(self) -> Statement:
        stream = self._stream
        token = stream.take()
        target = self._expressions.variable(token)
        if stream.token.raw != "=":
            raise Mistake(stream.token.at, f"'=' is expected behind {token.raw}, not {shown(stream.token)}")
        stream.take()
        value = self._expressions.expression()
        stream.mark(";")
        return Assign(token.at, target, value)

    def _simple(self) -> Statement:
        stream = self._stream
        token = stream.take()
        made: Statement
        if token.raw == "return":
            made = Return(token.at, None if stream.token.raw == ";" else self._expressions.expression())
        elif token.raw in ("exit", "drop"):
            if stream.token.raw == "(":
                stream.take()
                stream.mark(")")
            made = Exit(token.at) if token.raw == "exit" else Drop(token.at)
        elif token.raw == "break":
            made = Break(token.at)
        elif stream.token.raw == "(":
            made = Do(token.at, self._expressions.call(token))
        elif token.raw in _BARE:
            made = Do(token.at, Call(token.at, token.raw, ()))
        else:
            raise Mistake(token.at, f"{token.raw!r} is no statement; a function is written {token.raw}()")
        stream.mark(";")
        return made

    def _branch(self) -> tuple[Statement, ...]:
        if self._stream.token.raw == "{":
            return self.block()
        one = self._statement()
        return () if one is None else (one,)

    def _if(self) -> Statement:
        stream = self._stream
        token = stream.take()
        condition = self._expressions.condition()
        then = self._branch()
        otherwise: tuple[Statement, ...] = ()
        if stream.token.raw == "else":
            stream.take()
            otherwise = self._branch()
        return If(token.at, condition, then, otherwise)

    def _switch(self) -> Statement:
        stream = self._stream
        token = stream.take()
        stream.mark("(")
        subject = self._expressions.expression()
        stream.mark(")")
        stream.mark("{")
        self.depth += 1
        cases: list[Case] = []
        while stream.token.raw != "}":
            cases.append(self._case())
        stream.take()
        self.depth -= 1
        return Switch(token.at, subject, tuple(cases))

    def _case(self) -> Case:
        stream = self._stream
        token = stream.take()
        value: Number | Text | None = None
        is_pattern = False
        if token.raw == "case":
            if stream.token.raw == "/":
                stream.take()
                is_pattern = True
            value = self._constant()
        elif token.raw != "default":
            raise Mistake(token.at, f"'case' or 'default' is expected before {shown(token)}")
        stream.mark(":")
        body: list[Statement] = []
        while stream.token.raw not in ("case", "default", "}"):
            if stream.token.kind is TokenKind.END:
                raise Mistake(token.at, "the switch has no end; add }")
            one = self._recovering()
            if one is not None:
                body.append(one)
        return Case(token.at, value, is_pattern, tuple(body))

    def _constant(self) -> Number | Text:
        token = self._stream.take()
        if token.raw == "-" and self._stream.token.kind is TokenKind.NUMBER:
            return Number(token.at, -tokens.number(self._stream.take().raw))
        if token.kind is TokenKind.NUMBER:
            return Number(token.at, tokens.number(token.raw))
        if token.kind in (TokenKind.TEXT, TokenKind.RAW_TEXT):
            return Text(token.at, token.text, token.kind is TokenKind.RAW_TEXT)
        raise Mistake(token.at, f"a case has a number or a string, not {shown(token)}")
