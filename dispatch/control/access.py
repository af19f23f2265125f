"""Who may come in by what he shows, and what he may do then."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.x509 import DNSName, ExtensionNotFound, SubjectAlternativeName
from cryptography.x509.oid import NameOID
from twisted.internet.interfaces import ISSLTransport

from dispatch.control.command import Caller, Door, NotAllowed, Right
from dispatch.control.peer import peer_name


@dataclass(frozen=True, slots=True)
class Credential:
    """Somebody who is known.

    Attributes:
        name: as the log calls him.
        right: what he may do.
        token: what he shows over HTTP; empty for none.
        certificate: name in his TLS certificate, its common name or a DNS name; empty for none.
        key: his public key of SSH, as a line of ``authorized_keys`` has it; empty for none.
    """

    name: str
    right: Right = Right.READ
    token: str = ""
    certificate: str = ""
    key: str = ""


class Entry:
    """What one socket makes of who comes in.

    Args:
        known: everybody who is known.
        right: what the socket gives at most.
    """

    def __init__(self, known: Iterable[Credential] = (), right: Right = Right.FULL) -> None:
        self._right = right
        self._certificates = {one.certificate: one for one in known if one.certificate}
        self._tokens = [(one.token.encode(), one) for one in known if one.token]

    def caller(self, door: Door, transport: Any, protocol: str = "") -> Caller:
        """Who is behind a connection.

        Args:
            door: where he came in.
            transport: his; the TLS handshake, if any, is over.
            protocol: see `Caller`.

        Raises:
            NotAllowed: his certificate has no name that is known, and others have.
        """
        name = peer_name(transport)
        names = _certified(transport)
        if names is None:
            return Caller(door, name, self._right, protocol)
        known = next((self._certificates[one] for one in names if one in self._certificates), None)
        if known is not None:
            return Caller(door, f"{known.name} at {name}", min(self._right, known.right), protocol)
        if self._certificates:
            raise NotAllowed(f"the certificate of {names[0] if names else 'nobody'!r} is not known here")
        return Caller(door, f"{names[0] if names else 'somebody'} at {name}", self._right, protocol)

    def bearer(self, caller: Caller, authorization: str) -> Caller:
        """Who is behind a request over HTTP, where tokens are given out.

        Args:
            caller: as far as his connection tells.
            authorization: header of the request; empty for none.

        Raises:
            NotAllowed: he shows none of them.
        """
        if not self._tokens:
            return caller
        scheme, _, token = authorization.partition(" ")
        shown = token.strip().encode()
        found = [one for known, one in self._tokens if hmac.compare_digest(known, shown)]
        if scheme.lower() != "bearer" or not found:
            raise NotAllowed("show a token that is known: Authorization: Bearer TOKEN")
        right = min(self._right, found[0].right)
        return Caller(caller.door, f"{found[0].name} at {caller.name}", right, caller.protocol)


def _certified(transport: Any) -> list[str] | None:
    """Names in the certificate of a client; None where there is no TLS, or none was shown."""
    certificate: Any = transport.getPeerCertificate() if ISSLTransport.providedBy(transport) else None
    if certificate is None:
        return None
    shown = certificate.to_cryptography()
    return [*_common_names(shown), *_dns_names(shown)]


def _common_names(certificate: Any) -> list[str]:
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def _dns_names(certificate: Any) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return []
    return list(names.get_values_for_type(DNSName))
