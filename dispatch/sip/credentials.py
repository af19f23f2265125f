"""The user in Proxy-Authorization or Authorization, found as the dispatcher module finds it.

::

    credentials = "Digest" (BLANK / ",") parameter *( "," parameter )
    parameter   = *<any byte but "="> "=" *BLANK value *<any byte but ",">
    value       = DQUOTE *<any but DQUOTE> DQUOTE / 1*<any byte but BLANK ",">

BLANK is SP, HTAB, CR or LF, and nothing escapes a quote. The name of a parameter is all before its "=", but for blanks
around it: one without "=" takes the next one with it.
"""

from __future__ import annotations

import re
from typing import Final

_BLANKS: Final = b" \t\r\n"
_SCHEME: Final = re.compile(rb"(?i)[ \t\r\n]*digest[ \t\r\n,]")
# The name keeps its blanks: to take them off here would cost the square of their number where no "=" follows.
_PARAMETER: Final = re.compile(rb"([^=]*)=[ \t\r\n]*(?:\"([^\"]*)\"|([^ \t\r\n,\"][^ \t\r\n,]*))[^,]*(,|\Z)")
# What nearly all of them look like: the user first, nothing that could be taken for something else. Nothing within a
# parameter is tried twice, which halves the time; round it, Python before 3.11.5 keeps half of a last "*+" that failed.
_USUAL: Final = re.compile(
    rb'Digest username="([^"]*+)"(?:, ?+(?!username=)[a-z]++=(?:"[^"]*+"|[^ \t\r\n,"]++))*'
).fullmatch
_SHORT: Final = 2  # A user name no longer than this is not looked into.


def username(value: bytes) -> bytes | None:
    """The ``username`` of Digest credentials, of several the last; empty without one, None where these are none.

    Args:
        value: of the header.
    """
    found = _USUAL(value)
    return found[1] if found is not None else parameter(value, b"username")


def parameter(value: bytes, wanted: bytes) -> bytes | None:
    """Any parameter of Digest credentials, as `username`.

    Args:
        value: of the header.
        wanted: its name, in lower case.
    """
    scheme = _SCHEME.match(value)
    if scheme is None:
        return None
    text, at, more = b"", scheme.end(), True
    while more:
        found = _PARAMETER.match(value, at)
        if found is None:
            return None
        if found[1].strip(_BLANKS).lower() == wanted:
            text = found[2] if found[2] is not None else found[3]
        at, more = found.end(), bool(found[4])
    return text


def user_part(name: bytes) -> bytes:
    """The user in a user name that is written as an address: ``sip:bob@example.com``, ``bob@example.com``."""
    if len(name) <= _SHORT:
        return name
    name = name.partition(b"@")[0]
    return name.partition(b":")[2] if b":" in name else name


def domain_part(name: bytes) -> bytes:
    """The domain in a user name that is written as an address; empty where it is none."""
    return name.partition(b"@")[2] if len(name) > _SHORT else b""
