"""The endpoints of control's streams: Twisted's, made of what the configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from OpenSSL.crypto import Error as TlsError
from twisted.internet.endpoints import (
    HostnameEndpoint,
    SSL4ServerEndpoint,
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    TCP6ClientEndpoint,
    TCP6ServerEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
    wrapClientTLS,
)
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint
from twisted.internet.ssl import Certificate, PrivateCertificate, optionsForClientTLS

from dispatch.service.control_address import ControlAddress, TlsFiles


def server(address: ControlAddress, reactor: Any) -> IStreamServerEndpoint:
    """Where to listen.

    Raises:
        OSError: a file of TLS can't be read, or is none.
    """
    if address.path is not None:
        return UNIXServerEndpoint(reactor, str(address.path), address.backlog, int(address.mode, 8), False)
    if address.tls is not None:
        own = _own(address.tls)
        options = own.options(_certificate(address.tls.ca)) if address.tls.ca is not None else own.options()
        return SSL4ServerEndpoint(reactor, address.port, options, address.backlog, address.host)
    kind = TCP6ServerEndpoint if ":" in address.host else TCP4ServerEndpoint
    return kind(reactor, address.port, address.backlog, address.host)


def client(address: ControlAddress, reactor: Any) -> IStreamClientEndpoint:
    """Where to connect.

    Raises:
        OSError: a file of TLS can't be read, or is none.
    """
    if address.path is not None:
        return UNIXClientEndpoint(reactor, str(address.path))
    kind = TCP6ClientEndpoint if ":" in address.host else TCP4ClientEndpoint
    if address.tls is None:
        return kind(reactor, address.host, address.port)
    trusted = _certificate(address.tls.ca) if address.tls.ca is not None else None
    options = optionsForClientTLS(address.host, trusted, _own(address.tls))
    return wrapClientTLS(options, HostnameEndpoint(reactor, address.host, address.port))


def _own(files: TlsFiles) -> PrivateCertificate:
    both = files.certificate.read_bytes() + b"\n" + files.key.read_bytes()
    own: PrivateCertificate = _read(PrivateCertificate, both, files.certificate)
    return own


def _certificate(path: Path) -> Certificate:
    certificate: Certificate = _read(Certificate, path.read_bytes(), path)
    return certificate


def _read(kind: Any, pem: bytes, path: Path) -> Any:
    try:
        return kind.loadPEM(pem)
    except (TlsError, ValueError):
        raise OSError(None, f"{path} is no certificate with its key, in PEM") from None
