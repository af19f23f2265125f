"""Certificates, keys and rules of TLS, read from files and made into what OpenSSL works by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL
from OpenSSL.crypto import X509

from dispatch.errors import ConfigError, ConfigErrors

_VERSIONS: Final = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
MINIMA: Final = tuple(_VERSIONS)

_SOON: Final = timedelta(days=14)
_OPTIONS: Final = SSL.OP_NO_COMPRESSION | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE


Judge = Callable[[SSL.Connection, X509, int, int, int], bool]


class Pair(Protocol):
    """A certificate and its key, as files."""

    @property
    def certificate(self) -> Path | None:
        """PEM: our certificate, and those between it and its authority."""

    @property
    def private_key(self) -> Path | None:
        """PEM; None: in the same file."""


class Settings(Pair, Protocol):
    """What is needed of ``[sip.tls]``."""

    @property
    def ca(self) -> Path | None:
        """PEM: authorities; None: those of the system, for those whom we call."""

    @property
    def minimum(self) -> str:
        """The oldest version that is spoken."""

    @property
    def ciphers(self) -> str:
        """For TLS 1.2, as OpenSSL writes it."""

    @property
    def client(self) -> Pair | None:
        """What we show to those whom we call; None: as to others."""

    @property
    def names(self) -> Mapping[str, Pair]:
        """What those get who ask for such a name."""


@dataclass(slots=True)
class Credentials:
    """What was read of one pair."""

    path: Path
    chain: list[x509.Certificate]
    key: object


class Contexts:
    """What is in force. `renew` replaces it; connections that are open keep what they have.

    Args:
        settings: where files are, and rules.
        judge: asked about the certificates of those whom we call.

    Attributes:
        answering: for those who call us.
        asking: for those who call us and must show a certificate.
        calling: for those whom we call.
        warnings: what works, but not for long.

    Raises:
        ConfigErrors: a file is no good.
    """

    answering: SSL.Context
    asking: SSL.Context
    calling: SSL.Context

    def __init__(self, settings: Settings, judge: Judge) -> None:
        self._settings = settings
        self._judge = judge
        self.warnings: tuple[ConfigError, ...] = ()
        self.renew()

    def renew(self) -> None:
        """Read the files again; connections made from now on go by what they say.

        Raises:
            ConfigErrors: one of them is no good; all stays as it was.
        """
        reader = _Reader()
        settings = self._settings
        own = reader.pair(settings)
        named = {name.lower(): reader.pair(pair) for name, pair in settings.names.items()}
        shown = reader.pair(settings.client) if settings.client is not None else own
        authorities = reader.certificates(settings.ca) if settings.ca is not None else []
        if reader.problems:
            raise ConfigErrors(reader.problems)
        try:
            answering = _answering(settings, own, named)
            asking = _answering(settings, own, named, authorities)
            calling = _calling(settings, shown, authorities, self._judge)
        except SSL.Error as error:
            raise ConfigErrors([ConfigError(settings.certificate or "", 0, words(error))]) from None
        self.answering, self.asking, self.calling = answering, asking, calling
        self.warnings = tuple(reader.warnings)


class _Reader:
    """Reads files, and goes on after a bad one so that all problems are told at once."""

    def __init__(self) -> None:
        self.problems: list[ConfigError] = []
        self.warnings: list[ConfigError] = []

    def pair(self, pair: Pair) -> Credentials | None:
        """None where there is none, or it is no good."""
        path = pair.certificate
        if path is None:
            return None
        chain = self.certificates(path)
        key = self._key(pair.private_key or path)
        if not chain or key is None:
            return None
        if key.public_key() != chain[0].public_key():  # type: ignore[attr-defined]
            self._wrong(pair.private_key or path, f"is not the key of the certificate in {path}")
            return None
        self._look_at_time(path, chain[0])
        return Credentials(path, chain, key)

    def certificates(self, path: Path) -> list[x509.Certificate]:
        """All of a file; none where there is a problem."""
        data = self._bytes(path)
        if data is None:
            return []
        try:
            return x509.load_pem_x509_certificates(data)
        except ValueError:
            self._wrong(path, "has no certificate in PEM that can be read")
            return []

    def _key(self, path: Path) -> object | None:
        data = self._bytes(path)
        if data is None:
            return None
        try:
            return load_pem_private_key(data, None)
        except TypeError:
            self._wrong(path, "the key is locked by a passphrase, and nobody is here to type it: unlock it")
        except (ValueError, UnsupportedAlgorithm):
            self._wrong(path, "has no private key in PEM that can be read")
        return None

    def _bytes(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except OSError as error:
            self._wrong(path, f"can't be read: {error.strerror}")
            return None

    def _look_at_time(self, path: Path, certificate: x509.Certificate) -> None:
        end, now = certificate.not_valid_after_utc, datetime.now(UTC)
        if end < now:
            self.warnings.append(ConfigError(path, 0, f"expired on {end:%Y-%m-%d}: peers will refuse it"))
        elif end < now + _SOON:
            self.warnings.append(ConfigError(path, 0, f"expires on {end:%Y-%m-%d}; put a new one there, then SIGHUP"))

    def _wrong(self, path: Path, remedy: str) -> None:
        self.problems.append(ConfigError(path, 0, remedy))


def words(error: SSL.Error) -> str:
    """What OpenSSL says, without the rest."""
    queue = error.args[0] if error.args else ()
    return ", ".join(entry[2] for entry in queue) if isinstance(queue, list) else str(error)


def _base(settings: Settings) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_options(_OPTIONS)
    context.set_min_proto_version(_VERSIONS[settings.minimum])
    context.set_cipher_list(settings.ciphers.encode())
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # connections are few and long; who comes back is checked again
    return context


def _show(context: SSL.Context, own: Credentials) -> None:
    context.use_certificate(own.chain[0])
    for one in own.chain[1:]:
        context.add_extra_chain_cert(one)
    context.use_privatekey(own.key)  # type: ignore[arg-type]  # of whatever kind: it was compared with the certificate


def _answering(
    settings: Settings,
    own: Credentials | None,
    named: Mapping[str, Credentials | None],
    authorities: list[x509.Certificate] | None = None,
) -> SSL.Context:
    """For those who call us: without `authorities` nobody is asked for a certificate."""
    by_name = {name: _one(settings, found, authorities) for name, found in named.items()}
    context = _one(settings, own, authorities)

    def choose(connection: SSL.Connection) -> None:
        wanted = (connection.get_servername() or b"").decode("latin-1").lower()
        chosen = by_name.get(wanted)
        if chosen is not None:
            connection.set_context(chosen)

    if by_name:
        context.set_tlsext_servername_callback(choose)
    return context


def _one(settings: Settings, own: Credentials | None, authorities: list[x509.Certificate] | None) -> SSL.Context:
    context = _base(settings)
    if own is not None:
        _show(context, own)
    if authorities is not None:
        context.set_session_id(b"dispatch")
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        _trust(context, authorities)
        for one in authorities:
            context.add_client_ca(one)
    return context


def _calling(
    settings: Settings, shown: Credentials | None, authorities: list[x509.Certificate], judge: Judge
) -> SSL.Context:
    context = _base(settings)
    context.set_verify(SSL.VERIFY_PEER, judge)
    if shown is not None:
        _show(context, shown)
    if settings.ca is not None:
        _trust(context, authorities)
    else:
        context.set_default_verify_paths()
    return context


def _trust(context: SSL.Context, authorities: list[x509.Certificate]) -> None:
    store = context.get_cert_store()
    assert store is not None
    for one in authorities:
        store.add_cert(X509.from_cryptography(one))
