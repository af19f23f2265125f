"""The expressions of a route, by precedence."""

from __future__ import annotations

from typing import Final

from dispatch.script.kamailio import tokens
from dispatch.script.kamailio.stream import Mistake, Stream, shown
from dispatch.script.kamailio.tokens import Token, TokenKind
from dispatch.script.kamailio.tree import (
    Assign,
    Assigning,
    Binary,
    Call,
    Choice,
    Expression,
    Number,
    OldCondition,
    Problem,
    Select,
    Text,
    Unary,
    Variable,
    Word,
)

# Weakest first; all lean left.
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("|",),
    ("&",),
    ("^",),
    ("<<", ">>"),
    ("==", "!=", "=~", "eq", "ne", "ieq", "ine"),
    ("<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/", "mod"),
)
_SAME: Final = {"or": "||", "and": "&&"}
_UNARY: Final = {"!": "!", "not": "!", "-": "-", "~": "~"}
_SUBJECTS: Final = frozenset(
    (
        *("method", "uri", "from_uri", "to_uri", "status", "src_ip", "dst_ip", "src_port", "dst_port", "proto", "af"),
        "myself",
    )
)
_WORDS: Final = frozenset(("src_ip", "dst_ip", "proto", "af", "method", "myself"))  # their operand is a bare word
_MISSING: Final = {"!": 'there is no !~; write !($x =~ "...")', "%": "there is no %; write mod"}
_ADDRESSES: Final = ("src_ip", "dst_ip", "myself")
_COMPARISONS: Final = ("==", "!=", "=~", "<", ">", "<=", ">=")
_ENDS: Final = (")", "&&", "||", ";", "{", "}", ",", "and", "or")
_DEEPEST: Final = 30  # parentheses in parentheses: each takes a dozen calls in one another


