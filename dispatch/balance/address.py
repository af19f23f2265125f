"""The parts of an address that algorithms hash."""

from __future__ import annotations

from dispatch.sip import address
from dispatch.sip import uri as sip_uri


def of_uri(text: bytes, *, user_only: bool) -> tuple[bytes, ...] | None:
    """User, and host with a port that is not the usual one; or the user only. None where it is no URI.

    All as written, an empty user where there is none.
    """
    uri = sip_uri.parse(text)
    if uri is None:
        return None
    return (uri.user_name,) if user_only else (uri.user_name, sip_uri.host_port(uri))


def of_header(value: bytes | None, *, user_only: bool) -> tuple[bytes, ...] | None:
    """The same of the address in a From or To value."""
    if value is None:
        return None
    found = address.read(value)
    return of_uri(found.uri, user_only=user_only) if found is not None else None
