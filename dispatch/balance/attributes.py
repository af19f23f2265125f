r"""The attributes of a destination: ``duid=gw1;maxload=20;my="x;y"``.

::

    attributes = parameter *( ";" parameter ) [ "," ignored / ">" ignored ]
    parameter  = *BLANK name *BLANK [ "=" *BLANK value *BLANK ]
    name       = *<any byte but BLANK "," "=" ";">
    value      = DQUOTE *<any but DQUOTE> DQUOTE / "'" *<any but "'"> "'" / 1*<any byte but BLANK "," ";">
               ; or empty, at the very end
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

_NAME: Final = re.compile(rb"[ \t\r\n]*([^ \t\r\n,=;]*)[ \t\r\n]*")
_VALUE: Final = re.compile(rb"""[ \t\r\n]*(?:"([^"]*)"|'([^']*)'|([^ \t\r\n,;"'][^ \t\r\n,;]*)|\Z)[ \t\r\n]*""")

_INTEGER: Final = re.compile(rb"([+-]?)([0-9]*)")
_LONGEST: Final = 10  # digits of what may fit into 32 bits
_LARGEST: Final = 2**31 - 1

NONE: Final[Mapping[bytes, bytes]] = MappingProxyType({})


def parse(text: bytes) -> Mapping[bytes, bytes]:
    """Value by name in lower case; the first of a name counts, and one without value has an empty one.

    Raises:
        ValueError: the original would refuse the destination for it.
    """
    if not text:
        return NONE
    found: dict[bytes, bytes] = {}
    for name, value in pairs(text):
        found.setdefault(name, value)
    return found


def pairs(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names in lower case and their values, one by one.

    Raises:
        ValueError: as `parse`.
    """
    at = 0
    while True:
        name = _NAME.match(text, at)
        assert name is not None  # It matches anything, also nothing.
        at = name.end()
        value = b""
        if text[at : at + 1] == b"=":
            match = _VALUE.match(text, at + 1)
            if match is None:
                raise ValueError(f"attribute {name[1][:40]!r} has no value, or a quote that does not end")
            value = match[1] or match[2] or match[3] or b""
            at = match.end()
        yield name[1].lower(), value
        following = text[at : at + 1]
        if following in (b"", b",", b">"):
            return
        if following != b";":
            raise ValueError(f"{text[at : at + 20]!r} follows attribute {name[1][:40]!r}; put a ';' between attributes")
        at += 1
        if at == len(text):
            raise ValueError("nothing follows the last ';'")


def integer(text: bytes) -> int:
    """The number that a value begins with, as far as digits go: ``2x`` is 2, ``abc`` is 0; it stops at 32 bits."""
    found = _INTEGER.match(text)
    assert found is not None  # It matches anything, also nothing.
    digits = found[2].lstrip(b"0")
    value = int(digits or b"0") if len(digits) <= _LONGEST else _LARGEST + 1
    return max(-value, -_LARGEST - 1) if found[1] == b"-" else min(value, _LARGEST)
