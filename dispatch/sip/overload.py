"""What a server says about having too much to do: `oc` parameters in Via (RFC 7339), Retry-After in a 503."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from dispatch.errors import ParseError
from dispatch.sip import basic_rules
from dispatch.sip.message import Message

OFFER: Final = b';oc;oc-algo="loss"'
"""What a client that honours it puts into its Via (RFC 7339 §5.1)."""

_DEFAULT: Final = 500  # ms, where there is no oc-validity (§4.3)
_LONGEST: Final = 3_600_000  # ms; nobody knows his load for longer
_FRACTION: Final = 5

_RATE: Final = re.compile(rb"[0-9]{1,3}")
_VALIDITY: Final = re.compile(rb"[0-9]{1,9}")
_SEQUENCE: Final = re.compile(rb"([0-9]{1,12})\.([0-9]{1,5})")  # oc-seq = "oc-seq" EQUAL 1*12DIGIT "." 1*5DIGIT
_SECONDS: Final = re.compile(rb"[0-9]{1,9}")  # Retry-After = delta-seconds [ comment ] *( SEMI retry-param )


class Wish(NamedTuple):
    """How much a server wants to be spared.

    Attributes:
        rate: percent of requests that it does not want.
        seconds: how long; 0.0 takes an earlier wish back.
        sequence: of two wishes the one with the higher number is the later.
    """

    rate: int
    seconds: float
    sequence: int


def read(response: Message) -> Wish | None:
    """What the top Via of a response asks for; None where it asks for nothing that we understand."""
    via = response.via
    value = response.raw[via.start : via.stop]
    at = value.find(b";")
    if at < 0 or b"oc" not in value[at:].lower():
        return None
    try:
        params, _ = basic_rules.read_params(value, at, len(value))
    except ParseError:
        return None
    found = {param.name: param.value or b"" for param in params}
    rate = _RATE.fullmatch(found.get(b"oc", b""))
    sequence = _SEQUENCE.fullmatch(found.get(b"oc-seq", b""))
    if rate is None or sequence is None or int(rate[0]) > 100 or not _is_loss(found.get(b"oc-algo")):
        return None
    number = int(sequence[1]) * 10**_FRACTION + int(sequence[2].ljust(_FRACTION, b"0"))
    validity = found.get(b"oc-validity")
    if validity is None:
        return Wish(int(rate[0]), _DEFAULT / 1000, number)
    if _VALIDITY.fullmatch(validity) is None:
        return None
    return Wish(int(rate[0]), min(int(validity), _LONGEST) / 1000, number)


# oc-algo = "oc-algo" EQUAL DQUOTE algo-list *( COMMA algo-list ) DQUOTE; a server names the one in use
def _is_loss(value: bytes | None) -> bool:
    return value is None or value.strip(b'"').lower() == b"loss"


def retry_after(response: Message) -> int:
    """Seconds of Retry-After; 0 without one (RFC 3261 §20.33)."""
    value = response.header(b"retry-after")
    found = _SECONDS.match(value) if value is not None else None
    return int(found[0]) if found is not None else 0


def offering(via: bytes) -> bytes:
    """The beginning of our Via lines, up to the branch, with the offer in it."""
    return via.replace(b";branch=", OFFER + b";branch=")
