"""The parts of an address that algorithms hash."""

from __future__ import annotations

import re
from typing import Final

from dispatch.sip import address
from dispatch.sip import uri as sip_uri

# What nearly all of them look like: no password, no parameters, nothing that could be taken for something else. Nothing
# is tried twice (``*+``, ``(x|)`` for ``(x)?``): it takes half the time.
_URI: Final = rb"(sips?+):([^@:;?\[\]<>\" \t\r\n\\]++)@([A-Za-z0-9][A-Za-z0-9.\-]*+)(?::([0-9]{1,4}+)|)"
_USUAL_URI: Final = re.compile(_URI).fullmatch
_USUAL_HEADER: Final = re.compile(
    rb"(?:<|\"[^\"\\]*+\" ?+<|[A-Za-z0-9]*+ ?+<)" + _URI + rb">(?:;tag=[A-Za-z0-9\-.!%*_+`'~]++|)"
).fullmatch
_USUAL_PORTS: Final = {b"sip": b"5060", b"sips": b"5061"}


def of_uri(text: bytes, *, user_only: bool) -> tuple[bytes, ...] | None:
    """User, and host with a port that is not the usual one; or the user only. None where it is no URI.

    All as written, an empty user where there is none.
    """
    found = _USUAL_URI(text)
    return _parts(found, user_only) if found is not None else read_uri(text, user_only=user_only)


def of_header(value: bytes | None, *, user_only: bool) -> tuple[bytes, ...] | None:
    """The same of the address in a From or To value."""
    if value is None:
        return None
    found = _USUAL_HEADER(value)
    return _parts(found, user_only) if found is not None else read_header(value, user_only=user_only)


def _parts(found: re.Match[bytes], user_only: bool) -> tuple[bytes, ...]:
    scheme, user, host, port = found.groups()
    if user_only:
        return (user,)
    return (user, host) if port is None or port == _USUAL_PORTS[scheme] else (user, b"%s:%s" % (host, port))


def read_uri(text: bytes, *, user_only: bool) -> tuple[bytes, ...] | None:
    """As `of_uri`, without the pattern for the usual form."""
    uri = sip_uri.parse(text)
    if uri is None:
        return None
    return (uri.user_name,) if user_only else (uri.user_name, sip_uri.host_port(uri))


def read_header(value: bytes, *, user_only: bool) -> tuple[bytes, ...] | None:
    """As `of_header`, without the pattern for the usual form."""
    found = address.read(value)
    return read_uri(found.uri, user_only=user_only) if found is not None else None
