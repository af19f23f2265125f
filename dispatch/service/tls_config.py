"""``[sip.tls]``: certificates, whom we believe, and whom we ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from OpenSSL import SSL

from dispatch.service.listen import Listen, parse_host_port, parse_listen
from dispatch.service.reading import (
    WRONG,
    Place,
    Reader,
    boolean,
    expected,
    file_name,
    many,
    optional,
    suggest,
    text,
)
from dispatch.transport.tls_context import MINIMA

_PAIR: Final[Mapping[str, Reader]] = {"certificate": file_name, "private_key": file_name}


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key.

    Attributes:
        certificate: file; None for none.
        private_key: file; None: it is in the same one.
    """

    certificate: Path | None = None
    private_key: Path | None = None

    def beside(self, base: Path) -> Pair:
        """With file names that are relative to `base`."""
        return Pair(self.certificate and base / self.certificate, self.private_key and base / self.private_key)


@dataclass(frozen=True, slots=True)
class Tls:
    """``[sip.tls]``.

    Attributes:
        certificate: file of ours, and of those between it and its authority.
        private_key: file of its key; None: in the same one.
        ca: file of the authorities that peers must come from; None: those of the system, for destinations.
        verify_client: who calls us must show a certificate: on all ``tls`` sockets, on none, or on these.
        verify_server: whom we call must prove to be who we mean.
        minimum: the oldest version that is spoken.
        ciphers: for TLS 1.2, as OpenSSL writes it.
        client: what we show to whom we call; None: as to others.
        names: other certificates, by the name that a caller asks for (SNI).
    """

    certificate: Path | None = None
    private_key: Path | None = None
    ca: Path | None = None
    verify_client: bool | tuple[Listen, ...] = False
    verify_server: bool = True
    minimum: str = "1.2"
    ciphers: str = "ECDHE+AESGCM:ECDHE+CHACHA20"
    client: Pair | None = None
    names: Mapping[str, Pair] = field(default_factory=dict)

    def asks(self, listen: Listen) -> bool:
        """Whether those who call this socket must show a certificate."""
        return self.verify_client if isinstance(self.verify_client, bool) else listen in self.verify_client

    def beside(self, base: Path) -> Tls:
        """With file names that are relative to `base`."""
        return replace(
            self,
            certificate=self.certificate and base / self.certificate,
            private_key=self.private_key and base / self.private_key,
            ca=self.ca and base / self.ca,
            client=self.client and self.client.beside(base),
            names={name: pair.beside(base) for name, pair in self.names.items()},
        )


def _verify_client(value: object, place: Place) -> object:
    if isinstance(value, bool):
        return value
    listens = many(lambda item, at: text(parse_listen, "tls:192.0.2.10:5061", item, at), of=str)(value, place)
    return expected("true, false, or a list of sockets", value, place) if listens == () else listens


def _minimum(value: object, place: Place) -> object:
    return value if value in MINIMA else place.wrong(f"{place} is {value!r}; write {' or '.join(map(repr, MINIMA))}")


def _ciphers(value: object, place: Place) -> object:
    return text(_known_ciphers, "ECDHE+AESGCM:ECDHE+CHACHA20", value, place)


def _known_ciphers(written: str) -> str:
    try:
        SSL.Context(SSL.TLS_METHOD).set_cipher_list(written.encode("ascii"))
    except (SSL.Error, UnicodeError):
        raise ValueError(f"{written[:80]!r} names no cipher that OpenSSL knows; see 'openssl ciphers'") from None
    return written


def _pair(value: object, place: Place) -> Any:
    if not isinstance(value, dict):
        return expected("a table with certificate and private_key", value, place)
    known = {}
    for key, item in value.items():
        at = place.at(key)
        if key not in _PAIR:
            at.wrong(f"{place} has no key {key!r}; {suggest(key, _PAIR)}")
        else:
            known[key] = _PAIR[key](item, at)
    if "certificate" not in value:
        return place.wrong(f"{place} has no certificate; write certificate = 'FILE'")
    return Pair(**known) if WRONG not in known.values() else WRONG


def _names(value: object, place: Place) -> object:
    if not isinstance(value, dict):
        return expected('tables like [sip.tls.names."sip.example.com"]', value, place)
    made = {}
    for name, pair in value.items():
        at = place.at(name)
        if text(_host_name, "sip.example.com", name, at) is not WRONG:
            made[name.lower()] = _pair(pair, at)
    return made if len(made) == len(value) and WRONG not in made.values() else WRONG


def _host_name(written: str) -> str:
    host, port = parse_host_port(written)
    if port is not None or ":" in host or host.replace(".", "").isdigit():
        raise ValueError(f"{written!r} is no host name; others can't be asked for")
    return host


TLS_READERS: Final[Mapping[str, Reader]] = {
    "certificate": optional(file_name),
    "private_key": optional(file_name),
    "ca": optional(file_name),
    "verify_client": _verify_client,
    "verify_server": boolean,
    "minimum": _minimum,
    "ciphers": _ciphers,
    "client": _pair,
    "names": _names,
}
