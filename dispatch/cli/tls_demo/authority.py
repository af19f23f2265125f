"""An authority whose word is worth nothing: it signs whatever it is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_EARLIER: Final = timedelta(hours=1)  # other machines' clocks may be late


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def write(self, folder: Path, name: str) -> Path:
        """``name.pem`` and ``name.key``, the key for us alone; the path of the former."""
        path = folder / f"{name}.pem"
        path.write_bytes(self.pem)
        data = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with open(os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        return path


class Authority:
    """Makes certificates.

    Args:
        name: what it calls itself.
        days: how long what it signs is good.
    """

    def __init__(self, name: str = "dispatch tls-demo", days: int = 30) -> None:
        self._days = days
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = (
            _builder(subject, subject, key, timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
        )
        self.own = Issued(builder.sign(key, hashes.SHA256()), key)

    def issue(
        self,
        common: str,
        *,
        uris: Sequence[str] = (),
        names: Sequence[str] = (),
        lasts: timedelta | None = None,
        is_self_signed: bool = False,
    ) -> Issued:
        """A certificate for both ends of a connection.

        Args:
            common: the common name.
            uris: ``sip:`` URIs that it speaks for (RFC 5922).
            names: DNS names that it speaks for.
            lasts: how long from now; a negative time is over.
            is_self_signed: signed by its own key, not by this authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject, signer = _named(common), key if is_self_signed else self.own.key
        issuer = subject if is_self_signed else self.own.certificate.subject
        builder = _builder(subject, issuer, key, timedelta(days=self._days) if lasts is None else lasts)
        purposes = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        alternatives = [*map(x509.UniformResourceIdentifier, uris), *map(x509.DNSName, names)]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return Issued(builder.sign(signer, hashes.SHA256()), key)


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + lasts) - _EARLIER)
        .not_valid_after(now + lasts)
    )
