"""Require and Proxy-Require: extensions that somebody must know (RFC 3261 §20.29, §20.32)."""

from __future__ import annotations

from dispatch.sip import basic_rules


# Require = "Require" HCOLON option-tag *(COMMA option-tag);  Proxy-Require likewise;  option-tag = token
def read(raw: bytes, start: int, stop: int) -> tuple[bytes, ...]:
    """The option tags of one line, lower case; none for an empty value.

    Raises:
        ParseError: something between the commas is no token.
    """
    if start == stop:
        return ()
    tags = []
    while True:
        end = basic_rules.skip_token(raw, start, stop)
        tags.append(raw[start:end].lower())
        if basic_rules.is_list_end(raw, end, stop):
            return tuple(tags)
        start = basic_rules.skip_comma(raw, end, stop)
