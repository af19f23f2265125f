"""The Request-URI for a destination chosen by domain."""

from __future__ import annotations

from typing import Final

from dispatch.sip import uri as sip_uri

_LONGEST: Final = 1024


def rewrite(ruri: bytes, destination: bytes) -> bytes | None:
    """`ruri` with scheme and user kept, and everything behind them as the destination has it.

    The result is not looked at again, as in the original: a destination with a user of its own gives two.

    Returns:
        None when `ruri` can't be read, or the result is longer than 1024 bytes.
    """
    parsed = sip_uri.parse(ruri)
    if parsed is None:
        return None
    new = _scheme(parsed) + b":" + _user(parsed) + _behind_scheme(destination)
    return new if len(new) <= _LONGEST else None


def _scheme(ruri: sip_uri.Uri) -> bytes:
    if ruri.scheme == b"tel" or (ruri.scheme == b"sips" and not ruri.is_phone):
        return ruri.scheme
    return b"sip"


def _user(ruri: sip_uri.Uri) -> bytes:
    """``user[:password][;telephone parameters]@``, as far as there is a user."""
    if ruri.user is None:
        return b""
    user = ruri.user_name
    password = b":" + ruri.password if ruri.password is not None else b""
    telephone = ruri.user[len(user) :]
    if ruri.scheme == b"tel" and ruri.params:
        telephone = b";" + ruri.params
    return user + password + telephone + b"@"


def _behind_scheme(destination: bytes) -> bytes:
    start = destination[:5].lower()
    if start.startswith(b"sip:"):
        return destination[4:]
    return destination[5:] if start == b"sips:" else destination
