"""Tests of who may come in."""

from __future__ import annotations

import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL.crypto import X509
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from dispatch.control.access import Credential, Entry
from dispatch.control.command import Caller, Door, NotAllowed, Right


class Shown(StringTransport):
    """A connection by TLS, with the certificate of a client, or none."""

    certificate: Any = None

    def getPeerCertificate(self) -> Any:
        return self.certificate

    def __init__(self) -> None:
        super().__init__()
        alsoProvides(self, ISSLTransport)


def certificate(name: str, *others: str) -> X509:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9999))
    if others:
        made = made.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, others))), critical=False)
    return X509.from_cryptography(made.sign(key, hashes.SHA256()))


def shown(*names: str) -> Shown:
    transport = Shown()
    transport.certificate = certificate(*names) if names else None
    return transport


class CertificateTests(SynchronousTestCase):
    def test_no_tls(self) -> None:
        """Without TLS it is the socket that gives the right."""
        caller = Entry((), Right.READ).caller(Door.AMP, StringTransport())
        self.assertEqual((caller.right, caller.name), (Right.READ, "192.168.1.1:54321"))

    def test_names(self) -> None:
        """A common name or a DNS name that is known gives its own right, but no more than the socket."""
        known = (Credential("ops", Right.FULL, certificate="ops.example.com"), Credential("look", certificate="l"))
        for names, right, name in (
            (("ops.example.com",), Right.FULL, "ops"),
            (("x", "ops.example.com"), Right.FULL, "ops"),
            (("l",), Right.READ, "look"),
        ):
            caller = Entry(known).caller(Door.AMP, shown(*names))
            self.assertEqual((caller.right, caller.name.split()[0]), (right, name))
        self.assertEqual(Entry(known, Right.READ).caller(Door.AMP, shown("ops.example.com")).right, Right.READ)
        self.assertRaises(NotAllowed, Entry(known).caller, Door.AMP, shown("somebody"))

    def test_any_of_them(self) -> None:
        """Where nobody is known by a certificate, whoever was let in by it has the right of the socket."""
        self.assertEqual(Entry().caller(Door.AMP, shown("somebody")).right, Right.FULL)
        self.assertEqual(Entry().caller(Door.AMP, shown()).right, Right.FULL)


class TokenTests(SynchronousTestCase):
    def test_tokens(self) -> None:
        """Where tokens are given out one must be shown, and gives its right."""
        caller = Caller(Door.RPC, "192.0.2.1:9", Right.FULL, "jsonrpc")
        entry = Entry([Credential("look", Right.READ, token="0123456789abcdef")])
        found = entry.bearer(caller, "Bearer 0123456789abcdef")
        self.assertEqual((found.right, found.name), (Right.READ, "look at 192.0.2.1:9"))
        for wrong in ("", "Bearer ", "Bearer 0123456789abcdeX", "Basic 0123456789abcdef", "Bearer \u20ac"):
            self.assertRaises(NotAllowed, entry.bearer, caller, wrong)
        self.assertIs(Entry().bearer(caller, ""), caller)
