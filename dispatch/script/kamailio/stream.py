"""Tokens, one by one, with a look at the next."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace

from dispatch.script.kamailio.tokens import Token, TokenKind
from dispatch.script.kamailio.tree import Position


class Mistake(Exception):
    """Something is not as it must be; carries where.

    Args:
        at: where.
        message: what, and what to do.
    """

    def __init__(self, at: Position, message: str) -> None:
        super().__init__(message)
        self.at = at


class Stream:
    """The tokens of a script.

    Args:
        tokens: with `END` as the last.

    Attributes:
        token: the next one.
        after: the one behind it.
    """

    def __init__(self, tokens: Iterator[Token]) -> None:
        self._tokens = tokens
        self.token = next(tokens)
        self.after = next(tokens, self.token)

    def take(self) -> Token:
        """The next token; the last one stays."""
        taken = self.token
        if taken.kind is not TokenKind.END:
            self.token = self.after
            # Whatever ends the tokens, they have an end.
            self.after = next(self._tokens, replace(self.after, kind=TokenKind.END, raw="", text=""))
        return taken

    def mark(self, raw: str) -> Token:
        """The next token, which is to be this mark.

        Raises:
            Mistake: it is another.
        """
        if self.token.raw != raw or self.token.kind is not TokenKind.MARK:
            raise Mistake(self.token.at, f"{raw!r} is expected before {shown(self.token)}")
        return self.take()

    def string(self, what: str) -> Token:
        """The next token, which is to be a string.

        Raises:
            Mistake: it is none.
        """
        if self.token.kind not in (TokenKind.TEXT, TokenKind.RAW_TEXT):
            raise Mistake(self.token.at, f"{what} is expected before {shown(self.token)}")
        return self.take()

    def run(self, ends: Container[str]) -> str:
        """Tokens that stand without a blank between, as one word: ``udp:10.0.0.1:5060``."""
        parts = [self.take().raw]
        while not self.token.is_spaced and self.token.raw not in ends and self.token.kind is not TokenKind.END:
            parts.append(self.take().raw)
        return "".join(parts)


def shown(token: Token) -> str:
    """A token for a message."""
    return "the end of the file" if token.kind is TokenKind.END else repr(token.raw[:40])
