"""Whether a certificate speaks for a SIP domain (RFC 5922 §7)."""

from __future__ import annotations

import ipaddress

from cryptography import x509
from cryptography.x509.oid import NameOID

from dispatch.sip import uri as sip_uri


def identities(certificate: x509.Certificate) -> frozenset[str]:
    """The SIP domains that a certificate speaks for, in lower case (RFC 5922 §7.1).

    Those of ``sip:`` URIs without a user count; without any such URI the DNS names; and the common name where the
    certificate has no alternative names at all. Addresses never do.

    Raises:
        ValueError: its names can't be read.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return frozenset(_folded(str(one.value)) for one in common if not _is_address(str(one.value)))
    domains = frozenset(filter(None, map(_domain, names.get_values_for_type(x509.UniformResourceIdentifier))))
    return domains or frozenset(map(_folded, names.get_values_for_type(x509.DNSName)))


def objection(certificate: x509.Certificate, domain: str) -> str:
    """Why a certificate does not speak for `domain` (RFC 5922 §7.2); empty where it does.

    The whole name must be the same: an asterisk is a letter like others, that no host name has.
    """
    if not domain:
        return "no name is known to expect there; give the destination a tls_name"
    try:
        found = identities(certificate)
    except ValueError as error:
        return f"the names in its certificate can't be read: {error}"
    if _folded(domain) in found and "*" not in domain:
        return ""
    names = ", ".join(sorted(found)) or "no SIP domain"
    return f"its certificate is for {names[:200]}, not for {domain}"


def _domain(uri: str) -> str:
    """Host of a ``sip:`` URI that names a domain, not a user in it; empty for others."""
    parsed = sip_uri.parse(uri.encode("latin-1", "replace"))
    if parsed is None or parsed.scheme != b"sip" or parsed.user is not None:
        return ""
    host = parsed.host.decode("latin-1")
    return "" if _is_address(host) else _folded(host)


def _folded(name: str) -> str:
    return name.lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
