"""SIP over TLS: the layer between TCP and SIP, towards those who call us and those whom we call (RFC 5922)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
)
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from dispatch.sip.flow import Flow, Peer
from dispatch.sip.host import host_port
from dispatch.transport.identity import objection
from dispatch.transport.tls_context import Contexts

log: Final = Logger()

REFUSED: Final = "tls_identity"
"""What every reason begins with for which a peer is refused."""

_NOBODY: Final = Peer("")
_CODES: Final = SSL.X509VerificationCodes
_FAULTS: Final = {
    _CODES.ERR_CERT_HAS_EXPIRED: "has expired",
    _CODES.ERR_CERT_NOT_YET_VALID: "is not valid yet",
    _CODES.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "is signed by itself alone",
    _CODES.ERR_SELF_SIGNED_CERT_IN_CHAIN: "comes from an authority that is not trusted",
    _CODES.ERR_UNABLE_TO_GET_ISSUER_CERT: "comes from an authority that is not trusted",
    _CODES.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "comes from an authority that is not trusted",
    _CODES.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: "comes from an authority that is not trusted",
    _CODES.ERR_INVALID_PURPOSE: "is not for this purpose",
    _CODES.ERR_CERT_SIGNATURE_FAILURE: "has a wrong signature",
}


class PeerRefused(SSL.Error):
    """The peer is not who it should be. Built like errors of OpenSSL, since Twisted looks into them."""

    def __init__(self, reason: str) -> None:
        super().__init__([("", "", reason)])


class TlsLayer:
    """TLS for one listening socket, and for the calls from its address.

    Args:
        contexts: certificates and rules in force; those who connect later get later ones.
        asks: whether those who call us must show a certificate.
        clock: the reactor.

    Attributes:
        name: see `Layer`.
        default_port: see `Layer`.
        refused: told of each peer that we called and did not trust, and why; it may not raise.
    """

    name = b"TLS"
    default_port = 5061

    def __init__(self, contexts: Contexts, *, asks: bool, clock: Any) -> None:
        self._contexts = contexts
        self._asks = asks
        self._clock = clock
        self.refused: Callable[[Flow, str], None] = lambda flow, reason: None

    def answering(self, factory: IProtocolFactory) -> IProtocolFactory:
        """See `Layer`."""
        return TLSMemoryBIOFactory(_Server(self._contexts, asks=self._asks), False, factory, self._clock)

    def calling(self, factory: IProtocolFactory, flow: Flow) -> IProtocolFactory:
        """See `Layer`."""
        return TLSMemoryBIOFactory(_Client(self._contexts, flow, self._refuse), True, factory, self._clock)

    def _refuse(self, flow: Flow, reason: str) -> None:
        log.warn("tls:{peer} is refused: {reason}", peer=host_port(*flow.remote), reason=reason)
        try:
            self.refused(flow, f"{REFUSED}: {reason}")
        except Exception:
            log.failure("the refusal of {peer} could not be handled", peer=flow.remote)


@implementer(IOpenSSLServerConnectionCreator)
class _Server:
    """Our end of those who call us."""

    def __init__(self, contexts: Contexts, *, asks: bool) -> None:
        self._contexts = contexts
        self._asks = asks

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Twisted: somebody has connected."""
        return SSL.Connection(self._contexts.asking if self._asks else self._contexts.answering, None)


@implementer(IOpenSSLClientConnectionCreator)
class _Client:
    """Our end of a connection that we open: tells whom we mean (SNI), and checks who it is."""

    def __init__(self, contexts: Contexts, flow: Flow, refused: Callable[[Flow, str], None]) -> None:
        self._contexts = contexts
        self._flow = flow
        self._refused = refused
        self._peer = flow.peer or _NOBODY

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Twisted: the connection is up."""
        made = _Call(self._contexts.calling, None)
        made.client = self
        if self._peer.name:
            made.set_tlsext_host_name(self._peer.name.encode("ascii"))
        return made

    def judge(self, certificate: x509.Certificate, fault: int, depth: int) -> None:
        """Look at one certificate of the peer's chain; its own, at depth 0, comes last.

        Raises:
            PeerRefused: it is not trusted, or is another's.
        """
        if not self._peer.is_verified:
            return
        reason = ""
        if fault:
            which = "its certificate" if depth == 0 else f"a certificate in its chain ({depth} above its own)"
            reason = f"{which} {_FAULTS.get(fault, f'was not accepted: X.509 error {fault}')}"
        elif depth == 0:
            reason = objection(certificate, self._peer.name)
        if reason:
            self._refused(self._flow, reason)
            raise PeerRefused(f"{REFUSED}: {reason}")


class _Call(SSL.Connection):
    """Knows whom it is for. Twisted has put itself where pyOpenSSL has room for such."""

    client: _Client


def judge(connection: SSL.Connection, certificate: X509, fault: int, depth: int, is_fine: int) -> bool:
    """OpenSSL: what we think of a certificate that a peer shows whom we called."""
    assert isinstance(connection, _Call)
    connection.client.judge(certificate.to_cryptography(), 0 if is_fine else fault, depth)
    return True
