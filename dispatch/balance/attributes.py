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
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NAME: Final = re.compile(rb"[ \t\r\n]*([^ \t\r\n,=;]*)[ \t\r\n]*")
_VALUE: Final = re.compile(rb"""[ \t\r\n]*(?:"([^"]*)"|'([^']*)'|([^ \t\r\n,;"'][^ \t\r\n,;]*)|\Z)[ \t\r\n]*""")

NONE: Final[Mapping[bytes, bytes]] = MappingProxyType({})


def parse(text: bytes) -> Mapping[bytes, bytes]:
    """Value by name in lower case; the first of a name counts, and one without value has an empty one.

    Raises:
        ValueError: the original would refuse the destination for it.
    """
    if not text:
        return NONE
    found: dict[bytes, bytes] = {}
    at = 0
    while True:
        name = _NAME.match(text, at)
        assert name is not None  # It matches anything, also nothing.
        at = name.end()
        value = b""
        if text[at : at + 1] == b"=":
            match = _VALUE.match(text, at + 1)
            if match is None:
                raise ValueError(f"attribute {name[1]!r} has no value, or a quote that does not end")
            value = match[1] or match[2] or match[3] or b""
            at = match.end()
        found.setdefault(name[1].lower(), value)
        following = text[at : at + 1]
        if following in (b"", b",", b">"):
            return found
        if following != b";":
            raise ValueError(f"{text[at : at + 20]!r} follows attribute {name[1]!r}; put a ';' between attributes")
        at += 1
        if at == len(text):
            raise ValueError("nothing follows the last ';'")
