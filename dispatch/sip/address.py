r"""The address in From or To, read as the dispatcher module reads it: more liberal than RFC 3261 §20.10, and stricter.

::

    value     = ( [ display ] "<" *BLANK uri *BLANK ">" / uri ) *( *BLANK ";" parameter ) *BLANK
    display   = DQUOTE *( <any but DQUOTE "\"> / "\" <any> ) DQUOTE *BLANK / *<any but DQUOTE "<" ">" "\" ";">
    parameter = *BLANK name *BLANK [ "=" *BLANK [ value ] ]
    value     = DQUOTE *<any but DQUOTE "\"> DQUOTE / 1*<any but BLANK DQUOTE "\" "," ";" "=">

Of a ``tag`` the value may have commas. BLANK is SP, HTAB, CR or LF.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ADDRESS: Final = re.compile(
    rb'[ \t\r\n]*+(?:(?:("(?:[^"\\]|\\.)*+")[ \t\r\n]*+|([^"<>\\;]*+))<[ \t\r\n]*+([^"<>\\ \t\r\n]++)[ \t\r\n]*+>'
    rb'|([^"<>\\; \t\r\n]++))',
    re.DOTALL,
)
_PARAMETER: Final = re.compile(
    rb'[ \t\r\n]*+;[ \t\r\n]*+([^"\\,;= \t\r\n]++)[ \t\r\n]*+'
    rb'(?:=[ \t\r\n]*+("[^"\\]*+"|[^"\\;= \t\r\n]++)?+)?+'
)
_BLANKS: Final = b" \t\r\n"


class Address(NamedTuple):
    """Who called, or is called.

    Attributes:
        display: the display name with its quotes, if it has some; empty without one.
        uri: as written.
        tag: without quotes, of several the last; None without one, or where it is empty.
    """

    display: bytes
    uri: bytes
    tag: bytes | None


def read(value: bytes) -> Address | None:
    """The address in the value of From or To; None when there is none to be read."""
    found = _ADDRESS.match(value)
    if found is None:
        return None
    quoted, display, bracketed, bare = found.groups()
    tag = None
    end = len(value.rstrip(_BLANKS))
    at = found.end()
    while at < end:
        parameter = _PARAMETER.match(value, at, end)
        if parameter is None:
            return None
        name, text = parameter[1].lower(), parameter[2] or b""
        if name == b"tag":
            tag = text.strip(b'"') or tag
        elif b"," in text and text[:1] != b'"':
            return None
        at = parameter.end()
    return Address(quoted or (display or b"").rstrip(_BLANKS), bracketed or bare, tag)
