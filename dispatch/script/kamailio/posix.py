"""Regular expressions as a `kamailio.cfg` has them (POSIX, extended), made into Python's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_CLASSES: Final = {
    b"alpha": b"a-zA-Z",
    b"digit": b"0-9",
    b"alnum": b"a-zA-Z0-9",
    b"upper": b"A-Z",
    b"lower": b"a-z",
    b"space": rb" \t\r\n\f\v",
    b"blank": rb" \t",
    b"xdigit": b"0-9A-Fa-f",
    b"punct": rb"!-/:-@\[-`{-~",
    b"print": rb" -~",
    b"graph": rb"!-~",
    b"cntrl": rb"\x00-\x1f\x7f",
}
# "[" [ "^" ] [ "]" ] members "]", where members may be classes; a backslash is nothing special in it.
_BRACKETS: Final = re.compile(rb"\[(\^?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]", re.DOTALL)
_CLASS: Final = re.compile(rb"\[:([a-z]+):\]")


@lru_cache(maxsize=1024)
def compile(pattern: bytes, *, ignores_case: bool = True) -> re.Pattern[bytes]:
    """A pattern for `re.Pattern.search`.

    Raises:
        ValueError: it is none.
    """
    out, at = [], 0
    while at < len(pattern):
        one = pattern[at : at + 1]
        if one == b"\\":
            out.append(_escaped(pattern[at + 1 : at + 2]))
            at += 2
            continue
        found = _BRACKETS.match(pattern, at) if one == b"[" else None
        if found is not None:
            out.append(b"[%b%b]" % (found[1], _members(found[2])))
            at = found.end()
        else:
            out.append(b"\\Z" if one == b"$" else one)
            at += 1
    try:
        return re.compile(b"".join(out), re.DOTALL | (re.IGNORECASE if ignores_case else 0))
    except (re.error, OverflowError, RecursionError) as error:
        shown = pattern.decode("latin-1")
        raise ValueError(f"{shown!r} is no regular expression: {error}") from None


def _escaped(letter: bytes) -> bytes:
    # What the C library knows beyond the standard; any other letter stands for itself.
    return b"\\" + letter if letter in (b"w", b"W", b"s", b"S", b"b", b"B") else re.escape(letter)


def _members(text: bytes) -> bytes:
    out, at = [], 0
    while at < len(text):
        found = _CLASS.match(text, at)
        if found is not None:
            out.append(_CLASSES.get(found[1], b""))
            at = found.end()
        else:
            one = text[at : at + 1]
            out.append(b"\\" + one if one in rb"\[]^&~|" else one)
            at += 1
    return b"".join(out)


class Substitution:
    r"""``/expression/replacement/flags``, with ``\1`` and, in a replacement, variables that somebody else has put in.

    Args:
        text: of it; the first letter is what stands between the parts.

    Raises:
        ValueError: it is none.
    """

    __slots__ = ("is_global", "pattern", "replacement")

    def __init__(self, text: bytes) -> None:
        parts = _split(text)
        if len(parts) != 3:
            shown = text.decode("latin-1")
            raise ValueError(f"{shown!r} is no substitution; write /expression/replacement/flags")
        flags = parts[2].lower()
        self.is_global = b"g" in flags
        self.pattern = compile(parts[0], ignores_case=b"i" in flags)
        self.replacement = parts[1]

    def apply(self, text: bytes) -> tuple[bytes, int]:
        """The text with it done, and how often it was."""
        return self.pattern.subn(self._expand, text, 0 if self.is_global else 1)

    def _expand(self, found: re.Match[bytes]) -> bytes:
        return _REFERENCE.sub(lambda one: _referred(found, one), self.replacement)


_REFERENCE: Final = re.compile(rb"\\(.)", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _referred(found: re.Match[bytes], one: re.Match[bytes]) -> bytes:
    letter = one[1]
    if letter.isdigit():
        number = int(letter)
        return (found[number] or b"") if number <= len(found.groups()) else b""
    return _LETTERS.get(letter, letter)


def _split(text: bytes) -> list[bytes]:
    if not text:
        return []
    mark, part, at = text[:1], b"", 1
    parts: list[bytes] = []
    while at < len(text):
        one = text[at : at + 1]
        if one == b"\\" and text[at + 1 : at + 2] == mark:
            part += mark
            at += 2
            continue
        if one == mark and len(parts) < 2:
            parts.append(part)
            part = b""
        else:
            part += one
            if one == b"\\":
                part += text[at + 1 : at + 2]
                at += 1
        at += 1
    return [*parts, part]