class Expressions:
    """Reads them.

    Args:
        stream: of tokens.
        problems: gets what is odd.
    """

    def __init__(self, stream: Stream, problems: list[Problem]) -> None:
        self._stream = stream
        self._problems = problems
        self._depth = 0

    def condition(self) -> Expression:
        """What stands behind ``if`` and ``while``: parentheses are part of it."""
        return self.expression()

    def expression(self, level: int = 0) -> Expression:
        """An expression, of operators that bind as strong as this level or stronger."""
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while True:
            token = self._stream.token
            if token.raw in _MISSING:
                raise Mistake(token.at, _MISSING[token.raw])
            operator = _SAME.get(token.raw, token.raw)
            if operator not in _LEVELS[level] or token.kind not in (TokenKind.MARK, TokenKind.WORD):
                return left
            self._stream.take()
            left = Binary(token.at, operator, left, self.expression(level + 1))

    def _unary(self) -> Expression:
        stream = self._stream
        token = stream.token
        if token.raw in _UNARY and token.kind in (TokenKind.MARK, TokenKind.WORD):
            stream.take()
            operand = self._unary()
            if token.raw == "-" and isinstance(operand, Number):
                return Number(token.at, -operand.value)
            return Unary(token.at, _UNARY[token.raw], operand)
        if token.raw == "defined":
            stream.take()
            return Unary(token.at, "defined", self._unary())
        if token.raw == "(" and stream.after.raw in ("int", "str"):
            return self._cast_or_group()
        return self._operand()

    def _cast_or_group(self) -> Expression:
        stream = self._stream
        opening, word = stream.take(), stream.take()
        if stream.token.raw != ")":
            raise Mistake(word.at, f"{word.raw!r} is a cast: write ({word.raw})VALUE")
        stream.take()
        return Unary(opening.at, word.raw, self._unary())

    def _operand(self) -> Expression:
        stream = self._stream
        token = stream.take()
        if token.raw == "(" and token.kind is TokenKind.MARK:
            return self._group(token)
        if token.kind is TokenKind.NUMBER:
            return Number(token.at, tokens.number(token.raw))
        if token.kind in (TokenKind.TEXT, TokenKind.RAW_TEXT):
            return Text(token.at, token.text, token.kind is TokenKind.RAW_TEXT)
        if token.kind is TokenKind.SELECT:
            return Select(token.at, token.text)
        if token.kind is TokenKind.VARIABLE:
            return self._variable_or_assignment(token)
        if token.kind is TokenKind.WORD:
            return self._word(token)
        raise Mistake(token.at, f"a value is expected before {shown(token)}")

    def _group(self, opening: Token) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Mistake(opening.at, f"more than {_DEEPEST} parentheses in one another")
        inside = self.expression()
        self._stream.mark(")")
        self._depth -= 1
        return inside

    def _variable_or_assignment(self, token: Token) -> Expression:
        target = self.variable(token)
        if self._stream.token.raw != "=":
            return target
        self._stream.take()
        self._problems.append(Problem(token.at, f"{token.raw} = ... assigns; write == to compare", is_warning=True))
        return Assigning(token.at, Assign(token.at, target, self.expression()))

    def variable(self, token: Token) -> Variable:
        """The parts of a variable.

        Raises:
            Mistake: it is none.
        """
        try:
            return tokens.variable(token.raw, token.at)
        except ValueError as error:
            raise Mistake(token.at, str(error)) from None

    def _word(self, token: Token) -> Expression:
        stream = self._stream
        if stream.token.raw == "(":
            return self._named(token)
        subject = token.raw
        if subject == "msg" and stream.token.raw == ":":
            stream.take()
            subject += ":" + stream.take().raw
        if subject in _SUBJECTS or subject == "msg:len":
            return self._old(token, subject)
        if token.raw.lower() in tokens.SPELLED:
            return Number(token.at, tokens.SPELLED[token.raw.lower()])
        return Word(token.at, token.raw)

    def _old(self, token: Token, subject: str) -> Expression:
        stream = self._stream
        operator = stream.token.raw
        if operator not in _COMPARISONS:
            return Word(token.at, token.raw)
        stream.take()
        behind = stream.token
        operand: Expression
        is_bare = behind.kind is TokenKind.WORD and (behind.raw == "myself" or subject in _WORDS)
        is_address = subject in _ADDRESSES and behind.kind in (TokenKind.NUMBER, TokenKind.MARK)
        if is_bare or is_address:
            operand = Word(behind.at, stream.run(_ENDS))
        else:
            operand = self.expression(7)
        return OldCondition(token.at, subject, operator, operand)

    def _named(self, token: Token) -> Expression:
        if token.raw in ("strlen", "strempty"):
            (operand,) = self._exactly(token, 1)
            return Unary(token.at, token.raw, operand)
        if token.raw == "selval":
            condition, one, other = self._exactly(token, 3)
            return Choice(token.at, condition, one, other)
        return self.call(token)

    def _exactly(self, token: Token, count: int) -> tuple[Expression, ...]:
        arguments = self.call(token).arguments
        if len(arguments) != count:
            raise Mistake(token.at, f"{token.raw} takes {count} arguments, not {len(arguments)}")
        return arguments

    def call(self, token: Token) -> Call:
        """The arguments of a function whose name was taken."""
        stream = self._stream
        stream.mark("(")
        arguments: list[Expression] = []
        if stream.token.raw != ")":
            arguments.append(self._argument())
            while stream.token.raw == ",":
                stream.take()
                arguments.append(self._argument())
        stream.mark(")")
        return Call(token.at, token.raw, tuple(arguments))

    def _argument(self) -> Expression:
        """A bare address or name will do: ``forward(10.0.0.1, 5060)``, ``force_send_socket(udp:10.0.0.1:5060)``."""
        stream = self._stream
        token = stream.token
        is_bare = token.kind is TokenKind.WORD and stream.after.raw in (":", ".", "-") and not stream.after.is_spaced
        if is_bare or (token.kind is TokenKind.WORD and tokens.ADDRESS.fullmatch(token.raw)):
            return Word(token.at, stream.run((")", ",")))
        return self.expression()
