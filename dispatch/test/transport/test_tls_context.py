"""Tests of dispatch.transport.tls_context: files of certificates and keys."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.service.tls_config import Pair, Tls
from dispatch.test.transport.certificates import authority, write
from dispatch.transport.tls import judge
from dispatch.transport.tls_context import Contexts


class ContextsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = write(Path(self.mktemp()), "a.example", "b.example")
        self.own = self.folder / "a.example.pem"
        self.key = self.folder / "a.example.key"
        self.tls = Tls(self.own, self.key, self.folder / "ca.pem", names={"b.example": self.pair("b.example")})

    def pair(self, name: str) -> Pair:
        return Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")

    def problems(self, tls: Tls | None = None) -> list[str]:
        with self.assertRaises(ConfigErrors) as caught:
            Contexts(tls or self.tls, judge)
        return [str(problem) for problem in caught.exception.problems]

    def test_all_in_one_file(self) -> None:
        """Certificate and key may stand in one file."""
        self.own.write_bytes(self.own.read_bytes() + self.key.read_bytes())
        self.assertEqual(Contexts(Tls(self.own), judge).warnings, ())

    def test_files_that_are_no_good(self) -> None:
        """Each bad file is named with what is wrong with it, all at once."""
        self.own.unlink()
        self.key.write_bytes(b"")
        (self.folder / "ca.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
        (self.folder / "b.example.key").write_bytes(b"no key")
        self.assertEqual(
            self.problems(),
            [
                f"{self.own}: can't be read: No such file or directory",
                f"{self.key}: has no private key in PEM that can be read",
                f"{self.folder / 'b.example.key'}: has no private key in PEM that can be read",
                f"{self.folder / 'ca.pem'}: has no certificate in PEM that can be read",
            ],
        )

    def test_key_of_another(self) -> None:
        """A key that does not belong to the certificate is refused."""
        other = self.folder / "b.example.key"
        self.assertEqual(
            self.problems(Tls(self.own, other)), [f"{other}: is not the key of the certificate in {self.own}"]
        )

    def test_locked_key(self) -> None:
        """A key with a passphrase is refused: nobody is asked for it on the terminal."""
        key = authority().own.key
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        self.key.write_bytes(locked)
        self.assertIn("passphrase", self.problems()[0])

    def test_a_file_that_ends_soon(self) -> None:
        """What has expired, or will within two weeks, is told of."""
        for lasts, words in ((timedelta(days=-1), "expired on"), (timedelta(days=3), "expires on")):
            authority().issue("a.example", names=["a.example"], lasts=lasts).write(self.folder, "a.example")
            (warning,) = Contexts(self.tls, judge).warnings
            self.assertIn(words, warning.remedy)

    def test_renewal(self) -> None:
        """New files are in force for new connections; bad ones change nothing."""
        contexts = Contexts(self.tls, judge)
        before = (contexts.answering, contexts.asking, contexts.calling)
        self.key.write_bytes(b"half a fi")
        self.assertRaises(ConfigErrors, contexts.renew)
        self.assertEqual((contexts.answering, contexts.asking, contexts.calling), before)
        write(self.folder, "a.example")
        contexts.renew()
        self.assertNotIn(contexts.answering, before)
